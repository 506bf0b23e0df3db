"""Text tables: separators, decimals, names, units, and the rate that a column of times shows."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_files import csv_file, heart_beats

from ecgclip_core import EcgclipError, read_ecg
from ecgclip_core.errors import MissingInformationError

SHORT = heart_beats(2, 250)


def table(header, signal=SHORT[:2], separator=","):
    rows = [separator.join(f"{value:.4f}" for value in samples) for samples in signal.T]
    return "\n".join([header, *rows]).encode()


def test_a_table_without_rate_and_unit_asks_for_both():
    with pytest.raises(MissingInformationError) as caught:
        read_ecg(table("I,II"), name="a.csv")
    assert caught.value.needed == ("sampling_rate", "units")
    assert "a.csv" in str(caught.value)
    ecg = read_ecg(table("I,II"), 250, "mV", name="a.csv")
    assert (ecg.sampling_rate, ecg.units) == (250, "mV")


@pytest.mark.parametrize(
    ("given", "needed"), [({"sampling_rate": 250}, ("units",)), ({"units": "mV"}, ("sampling_rate",))]
)
def test_only_what_is_still_missing_is_asked_for(given, needed):
    with pytest.raises(MissingInformationError) as caught:
        read_ecg(table("I,II"), name="a.csv", **given)
    assert caught.value.needed == needed


@pytest.mark.parametrize(
    ("unit", "factor"), [("mV", 1), ("uV", 1e-3), ("µV", 1e-3), ("μV", 1e-3), ("V", 1e3), ("nV", 1e-6), ("MV", 1)]
)
def test_every_unit_is_brought_to_millivolts(unit, factor):
    for name in (f"({unit})", f"[{unit}]"):
        ecg = read_ecg(csv_file_without_rounding(SHORT / factor, name), name="a.csv")
        np.testing.assert_allclose(ecg.signal, SHORT, atol=1e-3)
        assert ecg.units == "mV"
    ecg = read_ecg(table("I,II", SHORT[:2]), 250, unit, name="a.csv")
    assert ecg.units in ("mV", "unscaled")


def csv_file_without_rounding(signal, unit):
    names = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    header = ",".join(["time"] + [f"{name} {unit}" for name in names])
    rows = [",".join([f"{k / 250}"] + [repr(float(value)) for value in samples]) for k, samples in enumerate(signal.T)]
    return "\n".join([header, *rows]).encode()


def test_units_stated_differently_for_each_lead_are_each_obeyed():
    signal = np.stack([SHORT[0], SHORT[1] * 1000])
    ecg = read_ecg(table("I (mV),II [uV]", signal), 250, name="a.csv")
    np.testing.assert_allclose(ecg.signal[:2], SHORT[:2], atol=1e-3)


@pytest.mark.parametrize(
    ("column", "step", "rate"),
    [
        ("time", 0.004, 250),
        ("Time (s)", 0.004, 250),
        ("t [ms]", 4, 250),
        ("Zeit", 4, 250),
        ("time", 2, 500),
        ("ms", 1, 1000),
        ("time (us)", 4000, 250),
    ],
)
def test_the_rate_is_taken_from_a_column_of_times(column, step, rate):
    signal = np.vstack([np.arange(1500) * step, np.tile(SHORT[:2], 3)])
    ecg = read_ecg(table(f"{column},I (mV),II (mV)", signal), name="a.csv")
    assert ecg.sampling_rate == rate
    assert any(f"{rate} Hz" in note for note in ecg.notes)


@pytest.mark.parametrize("column", ["sample", "index", "", "time"])
def test_a_column_that_counts_samples_gives_no_rate(column):
    signal = np.vstack([np.arange(500), SHORT[:2]])
    with pytest.raises(MissingInformationError) as caught:
        read_ecg(table(f"{column},I (mV),II (mV)", signal), name="a.csv")
    assert caught.value.needed == ("sampling_rate",)


def test_uneven_times_give_no_rate():
    times = np.arange(500) * 0.004
    times[300:] += 1
    with pytest.raises(MissingInformationError):
        read_ecg(table("time,I (mV),II (mV)", np.vstack([times, SHORT[:2]])), name="a.csv")


def test_rate_and_unit_in_remarks_are_understood():
    content = b"# device X, sampling_rate: 250\n# units: mV\n" + table("I,II")
    ecg = read_ecg(content, name="a.csv")
    assert (ecg.sampling_rate, ecg.units) == (250, "mV")


def test_excel_and_windows_leave_no_trace():
    text = csv_file(SHORT, 250, separator=";", decimal=",")["r.csv"].decode()
    wanted = read_ecg(text.encode(), name="a.csv").signal
    for content in (
        b"\xef\xbb\xbf" + text.encode(),
        text.replace("\n", "\r\n").encode(),
        ("sep=;\n" + text).encode(),
        text.encode("utf-16"),
        (text.replace("\n", ";\n") + "\n\n;;;\n").encode(),
    ):
        np.testing.assert_array_equal(read_ecg(content, name="a.csv").signal, wanted)


def test_cells_that_are_no_numbers_count_as_missing():
    lines = table("I (mV),II (mV)").decode().splitlines()
    lines[10] = "lead off," + lines[10].split(",")[1]
    ecg = read_ecg("\n".join(lines).encode(), 250, name="a.csv")
    assert np.isnan(ecg.signal[0, 9])
    assert any("no numbers" in note for note in ecg.notes)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty file"),
        (b"I,II", "holds no table"),
        (b"0.1,0.2\n0.2,0.3\n0.3,0.4\n", "name the leads"),
        (b"apples,pears\n1,2\n3,4\n", "none of the twelve leads"),
        (b"Dear colleague,\nplease find enclosed\nthe recording, as discussed.\n", "none of the twelve leads"),
        (b"I (mV),II (mV)\n1,2\n1,2,3,4,5\n", "different numbers of columns"),
        (b"I (mV),II (mV),III (mV)\n1,2\n1,2\n", "3 names but 2 columns"),
        (b"%PDF-1.7 lots of things", "looks like a PDF"),
        (bytes(range(256)) * 9, "binary data"),
        (b"I (mV),II (mV)\nx,y\nz,w\n" * 300, "no signal"),
    ],
)
def test_what_is_no_table_of_leads_gets_a_sentence(content, sentence):
    with pytest.raises(EcgclipError, match=sentence):
        read_ecg(content, 250, name="a.csv")


def test_a_unit_that_nobody_knows_is_refused():
    with pytest.raises(EcgclipError, match="not a unit of voltage"):
        read_ecg(table("I,II"), 250, "parsec", name="a.csv")


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e9])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(EcgclipError, match="sampling rate"):
        read_ecg(table("I,II"), rate, "mV", name="a.csv")


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=400), st.text(alphabet="IV12 ,;\t\n.0e-#()mu\"'", max_size=400)))
def test_any_text_gives_an_ecg_or_a_sentence(text):
    with contextlib.suppress(EcgclipError):
        read_ecg(text.encode("utf-8", "replace"), 100, "mV", name="a.csv")
    with contextlib.suppress(EcgclipError):
        read_ecg(b"I,II\n" + text.encode("utf-8", "replace"), 100, "mV", name="a.csv")
