"""The journey map: a picture of where people went. Pages are boxes and ways between them arrows, with the number of
people who took them; the direct path is bold; how people's paths ended, and who met an error, the page says."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from research.results import Result, without_repeats

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, TOP = 250, 100, 90, 110, 10, 84
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


def svg(map_: JourneyMap, title: str) -> str:
    places = map_.places
    columns, rows = (max((place[axis] for place in places.values()), default=0) + 1 for axis in (0, 1))
    width = 2 * MARGIN + columns * WIDTH + (columns - 1) * GAP_X
    height = TOP + MARGIN + rows * HEIGHT + (rows - 1) * GAP_Y + GAP_Y
    direct_ways = set(pairwise(map_.direct))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="map-title map-description" font-family="Helvetica, Arial, sans-serif">',
        f'<title id="map-title">{escape(title)}</title>',
        f'<desc id="map-description">{escape(in_words(map_))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        "<defs>"
        + "".join(
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" markerHeight="{size}" '
            f'orient="auto"><path d="M0 0 10 5 0 10z" fill="{colour}"/></marker>'
            for name, size, colour in (("bold", 4, INK), ("thin", 8, LINE))
        )
        + "</defs>",
    ]
    ways = sorted(way for way in direct_ways | set(map_.ways) if way[0] in places and way[1] in places)
    arrows = [arrow(places[a], places[b], map_.ways[a, b], is_direct=(a, b) in direct_ways) for a, b in ways]
    parts += [line for line, _at in arrows]
    parts += [box(page, places[page], map_) for page in places]
    taken: list[tuple[float, float]] = []
    for way, (_line, at) in zip(ways, arrows, strict=True):
        taken.append(free_place(at, taken))
        parts.append(number(map_.ways[way], taken[-1], INK if way in direct_ways else LINE))
    return "\n".join([*parts, "</svg>\n"])


def corner(place: tuple[int, int]) -> tuple[int, int]:
    return MARGIN + place[0] * (WIDTH + GAP_X), TOP + place[1] * (HEIGHT + GAP_Y)


def arrow(origin: tuple[int, int], to: tuple[int, int], count: int, *, is_direct: bool) -> tuple[str, tuple]:
    """From the right side to the left where it goes on, from the bottom to the bottom where it goes back. The line, and
    where on it its number stands."""
    (x1, y1), (x2, y2) = corner(origin), corner(to)
    if to[0] > origin[0]:
        start, end = (x1 + WIDTH, y1 + HEIGHT / 2), (x2, y2 + HEIGHT / 2)
        bend = max((end[0] - start[0]) / 2, 30)
        curve = f"C{start[0] + bend:.0f} {start[1]:.0f} {end[0] - bend:.0f} {end[1]:.0f}"
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        if origin[1] == to[1] and to[0] > origin[0] + 1:  # over what lies between
            curve = f"C{start[0] + bend:.0f} {start[1] - 90:.0f} {end[0] - bend:.0f} {end[1] - 90:.0f}"
            middle = (middle[0], middle[1] - 67)
    else:
        start, end = (x1 + WIDTH * 0.4, y1 + HEIGHT), (x2 + WIDTH * 0.6, y2 + HEIGHT)
        # As deep as it goes far back, so that no number stands on another.
        depth = max(start[1], end[1]) + GAP_Y * min(0.35 + 0.22 * (origin[0] - to[0]), 1)
        curve = f"C{start[0]:.0f} {depth:.0f} {end[0]:.0f} {depth:.0f}"
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 8 + depth * 0.75)
        if origin[0] == to[0]:  # straight up or down: beside the box that it comes from
            middle = (start[0], start[1] + 22)
    name, stroke, ink = ("bold", 5, INK) if is_direct else ("thin", 1.5, LINE)
    dashes = "" if count else ' stroke-dasharray="8 6"'
    line = (
        f'<path d="M{start[0]:.0f} {start[1]:.0f} {curve} {end[0]:.0f} {end[1]:.0f}" fill="none" stroke="{ink}" '
        f'stroke-width="{stroke}" marker-end="url(#{name})"{dashes}/>'
    )
    return line, middle


def free_place(at: tuple[float, float], taken: list[tuple[float, float]]) -> tuple[float, float]:
    """There or as little below as keeps it clear of the numbers that are there already."""
    x, y = at
    while any(abs(x - other_x) < 46 and abs(y - other_y) < 28 for other_x, other_y in taken):
        y += 7
    return x, y


def number(count: int, at: tuple[float, float], ink: str) -> str:
    x, y = at
    half = 9 + 5 * len(str(count))
    return (
        f'<rect x="{x - half:.0f}" y="{y - 13:.0f}" width="{2 * half}" height="26" rx="13" fill="#ffffff" '
        f'stroke="{ink}"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" font-size="15" fill="{INK}">{count}</text>'
    )


def box(page: str, place: tuple[int, int], map_: JourneyMap) -> str:
    x, y = corner(place)
    is_direct = page in map_.direct
    lines = [f"{part}/" for part in page.split("/")[:-1]] + [page.split("/")[-1]]
    remarks = [
        (COLOURS[outcome], f"{map_.ends[page, outcome]} {ENDED[outcome]}")
        for outcome in ENDED
        if map_.ends[page, outcome]
    ]
    remarks += [(RED, f"{map_.errors[page]} met an error")] * bool(map_.errors[page])
    texts = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="{PALE}" stroke="{INK if is_direct else LINE}" '
        f'stroke-width="{5 if is_direct else 1.5}"/>'
    ]
    for number, line in enumerate(lines):
        texts.append(f'<text x="{x + 12}" y="{y + 22 + 17 * number}" font-size="15" fill="{INK}">{escape(line)}</text>')
    texts.append(
        f'<text x="{x + WIDTH - 12}" y="{y + HEIGHT - 12}" text-anchor="end" font-size="17" font-weight="bold" '
        f'fill="{INK}">{people(map_.people[page])}</text>'
    )
    for number, (colour, words) in enumerate(reversed(remarks)):
        texts.append(
            f'<text x="{x + 2}" y="{y - 9 - 16 * number}" font-size="14" font-weight="bold" fill="{colour}">'
            f"{escape(words)}</text>"
        )
    return "".join(texts)


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
