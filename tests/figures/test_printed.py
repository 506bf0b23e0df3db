"""The printed page: true to the millimetre in the PDF itself, and nobody named who was not revealed."""

import re
import zlib
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.export_summary import Summary, as_json
from ecgclip_core.ecg.measure import measure
from ecgclip_core.ecg.recording import ECG, Patient
from ecgclip_core.figures.printed import printed_pdf, printed_png
from ecgclip_core.figures.printed_words import SMALL, width_mm, wrapped

RATE = 500
POINTS_PER_MM = 72 / 25.4
PERSON = Patient(71, "female", {"name": "Jane Doe"})


@pytest.fixture(scope="module")
def summary():
    """Every lead a square wave of 1 mV, up for 200 ms from 0.5 s in every second."""
    times = np.arange(10 * RATE) / RATE
    wave = ((times % 1 >= 0.5) & (times % 1 < 0.7)).astype(np.float32)
    ecg = ECG(np.tile(wave, (12, 1)), RATE, name="Doe, Jane", patient=PERSON)
    findings = pd.DataFrame(
        [{"finding": "x", "name": "Some $finding$", "score": 0.9, "low": 0.8, "high": np.nan, "n": 5}]
    )
    return Summary(
        ecg,
        "k" * 32,
        "Recording kkkk",
        measure(ecg),
        ("Long QTc.",),
        ("Noise in V1.",) * 40,
        findings,
        "some finding",
        ({"name": "Some finding", "score": 0.9, "low": 0.8, "high": 1.0, "words": "Some finding: 90 %"},),
        ("Half of the attribution lies in V1.",),
        "thin",
        "abcdef",
        datetime(2026, 1, 2, 3, 4),
    )


@pytest.fixture(scope="module")
def pdf(summary):
    return printed_pdf(summary)


def drawing(content):
    """The page's drawing instructions."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    texts = [zlib.decompress(stream) for stream in streams if stream[:1] == b"x"]
    return max(texts, key=lambda text: text.count(b" l\n")).decode("latin-1")


def polylines(content):
    """Every line of the page as points in PDF units, 1/72 inch."""
    lines = []
    for x, y, kind in re.findall(r"(-?[\d.]+) (-?[\d.]+) ([ml])\b", drawing(content)):
        if kind == "m":
            lines.append([])
        lines[-1].append((float(x), float(y)))
    return [np.array(line) for line in lines]


def test_the_sheet_is_a4_landscape(pdf):
    (box,) = re.findall(rb"/MediaBox \[ ([\d. ]+) \]", pdf)
    assert [float(side) for side in box.split()[2:]] == pytest.approx(
        [297 * POINTS_PER_MM, 210 * POINTS_PER_MM], rel=1e-3
    )


def test_a_square_wave_has_its_true_size(pdf):
    strip = max(polylines(pdf), key=len)
    assert len(strip) == 10 * RATE
    assert np.ptp(strip[:, 1]) == pytest.approx(10 * POINTS_PER_MM, rel=0.01)
    rises = strip[1:, 0][np.diff(strip[:, 1]) > 10]
    assert np.diff(rises) == pytest.approx(25 * POINTS_PER_MM, rel=0.01)


def test_grid_lines_stand_a_millimetre_apart(pdf):
    upright = sorted({line[0][0] for line in polylines(pdf) if len(line) == 2 and np.ptp(line[:, 0]) == 0})
    gaps = np.diff(upright)
    assert np.median(gaps) == pytest.approx(POINTS_PER_MM, rel=0.01)


def pulses(content):
    return [line for line in polylines(content) if len(line) == 6]


def test_the_calibration_pulse_stands_only_where_there_are_millivolts(summary, pdf):
    assert len(pulses(pdf)) == 4
    for line in pulses(pdf):
        assert np.ptp(line[:, 1]) == pytest.approx(10 * POINTS_PER_MM, rel=0.01)
        assert line[3][0] - line[1][0] == pytest.approx(5 * POINTS_PER_MM, rel=0.01)
    assert not pulses(printed_pdf(replace(summary, ecg=replace(summary.ecg, units="unscaled"))))


def texts_of(summary, monkeypatch):
    """Everything that is put on the page in words."""
    from ecgclip_core.figures import printed, printed_words

    said = []
    real = printed_words.put

    def put(axes, x, y, text, *rest, **more):
        said.append(text)
        real(axes, x, y, text, *rest, **more)

    monkeypatch.setattr(printed, "put", put)
    monkeypatch.setattr(printed_words, "put", put)
    printed._page(summary, 0.0)
    return "\n".join(said)


def test_a_person_is_named_only_when_revealed(summary, monkeypatch):
    for words in (texts_of(summary, monkeypatch), as_json(summary).decode()):
        for word in ("Doe", "Jane", "71 years", "female"):
            assert word not in words
    revealed = replace(summary, patient=PERSON)
    assert "Jane Doe" in texts_of(revealed, monkeypatch)
    assert "Jane Doe" in as_json(revealed).decode()


def test_the_page_says_what_it_is_and_what_did_not_fit(summary, monkeypatch):
    words = texts_of(summary, monkeypatch)
    for part in (
        "25 mm/s",
        "10 mm/mV",
        "research and teaching only",
        "thin abcdef",
        "Some $finding$",
        "more in the JSON",
    ):
        assert part in words


def test_json_has_null_for_what_is_no_number(summary):
    import json

    content = json.loads(as_json(summary))
    assert content["findings"][0]["high"] is None
    assert content["recording"]["sampling_rate_hz"] == RATE
    assert {row["unit"] for row in content["measurements"]} >= {"ms", "bpm", "degrees", "mV"}


def test_the_picture_is_the_same_sheet(summary):
    content = printed_png(summary)
    size = [int.from_bytes(content[at : at + 4]) for at in (16, 20)]
    assert size == pytest.approx([297 / 25.4 * 200, 210 / 25.4 * 200], abs=1)


def test_no_line_is_wider_than_its_room():
    lines = wrapped("a few words and " + "averylongword" * 20, SMALL, 40)
    assert len(lines) > 3
    assert max(width_mm(line, SMALL) for line in lines) <= 40.5
