"""Measurements as a strip of figures and as a table."""

import pandas as pd
import streamlit as st

from ecgclip_core.ecg.measure import Measurement, Measurements
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


def measurement_strip(measurements: Measurements) -> None:
    """The usual figures in one row; the reason where there is none appears under the pointer."""
    named = dict(measurements.items())
    figures_row([(label, _strip_value(named[key]), named[key].reason) for key, label in STRIP.items()])


def measurement_table(measurements: Measurements) -> None:
    """Every measurement with its unit; below the table, why some are not there."""
    named = {label: measurements[key] for key, label in TABLE.items()}
    rows = [(label, one.status if one.value is None else figure(one)) for label, one in named.items()]
    table = pd.DataFrame(rows, columns=["Measurement", "Value"])
    st.dataframe(table, hide_index=True, width="stretch", height="content")
    for reason in dict.fromkeys(one.reason for one in named.values() if one.reason):
        which = ", ".join(label for label, one in named.items() if one.reason == reason)
        st.caption(f"{which}: {reason}")


def st_table(measurements: Measurements) -> None:
    """ST level of every lead."""
    rows = [(lead, _level(at_j), _level(measurements.st60[lead])) for lead, at_j in measurements.st.items()]
    table = pd.DataFrame(rows, columns=["Lead", "ST at J (mV)", "60 ms later (mV)"])
    st.dataframe(table, hide_index=True, width="stretch", height="content")


def figure(measurement: Measurement) -> str:
    """A number with its unit; whole numbers, since no more is known."""
    unit = "°" if measurement.unit == "degrees" else f"{NO_BREAK}{measurement.unit}"
    return f"{measurement.value:.0f}{unit}"


def _strip_value(measurement: Measurement) -> str:
    return measurement.status if measurement.value is None else figure(measurement)


def _level(measurement: Measurement) -> str:
    return measurement.status if measurement.value is None else f"{round(measurement.value, 2) + 0.0:+.2f}"
