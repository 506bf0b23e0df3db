"""Filters of the tracing: what they take out, what they leave, what they say of ST."""

import numpy as np
import pytest

from ecgclip_core.ecg.display_filters import BANDS, MAINS, OFF, StChange, filter_words, filtered, st_change, usable
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.simulation.simulate import simulate


def sine(hertz, rate=500, seconds=10):
    times = np.arange(rate * seconds) / rate
    return ECG(np.tile(np.sin(2 * np.pi * hertz * times), (12, 1)), rate)


def size(ecg):
    middle = ecg.signal[:, ecg.signal.shape[1] // 4 : -ecg.signal.shape[1] // 4]
    return float(np.ptp(middle) / 2)


def test_off_is_the_recording_itself():
    ecg = sine(1)
    assert filtered(ecg) is ecg


@pytest.mark.parametrize(
    ("rate", "bands", "mains"),
    [
        (100, ["off", "0.5-40 Hz"], ["off"]),
        (110, ["off", "0.5-40 Hz"], ["off", "50 Hz"]),
        (300, ["off", "0.5-40 Hz"], ["off", "50 Hz", "60 Hz"]),
        (500, list(BANDS), list(MAINS)),
    ],
)
def test_filters_beyond_half_the_rate_cannot_be_chosen(rate, bands, mains):
    assert usable(BANDS, rate) == bands
    assert usable(MAINS, rate) == mains


def test_a_filter_beyond_half_the_rate_is_refused():
    with pytest.raises(ValueError, match="0.05-150 Hz needs more than 100 Hz"):
        filtered(sine(1, 100), "0.05-150 Hz")


@pytest.mark.parametrize(
    ("hertz", "band", "mains", "left"),
    [
        (10, "0.05-150 Hz", OFF, 1.0),
        (10, "0.5-40 Hz", OFF, 1.0),
        (100, "0.05-150 Hz", OFF, 0.9),
        (100, "0.5-40 Hz", OFF, 0.0),
        (0.1, "0.5-40 Hz", OFF, 0.0),
        (50, OFF, "50 Hz", 0.0),
        (60, OFF, "50 Hz", 1.0),
        (60, OFF, "60 Hz", 0.0),
        (10, OFF, "50 Hz", 1.0),
    ],
)
def test_a_band_keeps_what_lies_in_it_and_takes_out_the_rest(hertz, band, mains, left):
    seconds = 60 if hertz < 1 else 10
    assert size(filtered(sine(hertz, seconds=seconds), band, mains)) == pytest.approx(left, abs=0.12)


def test_no_wave_moves_in_time():
    ecg = simulate("sinus_rhythm", 3)
    drawn = filtered(ecg, "0.5-40 Hz", "50 Hz")
    lead = 1
    lag = np.argmax(np.correlate(drawn.signal[lead, 500:4500], ecg.signal[lead, 490:4510], "valid")) - 10
    assert abs(lag) <= 1


def test_gaps_and_missing_leads_stay_what_they_are():
    signal = sine(5).signal.copy()
    signal[3] = np.nan
    signal[1, 1000:1200] = np.nan
    drawn = filtered(ECG(signal, 500), "0.05-150 Hz", "50 Hz").signal
    assert np.array_equal(np.isnan(drawn), np.isnan(signal))


def test_what_a_filter_does_to_st_is_measured_on_the_recording():
    ecg = simulate("inferior_st_elevation_infarction", 4)
    wide, narrow = (st_change(ecg, filtered(ecg, band)) for band in ("0.05-150 Hz", "0.5-40 Hz"))
    assert abs(wide.millivolts) < 0.05
    assert abs(narrow.millivolts) > abs(wide.millivolts)
    assert st_change(ecg, ecg).millivolts == 0


def test_st_is_not_spoken_of_in_millivolts_where_there_are_none():
    flat = ECG(np.zeros((12, 5000)), 500)
    assert st_change(flat, filtered(flat, "0.5-40 Hz")) is None


def test_words_name_every_filter_and_what_it_does_to_st():
    assert filter_words(OFF, OFF, None) == "filter off"
    assert filter_words("0.5-40 Hz", "50 Hz", StChange("V3", -0.042)) == (
        "filter 0.5-40 Hz and mains 50 Hz (ST moved by up to -0.04 mV, in V3)"
    )
    assert "less than 0.01 mV" in filter_words(OFF, "60 Hz", StChange("I", 0.001))
    assert "may be moved" in filter_words("0.05-150 Hz", OFF, None)
