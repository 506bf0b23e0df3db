"""LUDB, the Lobachevsky University Database: 200 recordings whose headers state diagnoses in sentences.

Each ``data/N.hea`` has the comments::

    #<age>: 51
    #<sex>: F
    #<diagnoses>:
    #Rhythm: Sinus bradycardia.
    #Electric axis of the heart: left axis deviation.
    #Left ventricular hypertrophy.

``ludb.toml`` beside this file says which findings each sentence of the database states. A sentence that is not there
is read as a report is. References: doi:10.1109/ACCESS.2020.3029211, doi:10.13026/eegm-h675.
"""

import tomllib
from functools import cache
from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.labels import with_ancestors
from ecgclip_core.corpora.layouts.headers import commented, first_comments, value
from ecgclip_core.corpora.sources import ODC_BY_1, Source
from ecgclip_core.ecg.demographics import age_in_years, sex_of
from ecgclip_core.findings.reports import findings_of_report

NAME = "LUDB"
SIGN = "WFDB headers with a comment '<diagnoses>:'"
SOURCES = (
    Source(
        "ludb",
        "LUDB",
        "1.0.1",
        ODC_BY_1,
        "Kalyakulina AI, Yusipov II, Moskalenko VA, et al. LUDB: a new open-access validation tool for "
        "electrocardiogram delineation algorithms. IEEE Access 2020;8:186181. doi:10.1109/ACCESS.2020.3029211; "
        "PhysioNet, doi:10.13026/eegm-h675",
        "https://physionet.org/files/ludb/1.0.1/",
    ),
)

_MARK = "<diagnoses>"


def recognises(folder: Path) -> bool:
    """Whether the first header states diagnoses as LUDB does."""
    return any(line.startswith(_MARK) for line in first_comments(folder))


def table(folder: Path) -> pd.DataFrame:
    """One row a header. Every recording is of another person."""
    rows = []
    for record, lines in commented(folder, NAME):
        sentences = [line.rstrip(" .") for line in lines if line and not line.startswith("<")]
        rows.append(
            {
                "record": record,
                "report": ". ".join(sentences),
                "findings": ";".join(stated(sentences)),
                "asked": ";".join(asked(sentences)),
                "age": age_in_years(value(lines, "age")),
                "sex": sex_of(value(lines, "sex")),
            }
        )
    return pd.DataFrame(rows)


def stated(sentences: list[str]) -> list[str]:
    """The findings that the sentences of a header state, without their ancestors."""
    facts = _facts()
    tables = {**facts["rhythm"], **facts["axis"], **facts["disorders"], **dict.fromkeys(facts["undecided"], [])}
    found: dict[str, None] = {}
    for sentence in sentences:
        listed = tables.get(sentence.lower())
        if listed is None:
            listed = [finding for finding, holds in findings_of_report(sentence).items() if holds == "present"]
        found.update(dict.fromkeys(listed))
    return list(found)


def asked(sentences: list[str]) -> list[str]:
    """The findings that the cardiologists decided on in a recording.

    Rhythm and axis are decided where a sentence names one (in paced rhythms the axis is left out), everything else
    always, but for what an undecided sentence leaves open.
    """
    said = {sentence.lower() for sentence in sentences}
    decided = set(_of("disorders"))
    decided.update(*(_of(group) for group in ("rhythm", "axis") if said & set(_facts()[group])))
    open_ = {finding for sentence in said for finding in _facts()["undecided"].get(sentence, ())}
    return sorted(finding for finding in decided if not open_ & set(with_ancestors([finding])))


def _of(group: str) -> set[str]:
    """All that the sentences of a group can state, and what lies above them and is covered as a whole."""
    stated = {finding for findings in _facts()[group].values() for finding in findings}
    return stated | set(_facts()["above"].get(group, ()))


@cache
def _facts() -> dict:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
