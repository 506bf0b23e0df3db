"""The strip of the whole recording."""

import numpy as np

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.figures.overview import MOST_COLUMNS, envelope, overview


def test_d11_no_spike_of_a_long_recording_is_lost():
    values = np.zeros(600_000, np.float32)
    values[123_457] = 3.0
    times, drawn = envelope(values, 500)
    assert len(drawn) == 2 * MOST_COLUMNS
    assert drawn.max() == 3.0
    assert abs(times[np.argmax(drawn)] - 123_457 / 500) < 1200 / MOST_COLUMNS


def test_d11_a_missing_lead_is_drawn_as_nothing_and_a_short_one_sample_by_sample():
    assert np.isnan(envelope(np.full(5000, np.nan, np.float32), 500)[1]).all()
    assert len(envelope(np.zeros(100, np.float32), 100)[0]) == 200


def test_d11_the_seconds_in_view_are_marked():
    figure = overview(ECG(np.zeros((12, 30_000)), 500), "II", 20, 30)
    (marked,) = figure.layout.shapes
    assert (marked.x0, marked.x1) == (20, 30)
    assert tuple(figure.layout.xaxis.range) == (0, 60)
    figure.to_json()
