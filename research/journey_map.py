"""The journey map: a picture of where people went. Pages are boxes in columns; ways on to the next column are arrows,
with the number of people who took them; where else people went, such as back, is said below the box. So lines are
between columns only, where nothing else is. The direct path is bold. How people's paths ended, and who met an error,
stands above."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from research.results import Result, without_repeats

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, LINE_HEIGHT = 220, 112, 110, 30, 10, 17
MOST_LETTERS = 31
"""In a line as wide as a box."""
INK, PALE, LINE, RED, GREEN, AMBER = "#0b0c0c", "#f4f8fb", "#505a5f", "#ca3535", "#0f7a52", "#a8500f"
ENDED = {
    "direct": "succeeded directly",
    "indirect": "succeeded by a detour",
    "wrong": "came to a wrong end",
    "gave_up": "gave up",
    "not_reached": "did not begin",
    "": "ended, not confirmed",
}
COLOURS = {"direct": GREEN, "indirect": GREEN, "wrong": RED, "gave_up": AMBER, "not_reached": LINE, "": LINE}
"""Of the words for an outcome. The words alone say it too."""


@dataclass
class JourneyMap:
    people: Counter
    """Page → how many came to it."""
    ways: Counter
    """(page, page) → how many went from one to the other."""
    ends: Counter
    """(page, outcome) → how many ended there so."""
    errors: Counter
    direct: list[str]

    @property
    def places(self) -> dict[str, tuple[int, int]]:
        """Page → column and row: the direct path along the top, everything else below, one column after where people
        came from."""
        places = {page: (column, 0) for column, page in enumerate(dict.fromkeys(self.direct))}
        rows = Counter()
        to_place = [page for page in self.people if page not in places]
        while to_place:
            reached = {to: origin for origin, to in self.ways if to in to_place and origin in places}
            page = next(iter(reached), to_place[0])
            column = places[reached[page]][0] + 1 if page in reached else 0
            rows[column] += 1
            places[page] = (column, rows[column])
            to_place.remove(page)
        return places


def map_of(results: list[Result]) -> JourneyMap:
    """Of one scenario, in one wording or in more."""
    people, ways, ends, errors = Counter(), Counter(), Counter(), Counter()
    for result in results:
        for path in result.paths:
            people.update(set(path))
            ways.update(set(pairwise(path)))
        ends.update(result.ends)
        errors.update(result.refused_on)
    return JourneyMap(
        people, ways, ends, errors, without_repeats(s.page for s in results[0].scenario.direct_path if s.page)
    )


@dataclass
class Drawing:
    map_: JourneyMap

    def __post_init__(self):
        self.places = self.map_.places
        self.direct = set(pairwise(self.map_.direct))
        ways = [way for way in self.direct | set(self.map_.ways) if set(way) <= set(self.places)]
        self.arrows = sorted(filter(self.is_on, ways), key=lambda way: (self.places[way[0]], self.places[way[1]]))
        rows = [[page for page in self.places if self.places[page][1] == row] for row in range(1 + self.last(1))]
        self.tops, below = [], MARGIN
        for pages in rows:
            self.tops.append(below + LINE_HEIGHT * max(len(self.above(page)) for page in pages) + 8)
            below = self.tops[-1] + HEIGHT + LINE_HEIGHT * max(len(self.below(page)) for page in pages) + GAP_Y
        self.width, self.height = MARGIN + (1 + self.last(0)) * (WIDTH + GAP_X) - GAP_X + MARGIN, below

    def last(self, axis: int) -> int:
        return max((place[axis] for place in self.places.values()), default=0)

    def is_on(self, way: tuple[str, str]) -> bool:
        """Whether it leads to the next column."""
        return self.places[way[1]][0] == self.places[way[0]][0] + 1

    def above(self, page: str) -> list[tuple[str, str]]:
        """The lines above the box, each in its colour."""
        ends, errors = self.map_.ends, self.map_.errors[page]
        lines = [
            (COLOURS[outcome], f"{ends[page, outcome]} {ENDED[outcome]}") for outcome in ENDED if ends[page, outcome]
        ]
        return lines + [(RED, f"{errors} met an error")] * bool(errors)

    def below(self, page: str) -> list[str]:
        """The lines below the box: where else people went from there."""
        lines = []
        for (origin, to), count in sorted(self.map_.ways.items(), key=lambda one: -one[1]):
            if origin == page and not self.is_on((origin, to)):
                said = f"{count} went to {to}"
                lines += [said] if len(said) <= MOST_LETTERS else said.replace("/", "/\n    ").split("\n")
        return lines

    def corner(self, page: str) -> tuple[int, int]:
        column, row = self.places[page]
        return MARGIN + column * (WIDTH + GAP_X), self.tops[row]

    def arrow(self, way: tuple[str, str]) -> str:
        """Straight on in its row. To another row by a lane between the columns, of which each page has its own, so that
        no two lines lie on one another; beside the others that come to the same page."""
        origin, to = way
        (x1, y1), (x2, y2) = self.corner(origin), self.corner(to)
        start, middle = (x1 + WIDTH, y1 + HEIGHT // 2), y2 + HEIGHT // 2
        others = [one for one, other in self.arrows if other == to and self.places[one][1] != self.places[to][1]]
        if origin in others:
            place = others.index(origin) + 1
            middle += 27 * ((place + 1) // 2) * (1 if place % 2 else -1)
            column = [one for one in self.places if self.places[one][0] == self.places[origin][0]]
            lane = start[0] + 10 + 30 * column.index(origin) // len(column)
            path = f"M{start[0]} {start[1]}H{lane}V{middle}H{x2}"
        else:
            path = f"M{start[0]} {start[1]}H{x2}"
        count, is_direct = self.map_.ways[way], way in self.direct
        name, stroke, ink = ("bold", 5, INK) if is_direct else ("thin", 1.5, LINE)
        dashes = "" if count else ' stroke-dasharray="8 6"'
        line = (
            f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{stroke}" marker-end="url(#{name})"{dashes}/>'
        )
        half = 9 + 5 * len(str(count))
        return line + (
            f'<rect x="{x2 - 48 - half}" y="{middle - 12}" width="{2 * half}" height="24" rx="12" fill="#ffffff" '
            f'stroke="{ink}"/>{text(x2 - 48, middle + 5, str(count), anchor="middle")}'
        )

    def box(self, page: str) -> str:
        x, y = self.corner(page)
        is_direct = page in self.map_.direct
        *heads, tail = page.split("/")
        parts = [
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="{PALE}" '
            f'stroke="{INK if is_direct else LINE}" stroke-width="{5 if is_direct else 1.5}"/>'
        ]
        parts += [
            text(x + 12, y + 22 + 17 * at, line, size=15 if len(line) < 28 else 13)
            for at, line in enumerate([*(f"{head}/" for head in heads), tail])
        ]
        count = people(self.map_.people[page])
        parts.append(text(x + WIDTH - 12, y + HEIGHT - 12, count, size=17, weight="bold", anchor="end"))
        for at, (ink, line) in enumerate(reversed(self.above(page))):
            parts.append(text(x + 2, y - 9 - LINE_HEIGHT * at, line, ink, size=14, weight="bold"))
        for at, line in enumerate(self.below(page), 1):
            parts.append(text(x + 2, y + HEIGHT + 3 + LINE_HEIGHT * at, line, LINE, size=13))
        return "".join(parts)


def text(x: int, y: int, words: str, ink: str = INK, *, size: int = 15, weight: str = "normal", anchor: str = "start"):
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{ink}" '
        f'xml:space="preserve">{escape(words)}</text>'
    )


def svg(map_: JourneyMap, title: str) -> str:
    drawing = Drawing(map_)
    width, height = drawing.width, drawing.height
    markers = [
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" markerHeight="{size}" '
        f'orient="auto"><path d="M0 0 10 5 0 10z" fill="{colour}"/></marker>'
        for name, size, colour in (("bold", 4, INK), ("thin", 8, LINE))
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="map-title map-description" font-family="Helvetica, Arial, sans-serif">',
        f'<title id="map-title">{escape(title)}</title>',
        f'<desc id="map-description">{escape(in_words(map_))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f"<defs>{''.join(markers)}</defs>",
        *map(drawing.arrow, drawing.arrows),
        *map(drawing.box, drawing.places),
    ]
    return "\n".join([*parts, "</svg>\n"])


def people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"


def in_words(map_: JourneyMap) -> str:
    """The same for whoever doesn't see the picture. Nothing as long as nobody has been there."""
    if not map_.people:
        return ""
    sentences = [f"The direct path is {', '.join(map_.direct)}."]
    sentences += [f"{people(count)} came to {page}." for page, count in map_.people.items()]
    sentences += [f"{people(count)} went from {origin} to {to}." for (origin, to), count in sorted(map_.ways.items())]
    sentences += [f"{people(count)} {ENDED[outcome]} on {page}." for (page, outcome), count in map_.ends.items()]
    sentences += [f"{people(count)} met an error on {page}." for page, count in map_.errors.items()]
    return " ".join(sentences)


def difference(results: list[Result]) -> list[str]:
    """How the ways that people went differ between wordings, in a line for each way and end that does."""
    if len([result for result in results if result.paths]) < 2:
        return []
    named = {result.wording or "the ordinary wording": (map_of([result]), len(result.paths)) for result in results}
    counts = {wording: {**map_.ways, **map_.ends} for wording, (map_, _) in named.items()}
    lines = []
    for way in sorted({way for each in counts.values() for way in each}):
        shares = [f"{counts[wording].get(way, 0)} of {number} in {wording}" for wording, (_, number) in named.items()]
        if len({counts[wording].get(way, 0) * 1000 // max(number, 1) for wording, (_, number) in named.items()}) > 1:
            what = f"{ENDED[way[1]]} on {way[0]}" if way[1] in ENDED else f"went from {way[0]} to {way[1]}"
            lines.append(f"{what}: {', '.join(shares)}")
    return lines
