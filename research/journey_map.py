"""The journey map: a picture of where people went. Pages are boxes and ways between them arrows, with the number of
people who took them; the direct path is bold; where people stopped or met an error, the page says how many."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from research.results import Result, without_repeats

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, TOP = 200, 100, 76, 76, 10, 34
INK, PALE, LINE, RED = "#0b0c0c", "#f4f8fb", "#505a5f", "#ca3535"


@dataclass
class JourneyMap:
    people: Counter
    """Page → how many came to it."""
    ways: Counter
    """(page, page) → how many went from one to the other."""
    stopped: Counter
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
    """Of one scenario, in whatever wordings."""
    people, ways, stopped, errors = Counter(), Counter(), Counter(), Counter()
    for result in results:
        for path in result.paths:
            people.update(set(path))
            ways.update(set(pairwise(path)))
            stopped.update(path[-1:])
        errors.update(result.refused_on)
    return JourneyMap(
        people, ways, stopped, errors, without_repeats(s.page for s in results[0].scenario.direct_path if s.page)
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
    parts += [line for line, _count in arrows]
    parts += [box(page, places[page], map_) for page in places]
    parts += [count for _line, count in arrows]
    return "\n".join([*parts, "</svg>\n"])


def corner(place: tuple[int, int]) -> tuple[int, int]:
    return MARGIN + place[0] * (WIDTH + GAP_X), TOP + place[1] * (HEIGHT + GAP_Y)


def arrow(origin: tuple[int, int], to: tuple[int, int], count: int, *, is_direct: bool) -> tuple[str, str]:
    """From the right side to the left where it goes on, from the bottom to the bottom where it goes back. The line, and
    the count that stands on it."""
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
        depth = max(start[1], end[1]) + GAP_Y * 0.8
        curve = f"C{start[0]:.0f} {depth:.0f} {end[0]:.0f} {depth:.0f}"
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 8 + depth * 0.75)
    name, stroke, ink = ("bold", 5, INK) if is_direct else ("thin", 1.5, LINE)
    dashes = "" if count else ' stroke-dasharray="8 6"'
    line = (
        f'<path d="M{start[0]:.0f} {start[1]:.0f} {curve} {end[0]:.0f} {end[1]:.0f}" fill="none" stroke="{ink}" '
        f'stroke-width="{stroke}" marker-end="url(#{name})"{dashes}/>'
    )
    x, y = middle
    return line, (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="13" fill="#ffffff" stroke="{ink}"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" font-size="15" fill="{INK}">{count}</text>'
    )


def box(page: str, place: tuple[int, int], map_: JourneyMap) -> str:
    x, y = corner(place)
    is_direct = page in map_.direct
    lines = [f"{part}/" for part in page.split("/")[:-1]] + [page.split("/")[-1]]
    remarks = [f"{map_.stopped[page]} ended here"] * bool(map_.stopped[page])
    remarks += [f"{map_.errors[page]} met an error"] * bool(map_.errors[page])
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
    if remarks:
        texts.append(
            f'<text x="{x + 2}" y="{y - 9}" font-size="15" font-weight="bold" fill="{RED}">'
            f"{escape(', '.join(remarks))}</text>"
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
    sentences += [f"{people(count)} ended on {page}." for page, count in map_.stopped.items()]
    sentences += [f"{people(count)} met an error on {page}." for page, count in map_.errors.items()]
    return " ".join(sentences)
