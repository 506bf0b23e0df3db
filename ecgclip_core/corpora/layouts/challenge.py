"""The training sets of the PhysioNet/Computing in Cardiology Challenges 2020 and 2021.

WFDB headers and MATLAB 4 signals in folders of any depth (``training/georgia/g1/E00001.hea``), with comments::

    #Age: 74
    #Sex: Male
    #Dx: 270492004,164934002

``Dx`` holds SNOMED CT codes. The catalogue keeps the codes that the Challenge scores as one diagnosis (733534002 and
164909002, 713427006 and 59118001, 284470004 and 63593006, 427172004 and 17338001) in one entry each.
References: doi:10.1088/1361-6579/abc960, doi:10.23919/CinC53138.2021.9662687.
"""

import math
import re
import tomllib
from functools import cache
from pathlib import Path

import pandas as pd

from ecgclip_core.corpora.layouts.headers import commented, first_comments, value
from ecgclip_core.corpora.sources import CC_BY_4, Source
from ecgclip_core.ecg.demographics import age_in_years, sex_of
from ecgclip_core.findings.catalogue import with_code

NAME = "PhysioNet/CinC Challenge 2020 and 2021"
SIGN = "WFDB headers with a comment 'Dx:'"
SOURCES = (
    Source(
        "challenge-2021",
        "PhysioNet/CinC Challenge 2021",
        "1.0.3",
        CC_BY_4,
        "Reyna MA, Sadr N, Perez Alday EA, et al. Will two do? Varying dimensions in electrocardiography: the "
        "PhysioNet/Computing in Cardiology Challenge 2021. Computing in Cardiology 2021;48:1-4. "
        "doi:10.23919/CinC53138.2021.9662687; PhysioNet, doi:10.13026/34va-7q14",
        "https://physionet.org/files/challenge-2021/1.0.3/",
    ),
    Source(
        "challenge-2020",
        "PhysioNet/CinC Challenge 2020",
        "1.0.2",
        CC_BY_4,
        "Perez Alday EA, Gu A, Shah AJ, et al. Classification of 12-lead ECGs: the PhysioNet/Computing in Cardiology "
        "Challenge 2020. Physiol Meas 2020;41:124003. doi:10.1088/1361-6579/abc960",
        "https://physionet.org/files/challenge-2020/1.0.2/",
    ),
)

_SINUS = ("sinus_rhythm", "rhythm_of_sinus_origin")


def recognises(folder: Path) -> bool:
    """Whether the first header states diagnoses as the Challenges do."""
    return any(re.match(r"Dx\s*:", line) for line in first_comments(folder))


def table(folder: Path) -> pd.DataFrame:
    """One row a header. No person has a name here, so that each recording counts as one person."""
    rows = []
    for record, lines in commented(folder, "Challenge"):
        source = _source(record.rsplit("/", 1)[-1])
        codes = [source["instead"].get(code, code) for code in re.findall(r"\d{6,18}", value(lines, "Dx"))]
        rows.append(
            {
                "record": record,
                "snomed_codes": ";".join(codes),
                "asked": ";".join(_asked(source, codes)) if codes else "",
                "age": age_in_years(value(lines, "Age")),
                "sex": sex_of(value(lines, "Sex")),
            }
        )
    return pd.DataFrame(rows)


def _asked(source: dict, codes: list[str]) -> list[str]:
    """The findings that the annotators of a recording decided on: what its source codes of the scored diagnoses.

    Some sources write a sinus rhythm down only where there is nothing else to say. So that it is absent is known only
    where another rhythm is coded.
    """
    known = {with_code("snomed", code).id for code in source["codes"]}
    if set(codes) & set(_facts()["other_rhythms"]):
        return sorted(known | set(_SINUS))
    return sorted(known - set(_SINUS))


def _source(record: str) -> dict:
    """What is known of the source of a record; of an unknown one, nothing was asked and only what is coded is known."""
    match = re.fullmatch(r"([A-Z]+)(\d+)", record)
    for source in _facts()["sources"].values():
        # Chapman-Shaoxing and Ningbo share their letters and a line of numbers.
        if match and source["letters"] == match[1] and int(match[2]) <= source.get("last", math.inf):
            return {"instead": {}} | source
    return {"instead": {}, "codes": []}


@cache
def _facts() -> dict:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
