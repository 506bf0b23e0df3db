"""The curve of how well each moment matches a question."""

import numpy as np
import pytest

from ecgclip_core.figures.layouts import LAYOUTS
from ecgclip_core.figures.moments import CURVE_BAND, LEAST_SPAN, Curve
from ecgclip_core.figures.paper import paper
from ecgclip_core.figures.ribbon import RIBBON_HEIGHT, Ribbon

SPEED = 25.0


@pytest.fixture(scope="module")
def curve():
    times = np.arange(125) * 0.08
    return Curve(times, np.sin(times).astype(np.float32) - 3)


def drawn(figure):
    (trace,) = [trace for trace in figure.data if trace.meta == "moments"]
    return trace


@pytest.mark.parametrize("layout", ["3x4+1", "3x4+3", "12x1"])
@pytest.mark.parametrize("start", [0.0, 4.0])
def test_each_point_stands_below_its_own_second_of_the_strip(make_ecg, curve, layout, start):
    figure = paper(make_ecg(), layout, SPEED, start=start, curve=curve)
    trace, strip = drawn(figure), [trace for trace in figure.data if trace.meta in ("lead", "rhythm")][-1]
    seconds = trace.customdata[:, 0]
    assert np.allclose(trace.x, (seconds - start) * SPEED, atol=1e-3)
    assert seconds.min() >= start
    assert strip.customdata[0][0] == pytest.approx(start)
    assert trace.x.max() <= strip.x0 + strip.dx * len(strip.y) + SPEED * 0.08


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_it_never_covers_the_row_of_a_trace(make_ecg, curve, layout):
    lower_end = -LAYOUTS[layout].rows * LAYOUTS[layout].row_height
    assert drawn(paper(make_ecg(), layout, SPEED, curve=curve)).y.max() < lower_end


def test_the_page_grows_by_the_curve_and_the_ribbon_moves_below_it(make_ecg, curve):
    ribbon = Ribbon(np.array([0.0, 5.0, 10.0]), np.array([0, 1]), np.zeros(2), ["#111111", "#222222"], ["a", "b"])
    heights = {
        (bool(one), bool(two)): paper(make_ecg(), ribbon=one, curve=two).layout.meta["height_mm"]
        for one in (None, ribbon)
        for two in (None, curve)
    }
    assert heights[False, True] - heights[False, False] == pytest.approx(CURVE_BAND)
    assert heights[True, True] - heights[False, False] == pytest.approx(CURVE_BAND + RIBBON_HEIGHT)
    both = paper(make_ecg(), ribbon=ribbon, curve=curve)
    (cells,) = [trace for trace in both.data if trace.meta == "ribbon"]
    assert max(cells.y) < drawn(both).y.min()


def test_zero_is_on_the_scale_also_where_every_moment_lies_below(curve):
    low, high = curve.limits()
    assert low < curve.values.min() + 1e-6
    assert high == 0


def test_hardly_any_difference_is_not_blown_up():
    low, high = Curve(np.arange(3.0), np.array([0.01, 0.02, 0.01])).limits()
    assert high - low == pytest.approx(LEAST_SPAN)


def test_without_a_question_nothing_is_drawn(make_ecg):
    assert not [trace for trace in paper(make_ecg()).data if trace.meta == "moments"]
