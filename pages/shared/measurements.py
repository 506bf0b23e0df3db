"""Measurements as a strip of figures and as tables, each with its normal range and a flag where it lies outside."""

from html import escape

import streamlit as st

from ecgclip_core.ecg.measure import Measurement, Measurements
from ecgclip_core.ecg.normal_ranges import HIGH, LOW, NormalRange, normal_range
from ecgclip_core.ecg.recording import Patient
from pages.shared.look import NO_BREAK, figures_row

STRIP = {
    "heart_rate": "Heart rate",
    "pr": "PR",
    "qrs": "QRS",
    "qt": "QT",
    "qtc": "QTc (Fridericia)",
    "p_axis": "P axis",
    "qrs_axis": "QRS axis",
    "t_axis": "T axis",
}
TABLE = STRIP | {
    "atrial_rate": "Atrial rate",
    "rr_irregularity": "RR irregularity",
    "qtc_bazett": "QTc (Bazett)",
    "qtc_framingham": "QTc (Framingham)",
    "qtc_hodges": "QTc (Hodges)",
}
# A sign and a word, so that nothing rests on colour.
FLAGS = {LOW: "▼ low", HIGH: "▲ high"}
OUTSIDE = ' class="outside"'


def measurement_strip(measurements: Measurements, patient: Patient) -> None:
    """The usual figures in one row; the reason where there is none appears under the pointer."""
    figures_row([_strip_cell(label, key, measurements[key], patient) for key, label in STRIP.items()])


def measurement_table(measurements: Measurements, patient: Patient) -> None:
    """Every measurement with its unit and normal range; below the table, why some are not there."""
    named = {label: measurements[key] for key, label in TABLE.items()}
    ranges = {label: normal_range(key, patient) for key, label in TABLE.items()}
    numbers = _numbered([found.source for found in ranges.values() if found])
    rows = [
        [label, shown(one), _flag(one, ranges[label], 0), *_range_cells(one.unit, ranges[label], numbers)]
        for label, one in named.items()
    ]
    st.html(_table(["Measurement", "Value", "Flag", "Normal", "Source"], rows))
    _sources(numbers, [found for found in ranges.values() if found])
    for reason in dict.fromkeys(one.reason for one in named.values() if one.reason):
        which = ", ".join(label for label, one in named.items() if one.reason == reason)
        st.caption(f"{which}: {reason}")


def st_table(measurements: Measurements, patient: Patient) -> None:
    """ST level of every lead; the range holds for the level at J."""
    ranges = {lead: normal_range(f"st_{lead}", patient) for lead in measurements.st}
    numbers = _numbered([found.source for found in ranges.values() if found])
    rows = [
        [
            lead,
            _level(at_j),
            _flag(at_j, ranges[lead], 2),
            *_range_cells("mV", ranges[lead], numbers),
            _level(measurements.st60[lead]),
        ]
        for lead, at_j in measurements.st.items()
    ]
    st.html(_table(["Lead", "ST at J (mV)", "Flag", "Normal at J", "Source", "60 ms later (mV)"], rows))
    _sources(numbers, [found for found in ranges.values() if found])


def figure(measurement: Measurement) -> str:
    """A number with its unit; whole numbers, since no more is known."""
    return f"{measurement.value:.0f}{_unit(measurement.unit)}"


def shown(measurement: Measurement) -> str:
    """A number with its unit, or "absent" or "not measurable"."""
    return measurement.status if measurement.value is None else figure(measurement)


def _strip_cell(label: str, key: str, measurement: Measurement, patient: Patient) -> tuple[str, str, str]:
    flag = _flag(measurement, normal_range(key, patient), 0)
    return f"{label} {flag}".strip(), shown(measurement), measurement.reason


def _flag(measurement: Measurement, found: NormalRange | None, decimals: int) -> str:
    if measurement.value is None or found is None:
        return ""
    return FLAGS.get(found.place(round(measurement.value, decimals)), "")


def _unit(unit: str) -> str:
    return "°" if unit == "degrees" else f"{NO_BREAK}{unit}"


def _range_cells(unit: str, found: NormalRange | None, numbers: dict[str, int]) -> tuple[str, str]:
    return ("–", "") if found is None else (f"{found}{_unit(unit)}", f"[{numbers[found.source]}]")


def _numbered(sources: list[str]) -> dict[str, int]:
    return {source: number for number, source in enumerate(dict.fromkeys(sources), start=1)}


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        f"<tr{OUTSIDE if row[2] else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<table class="ecgclip-criteria ecgclip-ranges"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _sources(numbers: dict[str, int], ranges: list[NormalRange]) -> None:
    """Whose ranges they are, which is said only while the patient is shown, and where they are published."""
    groups = ", ".join(dict.fromkeys(found.group for found in ranges))
    unknown = " The age is not known, so they are those of adults." if "age unknown" in groups else ""
    whose = f"Normal ranges of {groups}" if st.session_state.get("patient_shown") else "Normal ranges for age and sex"
    cited = "<br>".join(f"[{number}] {escape(source)}" for source, number in numbers.items())
    st.html(f'<div class="ecgclip-sources">{escape(whose)}.{escape(unknown)}<br>{cited}</div>')


def _level(measurement: Measurement) -> str:
    return measurement.status if measurement.value is None else f"{round(measurement.value, 2) + 0.0:+.2f}"
