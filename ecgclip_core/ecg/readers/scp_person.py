"""Sections 1 and 8 of SCP-ECG: the person, the device and the statements of its interpretation."""

import struct

from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.names import shown
from ecgclip_core.ecg.recognise import decoded
from ecgclip_core.ecg.recording import Patient

_TEXTS = {0: "last name", 1: "first name", 2: "identifier", 13: "diagnosis", 16: "institution", 30: "history"}
_SEXES = {1: "male", 2: "female"}
_YEARS_IN = {1: "y", 2: "months", 3: "weeks", 4: "days"}


def person_and_device(section: bytes, statements: bytes) -> tuple[Patient, str]:
    """The person, and a sentence on device and filters.

    Parameters
    ----------
    section, statements : bytes
        Sections 1 and 8 without their headers; empty where they are missing.
    """
    tags = _tags(section)
    entries = {name: "\n".join(_text(value) for value in tags.get(tag, [])) for tag, name in _TEXTS.items()}
    names = [entries.pop("first name"), entries.pop("last name")]
    entries["name"] = " ".join(part for part in names if part)
    day = _date(tags, 25)
    clock = tags.get(26, [b""])[0]
    entries["recorded"] = day + (f" {clock[0]:02d}:{clock[1]:02d}:{clock[2]:02d}" if day and len(clock) >= 3 else "")
    entries["born"] = _date(tags, 5)
    entries["age"] = _age(tags.get(4, [b""])[0]) or age_between(entries["born"], day)
    sex = tags.get(8, [b""])[0]
    entries["sex"] = _SEXES.get(sex[0], "") if sex else ""
    said = [entries["diagnosis"], *_statements(statements)]
    entries["diagnosis"] = "\n".join(text for text in said if text)
    return patient_from(entries), _recorded(tags)


def _tags(section: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    place = 0
    while place + 3 <= len(section) and section[place] != 255:
        tag, length = struct.unpack_from("<BH", section, place)
        found.setdefault(tag, []).append(section[place + 3 : place + 3 + length])
        place += 3 + length
    return found


def _text(value: bytes) -> str:
    return decoded(value.split(b"\0")[0]).strip()


def _date(tags: dict[int, list[bytes]], tag: int) -> str:
    value = tags.get(tag, [b""])[0]
    if len(value) < 4:
        return ""
    year, month, day = struct.unpack_from("<HBB", value)
    return f"{year:04d}-{month:02d}-{day:02d}" if 1850 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31 else ""


def _age(value: bytes) -> str:
    if len(value) < 3:
        return ""
    number, unit = struct.unpack_from("<HB", value)
    return f"{number} {_YEARS_IN[unit]}" if unit in _YEARS_IN and number else ""


def _statements(section: bytes) -> list[str]:
    """Section 8: confirmation, date and time (8 bytes), how many, then number (1), length (2) and text of each."""
    texts = []
    place = 9
    for _ in range(section[8] if len(section) > 8 else 0):
        if place + 3 > len(section):
            break
        length = int.from_bytes(section[place + 1 : place + 3], "little")
        texts.append(_text(section[place + 3 : place + 3 + length]))
        place += 3 + length
    return texts


def _recorded(tags: dict[int, list[bytes]]) -> str:
    device = tags.get(14, [b""])[0]
    model = _text(device[8:14])
    # Revision of the analysis, serial number, two programs, maker: each ends with a zero.
    texts = device[36:].split(b"\0")
    maker = _text(texts[4]) if len(texts) > 4 else ""
    device = shown(" ".join(part for part in (maker, model) if part and part.lower() != "unknown"), 60)
    filters = []
    high, low, bits = (tags.get(tag, [b""])[0] for tag in (27, 28, 29))
    if len(high) >= 2 and any(high[:2]):
        filters.append(f"high pass {int.from_bytes(high[:2], 'little') / 100:g} Hz")
    if len(low) >= 2 and any(low[:2]):
        filters.append(f"low pass {int.from_bytes(low[:2], 'little')} Hz")
    if bits:
        filters += [name for bit, name in ((1, "notch 60 Hz"), (2, "notch 50 Hz")) if bits[0] & bit]
    says = f"Recorded with {device}. " if device else ""
    return (says + (f"Filters of the device: {', '.join(filters)}." if filters else "")).strip()
