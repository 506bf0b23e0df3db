"""The reliability curve."""

import numpy as np

from ecgclip_core.figures.reliability import LOW_END, reliability_figure

BINS = [
    {"probability": 0.01, "observed": 0.0, "answers": 50},
    {"probability": 0.06, "observed": 0.1, "answers": 50},
    {"probability": 0.9, "observed": 0.8, "answers": 51},
]


def test_both_panels_hold_every_point_and_the_diagonal():
    figure = reliability_figure(BINS)
    whole, closer = (trace for trace in figure.data if trace.name == "answers")
    for points in (whole, closer):
        assert np.allclose(points.x, [0.01, 0.06, 0.9])
        assert np.allclose(points.y, [0.0, 0.1, 0.8])
    diagonals = [trace for trace in figure.data if trace.name != "answers"]
    assert all(tuple(line.x) == tuple(line.y) for line in diagonals)


def test_one_panel_shows_all_and_the_other_the_low_end():
    layout = reliability_figure(BINS).layout
    assert layout.xaxis.range[0] < 0 and layout.xaxis.range[1] > 1
    assert LOW_END < layout.xaxis2.range[1] < 2 * LOW_END
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
