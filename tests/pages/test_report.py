"""The report tab: statements with their polarity, completion, and what leaves the machine."""

import pandas as pd
import pytest

REPORT = "Vorhofflimmern. Kein Linksschenkelblock. Possible left ventricular hypertrophy. Dr. Roe called."


@pytest.fixture
def reported(app):
    """A function that gives the reading page with a report read."""

    def read(text=REPORT, **link):
        test = app(**link)
        test.text_area(key="report").set_value(text)
        next(button for button in test.button if button.label == "Read the report").click()
        return test.run()

    return read


@pytest.fixture
def completed(monkeypatch):
    """Stands in for the completion; the calls it got."""
    from ecgclip_core.training import completion, proposers

    calls = []

    def complete(ecg, report, model, proposer=proposers.offline):
        calls.append((report, proposer))
        rows = [
            ("broad QRS complexes", "LBBB", "catalogue", 0.31, 0.2, "QRS 148 ms", "kept", "measured, the model agrees"),
            ("delta <wave>", "WPW", "catalogue", 0.1, float("nan"), "PR 160 ms", "rejected", "contradicted"),
        ]
        return pd.DataFrame(rows, columns=list(completion.COLUMNS))

    monkeypatch.setattr(completion, "complete", complete)
    return calls


def findings(test):
    return {button.label: button for button in test.button if (button.key or "").startswith("said_")}


def test_statements_come_with_their_english_and_their_findings_with_polarity(reported, said):
    test = reported()
    assert not test.exception
    assert "Vorhofflimmern" in said(test)
    assert "no left bundle branch block" in said(test)
    assert set(findings(test)) == {
        "✓ stated: atrial fibrillation",
        "✕ denied: left bundle branch block",
        "? doubted: left ventricular hypertrophy",
    }


def test_a_click_on_a_finding_asks_the_recording_for_it(reported, said):
    test = reported()
    findings(test)["✓ stated: atrial fibrillation"].click().run()
    assert test.text_input(key="question").value == "atrial fibrillation"
    assert "ecgclip-answer" in said(test)


def test_signs_of_html_in_a_report_are_shown_and_not_obeyed(reported, said):
    assert "<script>" not in said(reported("Sinus rhythm <script>alert(1)</script>"))


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_a_report_without_a_statement_is_no_error(reported, text):
    assert not reported(text).exception


def test_nothing_is_worked_out_or_sent_before_a_button_is_pressed(reported, said, completed):
    test = reported()
    assert completed == []
    assert "No text leaves this machine" in said(test)
    assert [button.key for button in test.button if (button.key or "").startswith("complete_")] == ["complete_offline"]


def test_proposals_are_kept_or_rejected_with_reason_and_numbers(reported, said, completed):
    test = reported()
    test.button(key="complete_offline").click().run()
    words = said(test)
    assert not test.exception
    assert "2 proposed, 1 kept" in words
    assert "QRS 148 ms" in words and "similarity 0.31 of 0.20 needed" in words
    assert "contradicted" in words and "delta &lt;wave&gt;" in words
    test.run()
    assert len(completed) == 1


def test_where_an_endpoint_is_set_its_address_is_said_before_anything_is_sent(reported, said, completed, monkeypatch):
    monkeypatch.setenv("ECGCLIP_ENDPOINT", "http://user:secret@127.0.0.1:9/v1")
    monkeypatch.setenv("ECGCLIP_ENDPOINT_MODEL", "small")
    test = reported()
    words = said(test)
    assert "127.0.0.1:9" in words
    assert "secret" not in words
    assert "nothing is sent anywhere</div>" not in words
    assert completed == []
    test.button(key="complete_offline").click().run()
    from ecgclip_core.training.proposers import offline

    assert [proposer for _, proposer in completed] == [offline]
    test.button(key="complete_endpoint").click().run()
    assert completed[1][1] is not offline


def test_an_endpoint_that_fails_gets_a_sentence_and_is_not_asked_again(reported, said, monkeypatch):
    from ecgclip_core.errors import EndpointError
    from ecgclip_core.training import completion

    asked = []

    def complete(*arguments):
        asked.append(1)
        raise EndpointError("The endpoint was asked once and did not answer within 1 s.")

    monkeypatch.setattr(completion, "complete", complete)
    test = reported()
    test.button(key="complete_offline").click().run()
    assert "did not answer" in said(test)
    assert not test.exception
    test.run()
    assert len(asked) == 1


def test_an_endpoint_that_is_set_wrongly_gets_a_sentence(reported, said, monkeypatch):
    monkeypatch.setenv("ECGCLIP_ENDPOINT", "not an address")
    test = reported()
    assert not test.exception
    assert "address" in said(test)
    assert "nothing is sent anywhere" in said(test)


def test_a_report_does_not_stay_with_the_next_recording_nor_reach_the_link(reported):
    test = reported(case="fibrillation")
    assert "Roe" not in str(dict(test.query_params))
    test.selectbox(key="case_choice").set_value("normal").run()
    assert test.text_area(key="report").value == ""
    assert findings(test) == {}
