"""Layouts, orders, speeds, gains, pages and filters; the numbers are those of docs/display.md."""

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG, Patient
from ecgclip_core.figures.layouts import (
    GAINS,
    LAYOUTS,
    ORDERS,
    SPEEDS,
    page_height,
    page_starts,
    page_width,
    panels,
    rhythm_leads,
)
from ecgclip_core.figures.paper import paper

RATE = 500


def recording(duration=10.0, rate=RATE, **more):
    """Every lead another sine, 1 mV from lowest to highest."""
    times = np.arange(round(duration * rate)) / rate
    return ECG(np.stack([0.5 * np.sin(2 * np.pi * (1 + 0.1 * k) * times) for k in range(12)]), rate, **more)


def names(figure):
    return [trace.name for trace in figure.data]


def written(figure):
    return " ".join(text.text for text in figure.layout.annotations)


def numbers(path):
    return [[float(n) for n in point.split(",")] for point in path.replace("M", "L").split("L")[1:]]


def test_d5_each_layout_has_its_rows_and_columns():
    corners = {
        name: (len({p.x for p in placed}), len({p.y for p in placed}), sum(p.rhythm for p in placed))
        for name, placed in ((name, panels(name, 10, 25)) for name in LAYOUTS)
    }
    assert corners == {"3x4+1": (4, 4, 1), "3x4+3": (4, 6, 3), "6x2": (2, 6, 0), "12x1": (1, 12, 0), "1": (1, 1, 1)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_d5_rows_do_not_share_their_room_and_fit_on_the_page(layout):
    placed = panels(layout, 10, 25)
    heights = sorted({p.y for p in placed})
    assert np.diff(heights).min(initial=99) >= placed[0].row_height
    assert -heights[0] + placed[0].row_height / 2 < page_height(layout)


def test_d5_a_single_lead_has_millimetres_twice_as_long_on_the_same_screen():
    alone = paper(recording(), "1", rhythm="V3")
    assert names(alone) == ["V3"]
    assert page_width("1") == pytest.approx(141)
    assert page_width("3x4+1") / page_width("1") > 1.8


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("gain", GAINS)
def test_d6_d7_a_second_is_the_speed_wide_and_a_millivolt_the_gain_tall_and_both_are_written(speed, gain):
    figure = paper(recording(20), "3x4+1", speed, gain)
    strip = figure.data[-1]
    assert strip.dx * RATE == pytest.approx(speed)
    assert np.ptp(strip.y) == pytest.approx(gain, rel=0.01)
    assert f"{speed:g} mm/s" in written(figure)
    assert f"{gain:g} mm/mV" in written(figure)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("speed", SPEEDS)
def test_d6_the_page_keeps_its_width_at_every_speed_and_holds_every_trace_and_pulse(layout, speed):
    figure = paper(recording(30), layout, speed)
    left, right = figure.layout.xaxis.range
    assert right - left == page_width(layout)
    for trace in figure.data:
        assert trace.x0 >= 0
        assert trace.x0 + trace.dx * len(trace.y) <= right
    (pulse,) = [shape for shape in figure.layout.shapes if shape.name == "calibration pulse"]
    assert min(x for x, _ in numbers(pulse.path)) > left


def test_d8_cabrera_turns_from_avl_to_iii_with_avr_upside_down():
    assert ORDERS["Cabrera"][:6] == ("aVL", "I", "-aVR", "II", "aVF", "III")
    figure = paper(recording(), "12x1", order="Cabrera")
    assert names(figure)[:6] == ["aVL", "I", "-aVR", "II", "aVF", "III"]
    assert "<b>-aVR</b>" in written(figure)
    upright = next(trace for trace in paper(recording(), "12x1").data if trace.name == "aVR")
    turned = figure.data[2]
    assert np.allclose(turned.customdata[:, 1], -upright.customdata[:, 1])
    assert np.allclose(turned.y - np.median(turned.y), -(upright.y - np.median(upright.y)), atol=1e-3)


@pytest.mark.parametrize("layout", ["3x4+1", "3x4+3", "6x2", "12x1"])
def test_d8_either_order_has_every_lead(layout):
    for order in ORDERS:
        leads = {panel.lead for panel in panels(layout, 10, 25, order=order)}
        assert leads == set(LEADS)


def test_d9_the_rhythm_strip_is_the_lead_asked_for():
    assert names(paper(recording(), "3x4+1", rhythm="V1"))[-1] == "V1"
    assert rhythm_leads("3x4+3", "II") == ("V1", "V5", "II")
    assert rhythm_leads("3x4+3", "V1") == ("V5", "II", "V1")
    assert rhythm_leads("6x2", "II") == ()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("duration", [1.0, 10.0, 27.3, 61.0])
def test_d11_the_pages_together_show_every_second(layout, speed, duration):
    shown = [
        (panel.start, panel.stop)
        for start in page_starts(layout, speed, duration)
        for panel in panels(layout, duration, speed, start)
    ]
    assert min(a for a, _ in shown) == 0
    assert max(b for _, b in shown) == pytest.approx(duration, abs=0.002)
    gaps = [b for _, b in sorted(shown)]
    assert all(start <= max(gaps[: k + 1]) + 1e-9 for k, (start, _) in enumerate(sorted(shown)[1:]))


def test_d11_a_page_says_which_seconds_it_shows():
    assert "seconds 20 to 30 of 60" in written(paper(recording(60), start=20))
    assert "seconds" not in written(paper(recording()))


def test_d12_a_pacing_spike_of_one_sample_keeps_its_height():
    signal = np.zeros((12, 5000), np.float32)
    signal[:, 1000] = 2.0
    strip = paper(ECG(signal, RATE)).data[-1]
    assert len(strip.y) == 5000
    assert np.ptp(strip.y) == pytest.approx(20)


def test_d13_noise_and_gaps_are_drawn_as_they_are():
    noise = np.random.default_rng(0).normal(size=(12, 5000)).astype(np.float32)
    noise[1, 2000:2500] = np.nan
    strip = paper(ECG(noise, RATE)).data[-1]
    assert strip.connectgaps is False
    assert np.isnan(strip.y[2000:2500]).all()
    drawn = (strip.y - strip.y[0]) / 10
    assert np.allclose(drawn[:2000], noise[1, :2000] - noise[1, 0], atol=1e-4)


def test_d14_a_child_is_drawn_on_the_same_paper():
    child, adult = (paper(recording(patient=Patient(age=age))) for age in (2.0, 50.0))
    assert child.to_json() == adult.to_json()


def test_d15_a_tall_wave_of_the_first_row_is_not_cut_off():
    signal = recording().signal.copy()
    signal[0, 500:520] = 4.0
    figure = paper(ECG(signal, RATE))
    assert figure.layout.yaxis.range[1] > max(np.nanmax(trace.y) for trace in figure.data)
    signal[0, 500:520] = 100.0
    assert paper(ECG(signal, RATE)).layout.yaxis.range[1] <= 40


def test_d10_filters_are_written_on_the_tracing():
    figure = paper(recording(), filtering="filter 0.5-40 Hz (ST may be moved)")
    assert "0.5-40 Hz (ST may be moved)" in written(figure)
    assert "filter off" not in written(figure)
