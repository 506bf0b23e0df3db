"""Every chart of the app can be read without seeing it."""

import ast
from pathlib import Path

PAGES = Path(__file__).parents[2] / "pages"


def test_d21_every_chart_has_a_text_alternative():
    charts = [
        (file.name, call)
        for file in PAGES.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "plotly_chart"
    ]
    assert charts
    for name, call in charts:
        assert "alt" in {keyword.arg for keyword in call.keywords}, f"{name}, line {call.lineno}"
