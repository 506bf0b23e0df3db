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
    """Every measurement with its unit, or the reason why there is none."""
    named = dict(measurements.items())
    rows = [
        (label, figure(named[key]) if named[key].value is not None else named[key].status, named[key].reason)
        for key, label in TABLE.items()
        if key in named
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Measurement", "Value", "Why not"]),
        hide_index=True,
        width="stretch",
        column_config={"Measurement": st.column_config.TextColumn(width="small")},
    )


def st_table(measurements: Measurements) -> None:
    """ST levels of all leads, in millimetres at 10 mm/mV."""
    rows = {
        "at J (mV)": [_level(m) for m in measurements.st.values()],
        "60 ms later (mV)": [_level(m) for m in measurements.st60.values()],
    }
    st.dataframe(pd.DataFrame(rows, index=list(measurements.st)).T, width="stretch")


def figure(measurement: Measurement) -> str:
    """A number with its unit; whole numbers, since no more is known."""
    unit = "°" if measurement.unit == "degrees" else f"{NO_BREAK}{measurement.unit}"
    return f"{measurement.value:.0f}{unit}"


def _strip_value(measurement: Measurement) -> str:
    return measurement.status if measurement.value is None else figure(measurement)


def _level(measurement: Measurement) -> str:
    return measurement.status if measurement.value is None else f"{measurement.value:+.2f}"
