"""The page: millimetres, calibration, and what is laid behind the traces."""

import re

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures.layouts import LAYOUTS, panels
from ecgclip_core.figures.overlay import LEVELS, bands, levels, saliency_shapes
from ecgclip_core.figures.paper import paper
from ecgclip_core.figures.ribbon import Ribbon, cell_edges

RATE = 500


def recording(duration=10.0, rate=RATE, **more):
    """Every lead 0 mV with a step of 1 mV from 0.5 s to 0.7 s in every 2.5 s."""
    times = np.arange(round(duration * rate)) / rate
    step = ((times % 2.5 >= 0.5) & (times % 2.5 < 0.7)).astype(np.float32)
    return ECG(np.tile(step, (12, 1)), rate, **more)


def ribbon(cells=125, duration=10.0):
    times = (np.arange(cells) + 0.5) * duration / cells
    colours = ["#0072B2", "#D55E00"]
    labels = np.arange(cells) % 2
    return Ribbon(cell_edges(times, duration), labels, np.linspace(0, 1, cells), colours, ["one", "two"])


def x_of(trace):
    return trace.x0 + trace.dx * np.arange(len(trace.y))


def numbers(path):
    return np.array([float(n) for n in re.findall(r"-?\d+\.?\d*", path)]).reshape(-1, 2)


def pulse(figure):
    return [shape for shape in figure.layout.shapes if shape.name == "calibration pulse"]


def test_a_millimetre_is_the_same_length_in_x_and_y():
    figure = paper(recording())
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.yaxis.scaleratio == 1


@pytest.mark.parametrize("axis", ["xaxis", "yaxis"])
def test_grid_lines_stand_every_millimetre_and_every_fifth(axis):
    grid = paper(recording()).layout[axis]
    assert (grid.dtick, grid.minor.dtick, grid.tick0, grid.minor.tick0) == (5, 1, 0, 0)
    assert grid.minor.showgrid


@pytest.mark.parametrize(("speed", "gain"), [(25, 10), (50, 5), (12.5, 20)])
def test_one_millivolt_is_gain_tall_and_one_second_is_speed_wide(speed, gain):
    strip = paper(recording(), speed=speed, gain=gain).data[-1]
    assert np.ptp(strip.y) == pytest.approx(gain, abs=1e-4)
    x = x_of(strip)
    assert x[RATE] - x[0] == pytest.approx(speed)


def test_calibration_pulse_is_5_by_10_mm_before_every_row():
    (shape,) = pulse(paper(recording()))
    strokes = [numbers(stroke) for stroke in shape.path.split("M")[1:]]
    assert len(strokes) == 4
    for points in strokes:
        top = points[points[:, 1] == points[:, 1].max()]
        assert np.ptp(top[:, 0]) == pytest.approx(5)
        assert np.ptp(points[:, 1]) == pytest.approx(10)
        assert points[:, 0].max() < 0


def test_an_unscaled_recording_has_no_pulse_no_gain_and_no_millivolts():
    figure = paper(recording(units="unscaled"))
    words = " ".join(text.text for text in figure.layout.annotations)
    assert not pulse(figure)
    assert "amplitude not calibrated" in words
    assert "mm/mV" not in words
    assert all("mV" not in trace.hovertemplate for trace in figure.data)


def test_speed_gain_filter_and_rate_are_written_on_the_tracing():
    words = " ".join(text.text for text in paper(recording()).layout.annotations)
    for part in ("25 mm/s", "10 mm/mV", "filter off", "500 Hz", "research use only"):
        assert part in words


def test_a_simulated_recording_says_so_on_the_tracing():
    words = [text.text for text in paper(recording(truth=object())).layout.annotations]
    assert any("simulated" in text for text in words)
    assert not any("simulated" in text.text for text in paper(recording()).layout.annotations)


