"""The skeleton of a design history post: only what was tested, in a story of few pictures, with counts of people. What
was found is for people to write."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from research.journey_map import difference
from research.models import Round, Session
from research.results import Result, error_words
from scenarios.scenario import scenarios_there

MOST_PICTURES = 10


@dataclass(frozen=True)
class Picture:
    folder: Path
    name: str
    heading: str
    page: str
    """Its id, with dashes for slashes."""
    has_error: bool
    wording: str
    hash: str
    """Of its page: two with the same one look the same."""

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}-1280.png"

    @property
    def alt(self) -> str:
        """What is to be seen, as a draft."""
        kind = {"check-answers": "The page to check the answers on", "confirmation": "The confirmation"}
        what = next((words for end, words in kind.items() if self.page.endswith(end)), "The page")
        error = ", with an error message beside the field" if self.has_error else ""
        wording = f", in the wording “{self.wording}”" if self.wording else ""
        return f"{what} with the heading “{self.heading}”{error}{wording}."


def chosen(results: list[Result], folder: Path) -> list[Picture]:
    """Those that tell most, in the order of the post, unless others are chosen by hand."""
    return sorted(telling(results, folder)[:MOST_PICTURES], key=lambda picture: picture.name)


def taken(results: list[Result], folder: Path) -> list[Picture]:
    """Those that there are, in the order of the post."""
    there = [picture for picture in telling(results, folder) if picture.file.exists()]
    return sorted(there, key=lambda picture: picture.name)


def telling(results: list[Result], folder: Path) -> list[Picture]:
    """The pictures that could tell what was tested: of each scenario in each wording the start, the question, “check
    answers” and the confirmation, and each page on which people met an error. No page twice, and none of a wording that
    is as the ordinary one's. First errors and pages that differ between wordings, then the others, and what most people
    came to before what fewer did."""
    found: dict[tuple, Picture] = {}
    people: Counter = Counter()
    for result in sorted((result for result in results if result.paths), key=lambda result: result.wording):
        came = {page: sum(page in path for path in result.paths) for path in result.paths for page in path}
        ordinary = {picture.hash for picture in pictures_of(result.scenario.id, "", folder)}
        for picture in pictures_of(result.scenario.id, result.wording, folder):
            page = next((each for each in came if each.replace("/", "-") == picture.page), None)
            count = result.refused_on[page] if picture.has_error else came.get(page, 0)
            if count:
                wording = "" if picture.hash in ordinary else result.wording
                key = (picture.heading, picture.page, picture.has_error, wording)
                found.setdefault(key, picture)
                people[key] += count
    differing = {page for _, page, _, wording in found if wording}
    first = sorted(found, key=lambda key: (key[2] or key[1] in differing, people[key]), reverse=True)
    return [found[key] for key in first]


def pictures_of(scenario_id: str, wording: str, folder: Path) -> list[Picture]:
    series = "-".join(filter(None, (scenario_id, wording)))
    file = folder / f"{series}.json"
    found = []
    for name, about in (json.loads(file.read_text()) if file.exists() else {}).items():
        # Pictures that were taken by an earlier release have no hash: each is of a page of its own.
        heading, hash_ = about if isinstance(about, list) else (about, name)
        page = name.removeprefix(f"{series}-")[3:]
        has_error = page.endswith("-error")
        found.append(Picture(folder, name, heading, page.removesuffix("-error"), has_error, wording, hash_))
    return found


def post(round_: Round, results: list[Result], sessions: list[Session], pictures: list[Picture]) -> str:
    days = [session.held_on for session in sessions if session.held_on]
    reached = {result.scenario.id for result in results if result.paths or result.reached}
    tested = [result for result in results if result.scenario.id in reached]
    lines = ["---", f"title: {json.dumps(round_.title, ensure_ascii=False)}", "description: To write"]
    lines += [f"date: {max(days)}" if days else "date: To write", "tags:", "  - user research", "---", ""]
    lines += ["## Context", "", "To write: what happens to whom, and why we looked at this", ""]
    lines += ["## What we designed", "", "To write: one sentence before each picture", ""]
    for picture in pictures:
        lines += [f"![Draft: {picture.alt}](images/{picture.file.name})", ""]
    lines += ["## How we tested it", "", who_took_part(sessions), ""]
    for result in tested:
        lines += told(result)
        in_all_wordings = [each for each in tested if each.scenario.id == result.scenario.id]
        if result is in_all_wordings[-1] and (ways := difference(in_all_wordings)):
            lines += ["Where people went in one wording more than in the other:", "", *(f"- {way}" for way in ways), ""]
    lines += ["## What we found", "", "To write: only people can say", "", "## What we did not test", ""]
    lines += [f"- {each.title}" for each in scenarios_there()[0] if each.id not in reached]
    lines += ["- To complete: assistive technology, other devices, other schools"]
    return "\n".join([*lines, ""])


def who_took_part(sessions: list[Session]) -> str:
    """Counts: how many people, in which wordings, on how many days."""
    count, days = len(sessions), len({session.held_on for session in sessions})
    people = f"{count} {'person' if count == 1 else 'people'} took part, on {days} {'day' if days == 1 else 'days'}."
    if alone := sum(not session.is_moderated for session in sessions):
        people += f" {alone} of them took the tasks on their own, without a moderator."
    wordings = sorted({session.wording for session in sessions})
    if wordings in ([], [""]):
        return people
    counts = [(sum(session.wording == name for session in sessions), name) for name in wordings]
    each = [f"{number} had {f'“{name}”' if name else 'the ordinary wording'}" for number, name in counts]
    return f"{people} {'; '.join(each)}."


def told(result: Result) -> list[str]:
    which = f"{result.scenario.title}, {result.in_wording}"
    lines = [f"### {which}", "", f"> {result.scenario.task}", "", sentence(result), ""]
    errors = [
        f"- {count} met the error “{error_words(field, code, result.wording)}”"
        for (_, field, code), count in sorted(result.errors.items())
    ]
    lines += [*errors, ""] if errors else []
    alt = f"Draft: a map of the pages that people came to, and where they ended: {which}."
    return [*lines, f"![{alt}]({map_name(result)})", ""] if result.paths else lines


def map_name(result: Result) -> str:
    return f"map-{'-'.join(filter(None, (result.scenario.id, result.wording)))}.svg"


def sentence(result: Result) -> str:
    """A result as one may write it of so few people."""
    said, ended = [], result.outcomes
    if result.scenario.is_exploratory:
        said.append(f"{result.explored} explored this.")
    elif not result.reached:
        said.append("Nobody reached this.")
    if result.count:
        said += [
            f"{result.successes} of {result.count} succeeded (95% interval: {result.interval}):",
            f"{ended['direct']} directly and {ended['indirect']} by a detour.",
            f"{ended['wrong']} came to a wrong end, {ended['gave_up']} gave up. {result.assisted} had help.",
        ]
    if result.unconfirmed:
        said.append(f"To confirm: the outcomes of {result.unconfirmed}.")
    if ended["not_reached"]:
        said.append(f"{ended['not_reached']} did not reach it.")
    if result.ease:
        said.append(f"Ease, from 1 to 7: the median of {len(result.ease)} is {median(result.ease):g}.")
    return " ".join(said)
