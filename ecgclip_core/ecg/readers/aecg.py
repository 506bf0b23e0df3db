"""HL7 aECG: the annotated ECG of drug trials, XML with the samples as numbers in the text.

::

    AnnotatedECG
      component/series                        a recording; code RHYTHM
        author/seriesAuthor                   device and maker
        controlVariable                       filters
        component/sequenceSet                 channels recorded together
          component/sequence                  code TIME_ABSOLUTE or TIME_RELATIVE
            value (GLIST_TS, GLIST_PQ)        head, increment: when the first sample was, and the step
          component/sequence                  code MDC_ECG_LEAD_II
            value (SLIST_PQ, SLIST_INT)       origin, scale, digits: amplitude = origin + scale x digit
        derivation/derivedSeries              representative beats, set aside

Reference: Brown and Badilini, "HL7 aECG Implementation Guide", 2005; ANSI/HL7 V3 ECG, R1-2004.
"""

import re
from datetime import datetime
from xml.etree.ElementTree import Element

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.demographics import age_between, patient_from
from ecgclip_core.ecg.limits import MAX_DURATION, MAX_SAMPLING_RATE, check_sampling_rate
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.pieces import Piece, joined
from ecgclip_core.ecg.recording import Patient
from ecgclip_core.ecg.units import is_scaleless, millivolts_per
from ecgclip_core.ecg.xml_tree import number_in, root_called, text_at
from ecgclip_core.errors import RecordingError

FORMAT = "HL7 aECG"
EXTENSIONS = (".xml", ".aecg")
KINDS = ("an HL7 aECG file",)
TRIED_ON_REAL = True

ROOT = "AnnotatedECG"
_TIMES = ("TIME_ABSOLUTE", "TIME_RELATIVE")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def companions(name: str, content: bytes) -> tuple[str, ...]:
    """None: such a recording is one file."""
    return ()


def read(name: str, files: dict[str, bytes]) -> Channels:
    """Read the rhythm of an annotated ECG.

    Parameters
    ----------
    name : str
        Which of the files.
    files : dict of str to bytes

    Returns
    -------
    Channels
        A unit is None where the file gives amplitudes without one.

    Raises
    ------
    RecordingError
        Where the file is damaged, of another dialect, or holds no rhythm.
    """
    root = root_called(ROOT, name, files[name])
    series = _rhythms(name, root)
    notes = []
    read_from = [_pieces(name, one) for one in series]
    best = max(range(len(series)), key=lambda number: _size(read_from[number][1]))
    rate, pieces = read_from[best]
    if not pieces:
        raise RecordingError(f"{name} is an HL7 aECG without any samples. Export it again with its waveforms.")
    if len(series) > 1:
        notes.append(f"The file holds {len(series)} recordings; number {best + 1}, with the most samples, was read.")
    if root.find(".//derivedSeries") is not None:
        notes.append("The representative beats of the file were set aside; its rhythm was read.")
    if len({piece.start for piece in pieces}) > 1:
        notes.append("The leads were not all recorded at the same time.")
    names, units, signal = joined(name, pieces, rate)
    return Channels(names, signal, units, rate, _patient(root, series[best]), tuple(notes), _recorded(series[best]))


def _rhythms(name: str, root: Element) -> list[Element]:
    every = [element for element in root.iter() if element.tag in ("series", "derivedSeries")]
    if not every:
        raise RecordingError(
            f"{name} is an HL7 aECG without a recording in it (no series). Export it again with its waveforms."
        )
    rhythms = [one for one in every if one.tag == "series" and "BEAT" not in _code(one)]
    rhythms = rhythms or [one for one in every if "RHYTHM" in _code(one)]
    if not rhythms:
        raise RecordingError(f"{name} holds representative beats, no rhythm. Export the whole recording.")
    return rhythms


def _code(element: Element) -> str:
    code = element.find("code")
    return "" if code is None else code.get("code", "").upper()


def _pieces(name: str, series: Element) -> tuple[float, list[Piece]]:
    """Sampling rate (Hz) and the sequence sets of a recording."""
    found: list[tuple[float, float | None, list]] = []
    for together in series.findall("component/sequenceSet"):
        sequences = [(_code(sequence), sequence.find("value")) for sequence in together.findall("component/sequence")]
        clock = next((value for code, value in sequences if code in _TIMES and value is not None), None)
        leads = [(code, value) for code, value in sequences if code not in _TIMES and value is not None]
        leads = [(code, value) for code, value in leads if value.find("digits") is not None]
        if not leads:
            continue
        if clock is None or clock.find("increment") is None:
            raise RecordingError(f"{name} does not say how far its samples are apart. Export it again.")
        rate = _rate(name, clock.find("increment"))
        found.append((rate, _seconds(clock.find("head")), [_channel(name, code, value) for code, value in leads]))
    if not found:
        return 0.0, []
    rate = max((rate for rate, _, _ in found), key=lambda each: sum(len(c) for r, _, c in found if r == each))
    begins = [begin for each, begin, _ in found if each == rate]
    # Without a time for each set there is no telling how they follow each other: they begin together.
    first = min(begins) if None not in begins else None
    pieces = []
    for each, begin, channels in found:
        if each == rate:
            late = 0.0 if first is None else begin - first
            pieces.append(_piece(round(late * rate) if late < MAX_DURATION else 0, channels))
    return rate, pieces


