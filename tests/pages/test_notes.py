"""Notes and decisions on the reading page, and what the evidence page makes of them."""

import pytest

from ecgclip_core.review.entry import Entry, recording_key
from ecgclip_core.review.home import home
from ecgclip_core.review.store import FILE, entries, keep


@pytest.fixture
def panel(app):
    """The reading page with the panel open, read by somebody."""

    def opened(reader="reader one"):
        test = app()
        test.session_state["notes_box"] = True
        test.session_state["reviewer"] = reader
        return test.run()

    return opened


def note_of(test):
    return next(area for area in test.text_area if area.label == "Note on this recording")


def views(test):
    return [group for group in test.button_group if group.label.startswith("Your view of")]


def test_the_panel_is_collapsed_at_first_and_makes_no_file(app):
    test = app()
    assert not [area for area in test.text_area if area.label == "Note on this recording"]
    assert not (home() / FILE).exists()


def test_nobody_in_particular_can_neither_note_nor_decide(panel, said):
    test = panel(reader=" ")
    assert not test.exception
    assert not views(test)
    assert "Say who reads" in said(test)


def test_a_note_is_kept_under_the_samples_and_comes_back(panel):
    test = panel()
    note_of(test).set_value("PR looks long").run()
    assert not test.exception
    held = entries(recording_key(test.session_state["in_hand"].ecg))
    assert list(held["note"]) == ["PR looks long"]
    assert list(held["simulated"]) == [True]
    assert note_of(panel()).value == "PR looks long"


def test_a_decision_is_kept_with_the_score_it_is_about(panel):
    test = panel()
    views(test)[0].set_value("disagree").run()
    assert not test.exception
    held = entries()
    assert list(held["decision"]) == ["disagree"]
    assert held["checkpoint"][0] == "thin"
    assert 0 <= held["low"][0] <= held["score"][0] <= held["high"][0] <= 1
    views(test)[0].set_value("agree").run()
    assert list(entries()["decision"]) == ["disagree", "agree"]


def test_a_damaged_file_is_said_and_reading_goes_on(panel, said):
    home().mkdir(parents=True)
    (home() / FILE).write_bytes(b"damaged" * 1000)
    test = panel()
    assert not test.exception
    assert "set aside" in said(test)
    assert "set aside" in said(test.run())
    assert note_of(test)


def test_the_evidence_page_counts_what_was_reviewed(app, said):
    from ecgclip_core.model.checkpoint import load_model

    assert "No answer of this checkpoint was reviewed" in said(app("evidence"))
    for recording, decision in (("a", "agree"), ("b", "agree"), ("c", "disagree")):
        keep(Entry(recording, "x", "sinus_rhythm", decision, "", "thin", load_model().hash, 0.9, 0.8, 1.0))
    keep(Entry("d", "x", "sinus_rhythm", "agree", "", "other", "0", 0.9, 0.8, 1.0))
    test = app("evidence")
    assert not test.exception
    tables = [frame.value for frame in test.dataframe if "Agreement" in frame.value.columns]
    assert tables[0]["Agreement"][0] == "67 % (21–94)"
    assert "1 decisions on the answers of other checkpoints" in said(test)
