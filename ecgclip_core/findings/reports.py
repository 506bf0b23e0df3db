"""Reports taken apart: a text into its statements, a recording's codes into findings."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.catalogue import ancestors, catalogue, with_code

# A stop ends a statement unless a digit follows it (4.56) or an abbreviation precedes it (z.B., unbest.).
_ABBREVIATIONS = frozenset(
    "abl ant approx bzw ca chron cf d.h dd e.g etc evtl ggf i.e inf inkompl intraventr kompl lat med mgl min mögl "
    "möjl msek normal.var nr path pat post r resp rt s s.o sannol sec sek sog st susp s.u trol u.a u.u unbest "
    "unspez unvollst v.a vd verd vergl vgl vs wahrsch z.b z.n z.t zn".split()
)
_MACHINE_REMARKS = re.compile(r"\b(4\.46\s+)?unbestätigter bericht\b|\s4\.46\s*$|^\s*4\.46\s", re.IGNORECASE)


def statements(report: str) -> list[str]:
    """A report cut into its statements, in their order and their own words.

    Sentences end at a full stop, semicolon or line end; the line breaks that machine reports write as three or more
    spaces end one too. The recorder's own remarks (software version, "unbestätigter Bericht": not yet confirmed)
    are left out, since they say nothing of the heart.

    Parameters
    ----------
    report : str
        In any language.

    Returns
    -------
    list of str
        Each with single spaces and without its final stop; empty for an empty report.
    """
    parts = re.split(r"[;\r\n]+|\s{3,}", _MACHINE_REMARKS.sub("   ", report))
    sentences = [sentence for part in parts for sentence in _sentences(part)]
    return [sentence for sentence in sentences if re.search(r"\w", sentence)]


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


def label_matrix(recordings: Sequence[Mapping[str, float]], ids: Sequence[str] | None = None) -> np.ndarray:
    """Which findings each recording has.

    Parameters
    ----------
    recordings : sequence of mappings
        From each, the keys are the findings present, as `findings_of_codes` returns them.
    ids : sequence of str, optional
        Findings to ask for; all of the catalogue in its order by default.

    Returns
    -------
    ndarray of int8, shape (len(recordings), len(ids))
    """
    ids = list(catalogue()) if ids is None else list(ids)
    return np.array([[finding in present for finding in ids] for present in recordings], dtype=np.int8).reshape(
        len(recordings), len(ids)
    )


def _sentences(text: str) -> list[str]:
    """Cut at full stops that end a sentence."""
    sentences, start = [], 0
    for stop in re.finditer(r"[.!?]+(?=\s|$)", text):
        last_word = text[start : stop.start()].split()[-1:] or [""]
        if stop.group() == "." and stop.end() < len(text.rstrip()) and _is_abbreviation(last_word[0]):
            continue
        sentences.append(text[start : stop.start()])
        start = stop.end()
    sentences.append(text[start:])
    return [" ".join(sentence.split()).strip(" ,.") for sentence in sentences]


def _is_abbreviation(word: str) -> bool:
    # Also single letters ("z. B.") and ordinals ("AV-Block 1. Grades").
    bare = word.casefold().strip("(,")
    return bare in _ABBREVIATIONS or bool(re.fullmatch(r"[a-zäöü]|\d{1,2}", bare))