def _size(pieces: list[Piece]) -> int:
    return sum(piece.signal.size for piece in pieces)


def _rate(name: str, increment: Element) -> float:
    step = number_in(name, "time between two samples", increment.get("value", ""))
    unit = increment.get("unit", "s").strip().lower()
    if unit not in _SECONDS or not step > 0:
        raise RecordingError(f"{name} gives its samples a distance of {step:g} {shown(unit, 12)}, which is no time.")
    rate = 1 / (step * _SECONDS[unit]) if step * _SECONDS[unit] > 1 / (2 * MAX_SAMPLING_RATE) else np.inf
    rate = float(round(rate, 6)) if np.isfinite(rate) else rate
    check_sampling_rate(name, rate)
    return rate


def _seconds(head: Element | None) -> float | None:
    """The time of the first sample: of the day where it is absolute, else as it stands."""
    if head is None:
        return None
    text, unit = head.get("value", "").strip(), head.get("unit", "").strip().lower()
    if unit in _SECONDS:
        try:
            return float(text) * _SECONDS[unit]
        except ValueError:
            return None
    match = re.match(r"(\d{14})(\.\d{1,6})?", text)
    try:
        day = datetime.strptime(match[1], "%Y%m%d%H%M%S") if match else None
    except ValueError:
        return None
    return None if day is None else (day - datetime(1970, 1, 1)).total_seconds() + float(match[2] or 0)


def _channel(name: str, code: str, value: Element) -> tuple[str, str | None, np.ndarray]:
    lead = re.sub(r"^MDC_ECG_LEAD_", "", code)
    scale, origin = value.find("scale"), value.find("origin")
    text = "".join(value.find("digits").itertext()).replace(",", " ")
    try:
        digits = np.array(text.split(), dtype=np.float64)
    except ValueError as fault:
        raise RecordingError(
            f"{name}: the samples of lead {shown(lead, 20)} are not all numbers. The file is damaged; export it again."
        ) from fault
    unit = None
    if scale is not None:
        unit = scale.get("unit", "").strip() or None
        digits = digits * number_in(name, "scale", scale.get("value", ""))
    if origin is not None and origin.get("value"):
        offset = number_in(name, "origin", origin.get("value", ""))
        other = (origin.get("unit") or unit or "").strip()
        ratio = (millivolts_per(other) or 1.0) / (millivolts_per(unit or other) or 1.0)
        digits = digits + offset * ratio
    if unit is not None and millivolts_per(unit) is None and is_scaleless(unit):
        unit = "unscaled"
    return lead, unit, digits


def _piece(start: int, channels: list) -> Piece:
    """Leads of one set; where one is shorter than the others, its end is blank."""
    length = max(len(samples) for _, _, samples in channels)
    signal = np.full((len(channels), length), np.nan)
    for row, (_, _, samples) in zip(signal, channels, strict=True):
        row[: len(samples)] = samples
    return Piece(start, tuple(lead for lead, _, _ in channels), tuple(unit for _, unit, _ in channels), signal)


def _patient(root: Element, series: Element) -> Patient:
    person = root.find(".//subjectDemographicPerson")
    subject = root.find(".//trialSubject/id")
    recorded = _value(series, "effectiveTime/low") or _value(root, "effectiveTime/center")
    recorded = recorded or _value(root, "effectiveTime/low")
    born = _value(person, "birthTime")
    statements = []
    for note in root.iter("annotation"):
        if "INTERPRETATION" in _code(note):
            statements += ["".join(value.itertext()).strip() for value in note.iter("value")]
    entries = {
        "age": age_between(born, recorded),
        "sex": _value(person, "administrativeGenderCode", "code"),
        "name": ""
        if person is None or person.find("name") is None
        else " ".join(person.find("name").itertext()).strip(),
        "identifier": "" if subject is None else subject.get("extension", ""),
        "born": born,
        "recorded": recorded,
        "trial": text_at(root, ".//clinicalTrial/title"),
        "diagnosis": "\n".join(text for text in statements if text),
    }
    return patient_from(entries)


def _value(element: Element | None, path: str, attribute: str = "value") -> str:
    found = None if element is None else element.find(path)
    return "" if found is None else found.get(attribute, "")


def _recorded(series: Element) -> str:
    maker = text_at(series, ".//manufacturerOrganization/name")
    model = text_at(series, ".//manufacturedSeriesDevice/manufacturerModelName")
    device = shown(" ".join(part for part in (maker, model) if part), 60)
    filters = []
    for control in series.findall("controlVariable/controlVariable"):
        kind = re.search(r"FILTER_(LOW_PASS|HIGH_PASS|NOTCH)$", _code(control))
        if kind:
            # Low pass and high pass have a cut-off, notches a frequency.
            hertz = next((one for one in control.iter("value") if one.get("unit", "").lower() == "hz"), None)
            named = {"LOW_PASS": "low pass", "HIGH_PASS": "high pass", "NOTCH": "notch"}[kind[1]]
            filters.append(named if hertz is None else f"{named} {shown(hertz.get('value', ''), 8)} Hz")
    says = f"Recorded with {device.rstrip('.')}. " if device else ""
    return (says + (f"Filters of the device: {listed(filters, 4)}." if filters else "")).strip()
