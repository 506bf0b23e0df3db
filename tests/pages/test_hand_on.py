"""Files for others, made on the reading page: only when asked for, and without the person unless revealed."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest

from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.ecg.recording import Patient

NAMES = ("Doe", "Jane", "female", "4711-0815")


@pytest.fixture
def own_page(app, make_ecg, monkeypatch):
    """The reading page on somebody's recording with the panel open, and the files that it makes."""

    def opened():
        test = app()
        from pages.shared import hand_on
        from pages.shared.in_hand import OWN, InHand

        person = Patient(71, "female", {"name": "Jane Doe", "identifier": "4711-0815"})
        ecg = replace(make_ecg(seed=1, sampling_rate=250), name="Doe_Jane", patient=person, truth=None)
        files, make = {}, hand_on.made
        monkeypatch.setattr(hand_on, "made", lambda kind, *rest: files.setdefault((kind, rest[-1]), make(kind, *rest)))
        test.session_state["in_hand"] = InHand(ecg, OWN, "own", ecg.name)
        test.session_state["worked_out"] = {}
        test.session_state["question"] = "atrial fibrillation"
        test.session_state["hand_on"] = True
        return test.run(), files

    return opened


def make(test, kind):
    test.segmented_control(key="hand_on_kind").set_value(kind).run()
    test.button(key="hand_on_make").click().run()
    assert not test.exception
    return test


def test_files_are_made_when_asked_and_name_nobody(own_page):
    test, files = own_page()
    assert not test.exception
    assert not files
    for kind in ("csv", "zip", "json", "pdf"):
        make(test, kind)
        (button,) = [one for one in test.get("download_button") if one.proto.label.startswith("Save ecg-")]
        assert button.proto.label.endswith(f".{kind}")
        assert not any(name in button.proto.label for name in NAMES)
    content = {kind: made for (kind, _), made in files.items()}
    assert content["pdf"].startswith(b"%PDF")
    with zipfile.ZipFile(BytesIO(content["zip"])) as archive:
        wfdb = {name: archive.read(name) for name in archive.namelist()}
    ours = test.session_state["in_hand"].ecg.signal
    assert abs(read_ecg(wfdb).signal - ours).max() <= 0.001
    assert abs(read_ecg(content["csv"], name="a.csv").signal - ours).max() == 0
    for text in (content["csv"], content["json"], *wfdb.values(), *map(str.encode, wfdb)):
        assert not any(name.encode() in text for name in NAMES)
    told = json.loads(content["json"])
    assert told["question"] == "atrial fibrillation"
    assert told["checkpoint"]["name"] == "thin"
    assert told["answers"][0]["score"] is not None
    assert told["explanation"]
    assert "patient" not in told


def test_a_revealed_person_is_in_the_summary_after_a_warning(own_page, said):
    test, files = own_page()
    test.toggle(key="patient_shown").set_value(True).run()
    make(test, "json")
    assert "what the file read says of the person" in said(test)
    assert json.loads(files["json", True])["patient"]["identity"]["name"] == "Jane Doe"
