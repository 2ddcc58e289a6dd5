"""How the service speaks to a school: plain and short, about the person by name. What a machine can check is here;
whether a page reads well, only somebody who reads it aloud can tell."""

import re
from collections import defaultdict

from tests.visitor import Element, Visitor, words

BANNED = {
    "please": "say what to do",
    "click": "nobody needs a mouse: select",
    "simply": "it may not be",
    "just": "it may not be",
    "easy": "it may not be",
    "invalid": "say what to enter",
    "valid": "say what to enter",
    "failed to": "say what did not happen",
    "unable": "cannot",
    "oops": "",
    "in order to": "to",
    "prior to": "before",
    "ensure": "make sure",
    "whilst": "while",
    "via": "by, through",
    "etc": "say what else",
    "e.g.": "for example",
    "eg": "for example",
    "i.e.": "that is",
    "ie": "that is",
    "regarding": "about",
    "utilise": "use",
    "commence": "start",
    "terminate": "end",
    "individual": "say who",
    "user": "say who",
    "participant": "ECT or mentor",
    "lp": "lead provider",
    "ab": "appropriate body",
}
"""Word → what to say instead, or why not."""

LEADS_ANYWHERE = {"here", "click here", "this", "this page", "more", "read more", "find out more", "link"}
"""Words of a link that say nothing when it is read alone, as screen readers list them."""

WHOSE = re.compile(r"\b(they|them|their|theirs|themselves|he|she|him|her|his|hers)\b", re.IGNORECASE)
"""Of two people on a page, nobody could tell whom it means."""
THEIR_PROGRAMME = "changing their programme type to school-led"
"""The name of a link, which stands in a sentence about one person."""

MOST_WORDS = 25
"""In a sentence: as many as people take in at once."""


def faults(text: str) -> list[str]:
    """What is wrong with the words of a sentence or a page."""
    found = [
        f"“{word}”: {instead}"
        for word, instead in BANNED.items()
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE)
    ]
    found += [f"whose: {match[0]}" for match in WHOSE.finditer(text.replace(THEIR_PROGRAMME, ""))]
    found += [f"straight quotes: {text}"] if re.search(r"['\"]", text) else []
    found += [f"a dash or dots made of other signs: {text}"] if re.search(r" - |--|\.\.\.", text) else []
    found += [f"shouting: {text}"] if "!" in text else []
    for sentence in re.split(r"(?<=[.?:])\s+", text):
        if len(sentence.split()) > MOST_WORDS:
            found.append(f"{len(sentence.split())} words: {sentence}")
    return found


def texts_of(main: Element) -> list[str]:
    """What is read in one breath: paragraphs, items, cells, labels and headings."""
    blocks = "h1, h2, p, li, dt, dd, label, legend, summary, button, .govuk-hint, .govuk-inset-text, .app-hint"
    return [words(element) for element in main.css(blocks) if not element.css(blocks)]


def check_words(visitor: Visitor) -> None:
    for icon in visitor.main.css(".govuk-warning-text__icon"):
        icon.decompose()
    leads_to = defaultdict(set)
    for link in visitor.main.css("a"):
        leads_to[words(link)].add(link.attrs["href"])
        assert words(link).lower() not in LEADS_ANYWHERE, f"{visitor.path}: a link “{words(link)}”"
    twice = {text: places for text, places in leads_to.items() if len(places) > 1}
    assert not twice, f"{visitor.path}: links with the same words lead to different places"
    for text in texts_of(visitor.main):
        assert not faults(text), f"{visitor.path}: {faults(text)}"
    for paragraph in visitor.main.css("p.govuk-body:not(:has(> .govuk-visually-hidden))"):
        text = words(paragraph)
        for link in paragraph.css("a:last-child, button:last-child"):  # it has none of its own
            text = text.removesuffix(words(link)).strip()
        assert not text or text[-1] in ".:?]", f"{visitor.path}: no full stop: {text}"
    for heading in visitor.main.css("h1, h2"):
        assert words(heading)[-1] not in ".:", f"{visitor.path}: a full stop: {words(heading)}"
