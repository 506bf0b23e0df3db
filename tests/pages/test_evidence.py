"""The evidence page: reliability and intervals as measured, in words and figures."""

import json


def test_the_reliability_curve_shows_what_was_measured(app, said):
    test = app("evidence")
    figures = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    assert any(trace.get("name") == "answers" for figure in figures for trace in figure["data"])
    assert "one in five came true" in said(test)
    assert "0.030" in said(test)


def test_intervals_are_said_to_warn_only_where_they_do(app, said, thin_assets):
    assert "wider where answers are wrong" in said(app("evidence"))
    (file,) = thin_assets.glob("checkpoints/*/evaluation.json")
    kept = file.read_text(encoding="utf-8")
    entries = json.loads(kept)
    entries[0]["intervals"] |= {"median_wrong": 0.4}
    try:
        file.write_text(json.dumps(entries), encoding="utf-8")
        assert "warns of no error" in said(app("evidence"))
        entries[0] |= {"intervals": {}, "calibration": {}}
        file.write_text(json.dumps(entries), encoding="utf-8")
        test = app("evidence")
        assert not test.exception
        assert "Whether" not in said(test)
    finally:
        file.write_text(kept, encoding="utf-8")
