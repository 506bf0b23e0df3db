"""The median beat with the measurements of criteria, and with a map behind it."""

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures.beat_panels import GAIN, SPEED, beat_sheet
from ecgclip_core.figures.criteria_beat import (
    LOOKS,
    Mark,
    criteria_beat_figure,
    criteria_levels,
    map_beat_figure,
    said,
)

TIMES = np.arange(-100, 150) / 250
WAVES = {"P": (-0.2, -0.15, -0.1), "QRS": (-0.04, 0.0, 0.05), "T": (0.2, 0.28, 0.36)}


@pytest.fixture
def signal():
    """R of 1 mV in all leads, of 3 mV in V5."""
    beat = np.exp(-0.5 * (TIMES / 0.015) ** 2)
    return np.stack([beat * (3 if lead == "V5" else 1) for lead in LEADS]).astype(np.float32)


def test_no_lead_reaches_into_the_next_row(signal):
    laid = beat_sheet(signal, TIMES, LEADS, columns=3)
    for panel in laid.panels:
        height = signal[LEADS.index(panel.lead)] * GAIN + panel.y
        assert panel.bottom < height.min() and height.max() < panel.top
    assert len({panel.x for panel in laid.panels}) == 3


def test_a_limit_is_a_line_at_its_height_and_a_measurement_a_mark_at_its_own(signal):
    mark = Mark("r_mv", "R", "V1", 1.0, "≥", 0.6, "met")
    laid = beat_sheet(signal, TIMES, ["V1"], also=criteria_levels([mark]))
    figure = criteria_beat_figure(laid, signal, WAVES, [mark])
    (panel,) = laid.panels
    line = next(shape for shape in figure.layout.shapes if shape.type == "line")
    assert line.y0 == line.y1 == pytest.approx(panel.y + 0.6 * GAIN)
    point = figure.data[-1]
    assert point.y[0] == pytest.approx(panel.y + GAIN)
    assert point.x[0] == pytest.approx(laid.at(panel, 0.0), abs=0.5)


def test_q_and_s_point_down(signal):
    mark = Mark("s_mv", "S", "V1", 0.5, ">", 0.3, "met")
    laid = beat_sheet(signal, TIMES, ["V1"], also=criteria_levels([mark]))
    figure = criteria_beat_figure(laid, signal, WAVES, [mark])
    line = next(shape for shape in figure.layout.shapes if shape.type == "line")
    assert line.y0 == pytest.approx(laid.panels[0].y - 0.3 * GAIN)


def test_a_duration_is_a_bar_as_long_as_it_lasts(signal):
    mark = Mark("qrs", "QRS", "V1", 90.0, "≥", 120.0, "not met", -0.04)
    laid = beat_sheet(signal, TIMES, ["V1"], also=criteria_levels([mark]))
    bar = criteria_beat_figure(laid, signal, WAVES, [mark]).data[-1]
    assert bar.x[1] - bar.x[0] == pytest.approx(0.09 * SPEED)


def test_states_differ_in_form_as_well_as_in_colour():
    assert len({colour for colour, _, _ in LOOKS.values()}) == len(LOOKS)
    assert len({symbol for _, symbol, _ in LOOKS.values()}) == len(LOOKS)


def test_what_is_not_calibrated_gets_no_amplitudes(signal):
    mark = Mark("r_mv", "R", "V1", None, "≥", 0.6, "not measurable")
    laid = beat_sheet(signal, TIMES, ["V1"], calibrated=False)
    figure = criteria_beat_figure(laid, signal, WAVES, [mark])
    assert len(figure.data) == 1 and not any(shape.type == "line" for shape in figure.layout.shapes)


def test_a_measurement_is_said_in_words():
    assert said(Mark("s_mv", "S", "V1", 1.2, "≥", 3.5, "not met")) == "V1: S 1.20 mV, ≥ 3.50 mV: not met"
    assert said(Mark("qrs", "QRS", "I", None, "≥", 120.0, "not measurable")).startswith("I: QRS not measured")


def test_the_map_lies_in_the_lead_and_at_the_moment_that_carry_it(signal):
    laid = beat_sheet(signal, TIMES, LEADS)
    times = np.arange(-0.3, 0.5, 0.02)
    values = np.zeros((12, len(times)))
    values[LEADS.index("V3"), 15] = 1.0
    (shape,) = map_beat_figure(laid, signal, WAVES, values, times).layout.shapes
    panel = next(panel for panel in laid.panels if panel.lead == "V3")
    left, right = (laid.at(panel, times[15] + step) for step in (-0.01, 0.01))
    assert shape.path.startswith(f"M{left:.2f},") and f"L{right:.2f}," in shape.path
