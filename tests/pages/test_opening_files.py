"""Files of one's own on the reading page: what opens, what is said when one does not, and what stays private."""

import io
import zipfile

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.simulation.simulate import simulate

TYPE = "application/octet-stream"


@pytest.fixture(scope="module")
def signal():
    return simulate("inferior_st_elevation_infarction", seed=5).signal.astype(float)


def wfdb(signal, name="mine", rate=500, names=LEADS, units="mV", gain=1000, comments=()):
    """A WFDB record as (name, content, type), format 16."""
    samples = signal.shape[1]
    lines = [f"{name} {len(names)} {rate} {samples}"]
    lines += [f"{name}.dat 16 {gain}(0)/{units} 16 0 0 0 0 {lead}" for lead in names]
    lines += [f"#{comment}" for comment in comments]
    content = np.round(signal * gain).astype("<i2").T.tobytes()
    return [(f"{name}.hea", "\n".join(lines).encode(), TYPE), (f"{name}.dat", content, TYPE)]


def csv(signal):
    rows = [",".join(LEADS), *(",".join(f"{value:.3f}" for value in row) for row in signal.T)]
    return [("mine.csv", "\n".join(rows).encode(), "text/csv")]


def zipped(files, name="mine.zip"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content, _ in files:
            archive.writestr(file, content)
    return [(name, packed.getvalue(), "application/zip")]


def give(test, files):
    return test.file_uploader[0].set_value(files).run()


def title(test):
    return next(e.proto.body for e in test.get("html") if "ecgclip-title" in e.proto.body)


def problems(test):
    return [str(element.value) for kind in ("error", "warning") for element in getattr(test, kind)]


@pytest.mark.parametrize("packed", [False, True])
def test_a_recording_in_several_files_or_one_zip_opens(app, signal, packed):
    files = wfdb(signal)
    test = give(app(), zipped(files) if packed else files)
    assert not test.exception
    assert problems(test) == []
    assert "mine" in title(test)
    assert "Simulated" not in title(test)


def test_nothing_of_an_own_recording_is_in_the_link(app, signal):
    test = give(app(), wfdb(signal))
    test.text_input(key="question").set_value("atrial fibrillation").run()
    assert dict(test.query_params) == {}


def test_what_was_asked_of_an_own_recording_does_not_reach_the_link_of_the_next_case(app, signal):
    test = give(app(), wfdb(signal))
    test.text_input(key="question").set_value("my own secret question").run()
    test.selectbox(key="case_choice").set_value("fibrillation").run()
    assert "secret" not in str(dict(test.query_params))


def test_an_own_recording_reaches_no_cache_that_sessions_share(app, signal):
    from pages.shared import examination, in_hand

    before = app()
    asked = []
    keep = in_hand.simulated, examination._examined_bundled
    in_hand.simulated = examination._examined_bundled = lambda *arguments: asked.append(arguments)
    try:
        test = give(before, wfdb(signal))
    finally:
        in_hand.simulated, examination._examined_bundled = keep
    assert not test.exception
    assert asked == []


def test_identity_in_a_file_stays_hidden(app, said, signal):
    test = give(app(), wfdb(signal, comments=("Age: 63", "Sex: Male", "Name: Jane Roe")))
    assert "Roe" not in said(test)
    assert "63" not in title(test)


def test_a_file_without_a_rate_is_asked_for_it_and_then_read(app, signal):
    test = give(app(), csv(signal))
    assert "mine.csv" in " ".join(problems(test))
    test.number_input[0].set_value(500.0)
    next(box for box in test.selectbox if box.label == "Amplitudes are in").set_value("mV")
    next(button for button in test.button if button.label == "Read").click()
    test.run()
    assert not test.exception
    assert "mine" in title(test)
    assert "500 Hz" in title(test)


def test_reading_without_the_answers_asks_again(app, signal):
    test = give(app(), csv(signal))
    next(button for button in test.button if button.label == "Read").click()
    test.run()
    assert any("sampling rate" in sentence and "unit" in sentence for sentence in problems(test))


def test_of_several_recordings_one_can_be_chosen(app, signal):
    test = give(app(), [*wfdb(signal, "first"), *wfdb(signal[:, :2500], "second")])
    assert "first" in title(test)
    test.button_group(key="upload_choice").set_value(1).run()
    assert not test.exception
    assert "second" in title(test)


BAD = {
    "truncated data": lambda signal: [wfdb(signal)[0], ("mine.dat", wfdb(signal)[1][1][:1001], TYPE)],
    "a header that lies about its size": lambda signal: [
        ("mine.hea", wfdb(signal)[0][1].replace(b"5000", b"99999999999", 1), TYPE),
        wfdb(signal)[1],
    ],
    "a text file renamed": lambda signal: [("mine.dat", b"Dear colleague, thank you", TYPE)],
    "a damaged zip": lambda signal: [("mine.zip", zipped(wfdb(signal))[0][1][:500], TYPE)],
    "a zip that grows a thousandfold": lambda signal: zipped([("a.csv", b"0" * 120_000_000, "")]),
    "a name that leads elsewhere": lambda signal: [("../../etc/passwd.hea", b"root", TYPE)],
    "an empty file": lambda signal: [("mine.csv", b"", TYPE)],
    "all zeros": lambda signal: wfdb(0 * signal),
    "a header alone": lambda signal: [wfdb(signal)[0]],
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_gets_a_sentence_and_the_recording_in_hand_stays(app, said, signal, kind):
    test = app()
    before = title(test)
    give(test, BAD[kind](signal))
    assert not test.exception
    assert problems(test)
    assert title(test) == before
    assert "ecgclip-measures" in said(test)
    told = " ".join(problems(test))
    assert "Traceback" not in told and "/" + "etc" not in told


def _with_gap(signal):
    signal = signal.copy()
    signal[:, 1000:2000] = 0
    signal[6:] = 0
    return signal


ODD = {
    "two of twelve leads": lambda signal: wfdb(signal[:2], names=LEADS[:2]),
    "flat leads": lambda signal: wfdb(_with_gap(signal)),
    "microvolts": lambda signal: wfdb(1000 * signal, units="uV", gain=1),
    "2 s": lambda signal: wfdb(signal[:, :1000]),
    "60 s": lambda signal: wfdb(np.tile(signal, 6)),
    "leads scaled one by one": lambda signal: wfdb(signal * np.linspace(0.5, 2.5, 12)[:, None], gain=500),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_recording_is_read_and_what_is_odd_is_said(app, said, signal, kind):
    test = give(app(), ODD[kind](signal))
    assert not test.exception
    assert "mine" in title(test)
    words = said(test)
    assert kind == "60 s" or "ecgclip-remarks" in words
    if kind == "leads scaled one by one":
        assert "not measurable" in words
    if kind == "60 s":
        assert test.select_slider[0].label == "Seconds on the page"
