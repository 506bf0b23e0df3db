"""The display's choices on the reading page."""

import json

import numpy as np
import pytest

from ecgclip_core.ecg.recording import ECG


def tracing(test):
    """The figure of the tracing: the one with leads."""
    specs = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    return next(spec for spec in specs if any(trace.get("meta") == "rhythm" for trace in spec["data"]))


def written(figure):
    return " ".join(text["text"] for text in figure["layout"]["annotations"])


def names(figure):
    return [trace["name"] for trace in figure["data"] if trace.get("meta") in ("lead", "rhythm")]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("speed", 50.0, "50 mm/s"), ("gain", 2.5, "2.5 mm/mV"), ("band", "0.5-40 Hz", "filter 0.5-40 Hz (ST moved by")],
)
def test_d6_d7_d10_what_is_chosen_is_written_on_the_tracing(app, key, value, words):
    test = app()
    test.button_group(key=key).set_value(value).run()
    assert not test.exception
    assert words in written(tracing(test))


def test_d5_d8_d9_order_and_rhythm_lead_are_drawn(app):
    test = app()
    test.button_group(key="order").set_value("Cabrera")
    test.selectbox(key="rhythm").set_value("V1").run()
    assert names(tracing(test))[:3] == ["aVL", "I", "-aVR"]
    assert names(tracing(test))[-1] == "V1"


def test_d10_filters_beyond_the_rate_are_not_offered_and_say_why(app, said):
    test = app()
    test.button_group(key="band").set_value("0.05-150 Hz").run()
    slow = ECG(np.random.default_rng(0).normal(size=(12, 1000)), 100, name="slow")
    test.session_state["in_hand"] = _own(slow)
    test.run()
    assert not test.exception
    assert "filter off" in written(tracing(test))
    assert "Not for a recording at 100 Hz: 0.05-150 Hz, mains 50 Hz, mains 60 Hz" in said(test)


def test_d11_a_long_recording_has_pages_and_a_strip_of_the_whole(app):
    test = app()
    times = np.arange(3000) / 100
    test.session_state["in_hand"] = _own(ECG(np.tile(np.sin(8 * times), (12, 1)), 100, name="long"))
    test.run()
    test.select_slider(key="page_of_a-long-one").set_value(20.0).run()
    assert not test.exception
    assert "seconds 20 to 30 of 30" in written(tracing(test))
    (strip,) = [chart.proto for chart in test.get("plotly_chart") if "over all 30 seconds" in str(chart.proto)]
    assert json.loads(strip.spec)["layout"]["shapes"][0]["x0"] == 20


def _own(ecg):
    from pages.shared.in_hand import OWN, InHand

    return InHand(ecg, OWN, "a-long-one", ecg.name)


def test_d17_what_lies_outside_its_normal_range_has_a_sign_a_word_and_a_source(app, said):
    test = app(case="fibrillation")
    words = said(test)
    assert "Normal ranges for age and sex" in words
    assert "doi:10.1161/CIRCULATIONAHA.108.191095" in words
    assert "▲ high" in words or "▼ low" in words
    for name in ("Bazett", "Fridericia", "Framingham", "Hodges"):
        assert f"QTc ({name})" in words
