"""The ribbon below the strip."""

from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.figures.ribbon import CLUSTER_HEIGHT, Ribbon, cell_edges, ribbon_shapes


@pytest.fixture
def ribbon():
    edges = cell_edges(np.array([0.0, 1.0, 2.0]), 3.0)
    return Ribbon(edges, np.array([0, 1, 0]), np.zeros(3), ["#111111", "#222222"], ["a", "b"])


def heights(shapes, colour):
    """Height of each rectangle of a colour, from its path."""
    (path,) = [shape["path"] for shape in shapes if shape["fillcolor"] == colour]
    found = []
    for piece in path.replace("Z", "").split("M")[1:]:
        ys = [float(point.split(",")[1]) for point in piece.replace("L", " ").split() if "," in point]
        found.append(max(ys) - min(ys))
    return found


def test_a_cell_is_lower_where_small_changes_of_the_input_move_its_cluster(ribbon):
    changed = replace(ribbon, robustness=np.array([1.0, 0.5, 0.0]))
    whole, first, second = (
        heights(ribbon_shapes(one, 0, 3, 0.0, 25.0), colour)
        for one, colour in ((ribbon, "#111111"), (changed, "#111111"), (changed, "#222222"))
    )
    assert whole == pytest.approx([CLUSTER_HEIGHT] * 2)
    assert first == pytest.approx([CLUSTER_HEIGHT, 0.2 * CLUSTER_HEIGHT])
    assert second == pytest.approx([0.5 * CLUSTER_HEIGHT])
