"""How the service speaks to a school: plain and short, about the person by name. What a machine can check is here;
whether a page reads well, only somebody who reads it aloud can tell."""

import re
from collections import Counter, defaultdict

from scenarios import read
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

HE_OR_SHE = re.compile(r"\b(he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)
NOT_CONTRACTED = re.compile(r"\w+n’t\b|\b\w+’ve\b", re.IGNORECASE)
ORGANISATIONS = [*read("world")["lead_providers"], "lead provider", "appropriate body", "delivery partner"]
IT = re.compile(rf"(?:{'|'.join(map(re.escape, ORGANISATIONS))}).*?\b(it|its|itself)\b", re.IGNORECASE | re.DOTALL)
"""An organisation is they. So that nobody has to ask what “it” is, what else is said in the same paragraph is named."""

PAST = re.compile(r"\b(\w+ed|told|began|was|would|left|chose|gave)\b")
PRESENT = re.compile(r"\b(is|are|has|mentors|trains|leaves|starts|ends)\b")
"""Of what has happened."""

MOST_WORDS = 20
"""In a sentence: as many as people take in at once."""


def faults(text: str) -> list[str]:
    """What is wrong with the words of a sentence or a page."""
    found = [
        f"“{word}”: {instead}"
        for word, instead in BANNED.items()
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE)
    ]
    found += [f"nobody knows that: {match[0]}" for match in HE_OR_SHE.finditer(text)]
    found += [f"written out: {match[0]}" for match in NOT_CONTRACTED.finditer(text)]
    found += [f"what is “{match[1]}”: {text}" for match in IT.finditer(text)]
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
    # An element is among those that it finds in itself.
    return [words(element) for element in main.css(blocks) if len(element.css(blocks)) == 1]


def check_words(visitor: Visitor) -> None:
    check_main(visitor.main, visitor.path)


def check_main(main: Element, path: str) -> None:
    """What is true of all that a page says."""
    for icon in main.css(".govuk-warning-text__icon"):
        icon.decompose()
    leads_to = defaultdict(set)
    for link in main.css("a"):
        leads_to[words(link)].add(link.attrs["href"].partition("?back=")[0])
        assert words(link).lower() not in LEADS_ANYWHERE, f"{path}: a link “{words(link)}”"
    twice = {text: places for text, places in leads_to.items() if len(places) > 1}
    assert not twice, f"{path}: links with the same words lead to different places: {twice}"
    outside = Counter(link.attrs["href"] for link in main.css("a[href^='https:']"))
    assert not outside or max(outside.values()) == 1, f"{path}: a link to guidance stands there twice"
    wrong = [fault for text in texts_of(main) for fault in faults(text)]
    assert not wrong, f"{path}: {wrong}"
    for legend in main.css("legend"):
        assert words(legend).endswith("?"), f"{path}: a legend is a question: {words(legend)}"
    for paragraph in main.css("p.govuk-body:not(:has(> .govuk-visually-hidden))"):
        text = words(paragraph)
        for last in paragraph.css("a:last-child, button:last-child, strong:last-child"):  # it has none of its own
            text = text.removesuffix(words(last)).strip()
        assert not text or text[-1] in ".:?])", f"{path}: no full stop: {text}"
    for heading in main.css("h1, h2"):
        assert words(heading)[-1] not in ".:", f"{path}: a full stop: {words(heading)}"
    for heading in main.css("h2"):
        below = heading.next
        while below and (below.tag.startswith("-") or not words(below)):
            below = below.next
        is_alone = heading.parent.tag == "div" and "title" in (heading.parent.attributes.get("class") or "")
        assert is_alone or (below and below.tag not in ("h1", "h2")), f"{path}: nothing under “{words(heading)}”"
    for tag in main.css(".govuk-tag--red"):
        assert tag.parent.css("a:not([href^='mailto:'])"), f"{path}: nothing to do beside “{words(tag)}”"
    for line in main.css(".app-history > li"):
        told = words(line)
        assert PAST.search(told), f"{path}: not in the past: {told}"
        assert not PRESENT.search(told), f"{path}: not in the past: {told}"
