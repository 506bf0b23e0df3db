"""Age and sex of a person, from the words a file uses."""

import re

from ecgclip_core.ecg.recording import Patient

# Ages above 89 identify a person; PTB-XL writes 300 for them (Wagner et al. 2020, doi:10.1038/s41597-020-0495-6).
OLDEST_STATED = 89.0
_OVER_89 = 90.0

_SEXES = {
    "female": ("f", "female", "w", "woman", "weiblich", "frau", "femme"),
    "male": ("m", "male", "man", "männlich", "mann", "homme"),
}
_YEARS_IN = {"": 1.0, "y": 1.0, "m": 1 / 12, "w": 1 / 52.18, "d": 1 / 365.25}
_DIAGNOSES = ("dx", "diagnosis", "diagnoses", "diagnose", "labels", "reason for admission")
_UNKNOWN = ("", "unknown", "nan", "n/a", "none", "null", "-")


def age_in_years(text: str) -> float | None:
    """Years, from ``"56"``, ``"056Y"``, ``"5 months"`` or ``"300"`` (over 89, given as 90); None where unknown."""
    match = re.fullmatch(r"[<>≥~ ]*(\d{1,3}(?:[.,]\d{1,4})?)\s*([a-z]?)[a-z]*\.?", text.strip().lower())
    if match is None or match[2] not in _YEARS_IN:
        return None
    years = float(match[1].replace(",", ".")) * _YEARS_IN[match[2]]
    if years >= 300 or text.strip().startswith((">", "≥")):
        return _OVER_89
    return years if years <= 130 else None


def age_between(born: str, recorded: str) -> str:
    """Whole years between two dates written year first (``"19530508"``, ``"1953-05-08T10:00"``); empty if unknown."""
    dates = [re.match(r"\s*(\d{4})\D?(\d{2})\D?(\d{2})", text) for text in (born, recorded)]
    if None in dates:
        return ""
    birth, day = (tuple(int(part) for part in date.groups()) for date in dates)
    years = day[0] - birth[0] - (day[1:] < birth[1:])
    return str(years) if birth[0] > 1850 and 0 <= years <= 130 else ""


def sex_of(text: str) -> str | None:
    """``"female"``, ``"male"`` or None, from the usual words and letters."""
    word = text.strip().strip(".").lower()
    return next((sex for sex, words in _SEXES.items() if word in words), None)


def patient_from(entries: dict[str, str]) -> Patient:
    """A patient from what a file says of one, by lower-case keyword; everything but age and sex becomes identity."""
    identity = {}
    stated = []
    age = sex = None
    for key, text in entries.items():
        if text.strip().lower() in _UNKNOWN:
            continue
        if key == "age":
            age = age_in_years(text)
            if age is None:
                identity["age as stated"] = text
            elif age > OLDEST_STATED and not re.fullmatch(r"\d{2}", text.strip()):
                identity["age as stated"] = "over 89"
        elif key in ("sex", "gender"):
            sex = sex_of(text)
        elif key in _DIAGNOSES:
            stated.append(text)
        else:
            identity[key] = text[:2000]
    if stated:
        identity["stated diagnosis"] = "\n".join(stated)[:4000]
    return Patient(age=age, sex=sex, identity=identity)