def test_the_page_has_twelve_leads_in_columns_of_two_and_a_half_seconds_and_lead_ii_below():
    figure = paper(recording())
    assert [trace.name for trace in figure.data] == [*LEADS, "II"]
    for index, trace in enumerate(figure.data[:12]):
        assert x_of(trace)[0] == pytest.approx(62.5 * (index // 3))
        assert len(trace.y) == 2.5 * RATE
        assert trace.customdata[0, 0] == pytest.approx(2.5 * (index // 3))
    assert len(figure.data[12].y) == 10 * RATE


def test_traces_are_svg_and_single_precision():
    for trace in paper(recording()).data:
        assert trace.type == "scatter"
        assert trace.y.dtype == np.float32


def test_a_missing_lead_is_named_as_missing_and_others_are_drawn():
    signal = recording().signal.copy()
    signal[LEADS.index("V2")] = np.nan
    figure = paper(ECG(signal, RATE))
    assert [text.text for text in figure.layout.annotations].count("lead missing") == 1
    assert np.isnan(figure.data[LEADS.index("V2")].y).all()
    assert np.isfinite(figure.data[LEADS.index("V1")].y).all()


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if LAYOUTS[name].columns])
@pytest.mark.parametrize("duration", [0.9, 2.0, 5.0, 10.0, 60.0])
def test_every_lead_is_on_the_page_however_long_the_recording(layout, duration):
    figure = paper(recording(duration), layout)
    assert {trace.name for trace in figure.data} == set(LEADS)
    assert all(len(trace.y) for trace in figure.data)


def test_a_later_page_begins_where_asked():
    figure = paper(recording(60), start=20)
    assert figure.data[-1].customdata[0, 0] == pytest.approx(20)
    assert x_of(figure.data[-1])[0] == pytest.approx(0)


def test_an_offset_of_the_baseline_stays_inside_its_row():
    shifted = ECG(recording().signal + 3, RATE)
    for here, there in zip(paper(recording()).data, paper(shifted).data, strict=True):
        assert np.allclose(here.y, there.y, atol=1e-4)


def test_the_overlay_leaves_the_traces_as_they_are_and_lies_behind_them():
    values = np.random.default_rng(0).normal(size=(12, 10 * RATE))
    bare, overlaid = paper(recording()), paper(recording(), saliency=values, ribbon=ribbon())
    for here, there in zip(bare.data, overlaid.data, strict=False):
        assert np.array_equal(here.y, there.y)
        assert (here.x0, here.dx) == (there.x0, there.dx)
    assert all(shape.layer in ("below", "between") for shape in overlaid.layout.shapes)


def test_bands_are_forty_milliseconds_and_keep_the_mean():
    values = np.random.default_rng(1).normal(size=(12, 5000))
    banded = bands(values, 500)
    assert banded.shape == (12, 250)
    assert np.allclose(banded, values.reshape(12, 250, 20).mean(axis=2))
    assert bands(np.ones((12, 1000)), 100).shape == (12, 250)


@pytest.mark.parametrize(("signed", "words"), [(True, "speaks against"), (False, "little")])
def test_the_legend_speaks_of_for_and_against_only_where_the_map_tells_them_apart(signed, words):
    figure = paper(recording(), saliency=np.ones((12, 5000)), signed=signed)
    assert words in [text.text for text in figure.layout.annotations]


def test_one_colour_scale_holds_for_all_leads():
    banded = np.zeros((12, 250))
    banded[0, 100:150], banded[1, 100:150] = 1.0, 0.5
    steps = levels(banded)
    assert steps[0, 120] == LEVELS
    assert 0 < steps[1, 120] < LEVELS
    assert not steps[2].any()


def test_no_attribution_draws_no_band():
    assert saliency_shapes(np.zeros((12, 5000)), 500, panels("3x4+1", 10, 25), 25) == []


def test_a_band_stands_where_the_attribution_was():
    values = np.zeros((12, 5000))
    values[LEADS.index("V1"), 3000:3100] = 1.0  # 6.0 to 6.2 s; V1 shows 5.0 to 7.5 s from 125 mm on
    (shape,) = saliency_shapes(values, 500, panels("3x4+1", 10, 25), 25)
    x = numbers(shape["path"])[:, 0]
    assert (x.min(), x.max()) == (pytest.approx(150), pytest.approx(155))


def test_the_cluster_ribbon_shares_the_time_axis_of_the_rhythm_strip():
    figure = paper(recording(), ribbon=ribbon())
    cells = [numbers(s.path)[:, 0] for s in figure.layout.shapes if s.fillcolor in ("#0072B2", "#D55E00")]
    edges = np.unique(np.round(np.concatenate(cells), 2))
    assert np.allclose(edges, np.arange(126) * 2.0)
    strip = figure.data[12]
    assert np.array_equal(strip.customdata[:, 2] - 1, (strip.customdata[:, 0] / 0.08 + 1e-4).astype(int) % 2)


def test_the_ribbon_lies_below_every_trace():
    figure = paper(recording(), ribbon=ribbon())
    upper = max(numbers(s.path)[:, 1].max() for s in figure.layout.shapes if s.fillcolor in ("#0072B2", "#D55E00"))
    assert upper < min(np.nanmin(trace.y) for trace in figure.data if trace.meta != "ribbon")


def test_hover_tells_lead_time_millivolts_cluster_and_certainty():
    template = paper(recording(), ribbon=ribbon()).data[0].hovertemplate
    for part in ("<b>I</b>", " s", " mV", "cluster", "certainty"):
        assert part in template


def test_hover_tells_the_wave_and_the_attribution():
    values = np.zeros((12, 5000))
    values[1, 2500:2520] = -1
    waves = np.full((12, 5000), "between waves", dtype=object)
    waves[:, 2500:2550] = "QRS complex"
    strip = paper(recording(), saliency=values, waves=waves).data[-1]
    assert "%{text}" in strip.hovertemplate
    assert "attribution %{customdata[2]:.0f} %" in strip.hovertemplate
    at = int(np.argmin(strip.customdata[:, 2]))
    assert strip.customdata[at, 2] == pytest.approx(-100)
    assert strip.text[at] == "QRS complex"
    assert strip.customdata[0, 2] == 0
    assert "%{text}" not in paper(recording()).data[0].hovertemplate


def test_all_zero_and_all_missing_recordings_are_drawn():
    for signal in (np.zeros((12, 5000)), np.full((12, 5000), np.nan)):
        for units in ("mV", "unscaled"):
            paper(ECG(signal, RATE, units)).to_json()
