import pandas as pd
import pytest

from ecgclip_core.figures.efficiency import efficiency_figure
from ecgclip_core.figures.forest import forest


@pytest.fixture
def figure():
    rows = [
        {"model": model, "fraction": share, "recordings": 1000 * share, "value": 0.7, "low": 0.6, "high": 0.75}
        for model in ("ours", "random", "from nothing")
        for share in (1.0, 0.01, 0.1)
    ]
    return efficiency_figure(pd.DataFrame(rows), "macro PRAUC")


def test_every_model_has_a_line_from_few_labels_to_many_with_its_interval(figure):
    assert [line.name for line in figure.data] == ["ours", "random", "from nothing"]
    for line in figure.data:
        assert list(line.x) == sorted(line.x)
        assert list(line.error_y.array) == pytest.approx([0.05] * 3)
        assert list(line.error_y.arrayminus) == pytest.approx([0.1] * 3)


def test_models_are_told_apart_without_colour(figure):
    assert len({line.marker.symbol for line in figure.data}) == 3
    assert len({line.line.dash for line in figure.data}) == 3


def test_models_stand_beside_each_other_at_a_share_so_that_their_intervals_do_not_hide_one_another(figure):
    assert len({line.x[0] for line in figure.data}) == 3


def test_the_axis_says_how_many_recordings_taught(figure):
    assert list(figure.layout.xaxis.ticktext) == ["1 %<br>10", "10 %<br>100", "100 %<br>1,000"]


def test_a_limit_is_drawn_across_a_forest_plot_only_where_one_is_given():
    table = pd.DataFrame({"label": ["a", "b"], "auroc": [0.8, 0.6], "auroc_low": [0.7, 0.5], "auroc_high": [0.9, 0.7]})
    drawn = forest(table, {"auroc": "AUROC"}, {"auroc": 0.5}, limit=0.7)
    assert [shape.x0 for shape in drawn.layout.shapes] == [0.7]
    assert not forest(table, {"auroc": "AUROC"}, {"auroc": 0.5}).layout.shapes
