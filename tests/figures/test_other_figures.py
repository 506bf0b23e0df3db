"""The median beat, the map, the dictionary, the forest plot, and the colours they share."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.figures import theme
from ecgclip_core.figures.beat import ROW_HEIGHT, median_beat_figure
from ecgclip_core.figures.cluster_dictionary import cluster_dictionary
from ecgclip_core.figures.cohort_map import SVG_UP_TO, cohort_map
from ecgclip_core.figures.forest import forest


def test_streamlit_and_the_figures_use_the_same_colours():
    config = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for kind, colours in (("light", theme.DAY), ("dark", theme.NIGHT)):
        used = config["theme"][kind]
        assert used["primaryColor"] == used["linkColor"] == colours["accent"]
        assert used["textColor"] == colours["ink"]
        assert used["backgroundColor"] == colours["background"]
        assert used["secondaryBackgroundColor"] == colours["surface"]
        assert used["borderColor"] == colours["line"]


@pytest.mark.parametrize("colours", [theme.DAY, theme.NIGHT], ids=["day", "night"])
def test_d19_words_stand_out_by_day_and_by_night(colours):
    assert set(colours) == set(theme.DAY)
    grounds = {"background": ("ink", "muted", "accent", "alert", "caution", "good"), "surface": ("ink", "muted")}
    grounds |= {"alert-ground": ("ink", "alert"), "caution-ground": ("ink", "caution", "caution-ink")}
    grounds |= {"bar": ("ink",), "bar-range": ("ink", "muted")}
    for ground, words in grounds.items():
        for word in words:
            assert theme.contrast(colours[ground], colours[word]) >= 4.5, (ground, word)


def test_d19_every_colour_of_the_style_sheet_has_a_night():
    sheet = (Path(__file__).parents[2] / "assets" / "theme.css").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9A-Fa-f]{6}", sheet) == []
    assert set(re.findall(r"var\(--([a-z-]+)\)", sheet)) <= set(theme.DAY)


def test_each_cluster_has_a_colour_of_its_own():
    colours = theme.cluster_colours(["P", "QRS", "QRS", "T", "T", "T", None, None, "U"])
    assert len(set(colours)) == 9


def test_the_median_beat_is_drawn_to_scale():
    signal = np.zeros((12, 400), dtype=np.float32)
    signal[:, 200] = 1
    times = np.arange(400) / 500 - 0.3
    figure = median_beat_figure(signal, times, {"P": None, "QRS": (-0.05, 0, 0.05), "T": (0.2, 0.3, 0.4)})
    assert len(figure.data) == 12
    assert np.ptp(figure.data[0].y) == pytest.approx(10)
    assert figure.data[0].dx == pytest.approx(0.1)
    assert figure.layout.yaxis.scaleanchor == "x"
    words = [text.text for text in figure.layout.annotations]
    assert "QRS" in words and "P" not in words


@pytest.mark.parametrize(("leads", "rows"), [(("V1",), 1), (LEADS[:6], 1), (LEADS[:7], 2)])
def test_the_median_beat_may_show_some_leads_only(leads, rows):
    signal = np.arange(12, dtype=np.float32)[:, None] * np.linspace(0, 1, 400, dtype=np.float32)
    figure = median_beat_figure(signal, np.arange(400) / 500 - 0.3, {}, leads=leads)
    assert [trace.name for trace in figure.data] == list(leads)
    last = figure.data[-1]
    assert last.customdata[-1][1] == pytest.approx(LEADS.index(leads[-1]))
    assert figure.layout.meta["height_mm"] == pytest.approx(12 + rows * ROW_HEIGHT)


def test_a_point_of_the_map_keeps_its_row():
    groups = ["others", "AF", "LBBB", "AF"]
    figure = cohort_map(np.arange(8).reshape(4, 2), list("abcd"), groups, "finding")
    rows = {int(row): trace.name for trace in figure.data for row in trace.customdata}
    assert rows == dict(enumerate(groups))
    assert figure.data[0].name == "others"


@pytest.mark.parametrize(("count", "kind"), [(SVG_UP_TO, "scatter"), (SVG_UP_TO + 1, "scattergl")])
def test_small_maps_are_svg_and_large_ones_webgl(count, kind):
    figure = cohort_map(np.zeros((count, 2)), [""] * count, np.arange(count, dtype=float), "bpm")
    assert {trace.type for trace in figure.data} == {kind}


def test_an_unknown_value_is_grey_and_named_so():
    figure = cohort_map(np.zeros((3, 2)), list("abc"), [60.0, np.nan, 80.0], "heart rate (bpm)")
    assert [trace.name for trace in figure.data] == ["not measurable", "heart rate (bpm)"]


def test_the_recording_in_hand_is_drawn_with_its_spread():
    figure = cohort_map(np.zeros((3, 2)), list("abc"), [1.0, 2.0, 3.0], "x", own=(1.0, 2.0, 0.5))
    (circle,) = figure.layout.shapes
    assert (circle.x0, circle.x1, circle.y0, circle.y1) == (0.5, 1.5, 1.5, 2.5)


def test_the_dictionary_has_a_cell_for_every_cluster():
    k = 20
    figure = cluster_dictionary(
        np.random.default_rng(0).normal(size=(k, 2, 60)),
        np.arange(60) / 100 - 0.3,
        np.ones((k, 25)),
        [f"cluster {i}" for i in range(k)],
        ["x"] * k,
        ["#112233"] * k,
        ["II", "V2"],
    )
    assert len(figure.data) == 2 * k
    assert sum(text.text.startswith("<b>cluster") for text in figure.layout.annotations) == k


def test_the_forest_plot_shows_points_intervals_and_chance():
    table = pd.DataFrame(
        {
            "label": ["AF", "LBBB"],
            "auroc": [0.9, 0.8],
            "auroc_low": [0.8, 0.7],
            "auroc_high": [0.95, 0.9],
            "prauc": [0.5, 0.4],
            "prauc_low": [0.4, 0.3],
            "prauc_high": [0.6, 0.5],
            "prevalence": [0.1, 0.05],
        }
    )
    figure = forest(table, {"auroc": "AUROC", "prauc": "PRAUC"}, {"auroc": 0.5, "prauc": "prevalence"})
    chance, points = figure.data[2], figure.data[3]
    assert np.allclose(chance.x, table["prevalence"])
    assert np.allclose(points.x + points.error_x.array, table["prauc_high"])
