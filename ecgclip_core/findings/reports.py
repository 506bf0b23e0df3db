"""Reports taken apart: a text into its statements, a recording's codes into findings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import ancestors, with_code
from ecgclip_core.findings.linking import link
from ecgclip_core.findings.polarity import read_polarity
from ecgclip_core.findings.translation import split_at_statements, to_english

# After these a full stop ends no sentence.
_ABBREVIATIONS = frozenset(
    ["abl", "amplitudkrit", "bzw", "ca", "chron", "d.h", "e.g", "evtl", "ggf", "i.e", "inkompl", "intraventr", "kompl"]
    + ["mögl", "möjl", "o.b", "resp", "sog", "susp", "u.a", "unspez", "unvollst", "v.a", "vergl", "vgl", "vs"]
    + ["wahrsch", "z.b", "z.n", "z.t", "zn"]
)
# What recorders, editors and consensus tools of PTB-XL appended, sometimes cut off; it says nothing of the heart.
_REMARKS = re.compile(
    r"\b(?:4\.46\s+)?unbestätigter bericht\b|\s4\.46(?:\s+unb\w*(?:\s+b\w*)?)?\s*$"
    r"|\bedit:.*$|consensus label derived from:.*$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Statement:
    """One statement of a report, read.

    Attributes
    ----------
    text : str
        In the report's own words.
    english : str
        The same in English.
    polarity : str
        ``"present"``, ``"absent"`` or ``"uncertain"``: whether its first finding is stated, denied or doubted.
    findings : tuple of (str, str)
        The findings it speaks of, each with its own polarity: one statement can state one and deny another.
    """

    text: str
    english: str
    polarity: str
    findings: tuple[tuple[str, str], ...]


def read_report(text: str, translate: Callable[[str], str] = to_english) -> list[Statement]:
    """A report taken apart: cleaned, cut into statements, put into English, its findings linked with their polarity.

    Parameters
    ----------
    text : str
        In English, German or Swedish.
    translate : callable
        Gives a statement in English; the glossary where left out. A translation model can take its place.

    Returns
    -------
    list of Statement
        In the order of the text; empty for an empty report.
    """
    return read_reports([text], translate)[0]


def read_reports(texts: Sequence[str], translate: Callable[[str], str] = to_english) -> list[list[Statement]]:
    """Many reports taken apart, a statement that several share only once.

    Parameters
    ----------
    texts : sequence of str
    translate : callable
        As for `read_report`.

    Returns
    -------
    list of list of Statement
        As `read_report` gives them for each text. Nothing of the texts is kept in memory afterwards.
    """
    read = cache(lambda statement: _read(statement, translate(statement)))
    return [[read(statement) for statement in statements(text)] for text in texts]


def findings_of_report(text: str, translate: Callable[[str], str] = to_english) -> dict[str, str]:
    """What a whole report says of each finding it speaks of.

    Parameters
    ----------
    text, translate
        As for `read_report`.

    Returns
    -------
    dict of str to str
        Finding id to ``"present"``, ``"uncertain"`` or ``"absent"``. Where statements disagree, what is stated
        outweighs a doubt, and a doubt a denial. What is stated brings its ancestors, as in `findings_of_codes`.
    """
    said: dict[str, set[str]] = {}
    for statement in read_report(text, translate):
        for finding, holds in statement.findings:
            said.setdefault(finding, set()).add(holds)
            if holds == "present":
                for entry in ancestors(finding):
                    said.setdefault(entry.id, set()).add(holds)
    return {
        finding: next(holds for holds in ("present", "uncertain", "absent") if holds in polarities)
        for finding, polarities in said.items()
    }


def statements(report: str) -> list[str]:
    """A report cut into its statements, in their order and their own words.

    Sentences end at a full stop, semicolon or line end, but not within a number or after an abbreviation. Runs of
    spaces are line breaks within a sentence. German and Swedish reports without punctuation are cut before every
    phrase of the glossary that begins a statement. What recorders and editors appended (software version,
    "unbestätigter Bericht", codes after "edit:") is left out.

    Parameters
    ----------
    report : str
        In English, German or Swedish.

    Returns
    -------
    list of str
        Each with single spaces and without its final stop; empty for an empty report.
    """
    lines = re.split(r"[;\r\n]+", _REMARKS.sub("", report))
    sentences = [sentence for line in lines for sentence in _sentences(" ".join(line.split()))]
    parts = [part.strip(" ,.") for sentence in sentences for part in split_at_statements(sentence)]
    return [part for part in parts if re.search(r"\w", part)]


def findings_of_codes(scp_codes: Mapping[str, float]) -> dict[str, float]:
    """The findings that a recording's SCP-ECG codes state, with all their ancestors.

    Parameters
    ----------
    scp_codes : mapping of str to float
        Code to likelihood in percent, as in PTB-XL, where 0 means that the likelihood is not known: the finding
        is present all the same (doi:10.1038/s41597-020-0495-6).

    Returns
    -------
    dict of str to float
        Finding id to likelihood; a parent has the highest likelihood below it.

    Raises
    ------
    CatalogueError
        If no entry of the catalogue has a code.
    """
    likelihoods: dict[str, float] = {}
    for code, likelihood in scp_codes.items():
        finding = with_code("scp", code)
        if finding is None:
            raise CatalogueError(f"No finding of the catalogue has the SCP-ECG code {code!r}.")
        for entry in (finding, *ancestors(finding.id)):
            likelihoods[entry.id] = max(likelihoods.get(entry.id, 0.0), float(likelihood))
    return likelihoods


def _read(statement: str, english: str) -> Statement:
    findings = link(english)
    polarity = read_polarity(english).holds
    if statement.endswith("?"):
        # In a report, a question is a doubt.
        polarity = "uncertain" if polarity == "present" else polarity
        findings = tuple((finding, "uncertain" if holds == "present" else holds) for finding, holds in findings)
    return Statement(statement, english, polarity, findings)


def _sentences(text: str) -> list[str]:
    """Cut at full stops that end a sentence."""
    sentences, start = [], 0
    for stop in re.finditer(r"[.!?]+(?=\s|$)", text):
        if stop.group() == "." and _is_abbreviated(text[start : stop.start()], text[stop.end() :]):
            continue
        sentences.append(text[start : stop.end()])
        start = stop.end()
    return [*sentences, text[start:]]


def _is_abbreviated(before: str, after: str) -> bool:
    words = before.split()
    last = words[-1].casefold().strip("(,") if words else ""
    if last in _ABBREVIATIONS:
        return True
    # "1. Grades", "II. Grades"; "z. B.", "v. a."
    if re.match(r"\s*grad", after, re.IGNORECASE):
        return bool(re.fullmatch(r"\d|i{1,3}", last))
    pair = rf"(^|\s)[zvud]\.\s*{re.escape(last)}$" if len(last) == 1 else r"$^"
    return bool(
        re.search(pair, before.casefold())
        or (last in ("z", "v", "u", "d") and re.match(r"\s*[a-zäöü]\.", after, re.IGNORECASE))
    )
