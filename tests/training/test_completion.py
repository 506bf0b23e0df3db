import csv
import dataclasses

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.errors import CheckpointError, EndpointError, RecordingError
from ecgclip_core.simulation.simulate import simulate
from ecgclip_core.training.completion import COLUMNS, check_proposals, complete, measured_state
from ecgclip_core.training.completion_corpus import complete_folder
from ecgclip_core.training.completion_fit import kept, outcome
from ecgclip_core.training.endpoint import Endpoint
from ecgclip_core.training.proposers import Proposal, asking, offline
from ecgclip_core.training.thresholds import (
    CONFIRMED,
    GRID,
    NEAR_LIMIT,
    OPEN,
    Thresholds,
    load_thresholds,
    save_thresholds,
)

AGE = ["Interpretation made without knowing the patient's age.", "EKG ohne Kenntnis des Patientenalters befundet."]


def proposal(feature, finding="left_bundle_branch_block"):
    return Proposal(finding, feature, "catalogue")


@pytest.fixture(scope="module")
def lbbb():
    return simulate("left_bundle_branch_block", 1_000_003)


@pytest.fixture
def thresholds(tiny_model):
    """Every known sentence passes from 0 on; strict shares for what measurement does not confirm."""
    vectors = np.eye(16, dtype=np.float32)
    return Thresholds({CONFIRMED: 0.0, NEAR_LIMIT: 0.5, OPEN: 0.95}, {}, vectors)


def test_the_measured_ecg_confirms_contradicts_or_cannot_tell(lbbb):
    assert measured_state(lbbb, proposal("QRS duration of 120 ms or more"))[0] == CONFIRMED
    state, numbers = measured_state(lbbb, proposal("QRS narrower than 100 ms"))
    assert state == "contradicted"
    assert "QRS" in numbers
    assert "ms" in numbers
    assert measured_state(lbbb, proposal("a small epsilon wave"))[0] == OPEN


def test_what_lies_within_the_error_of_its_limit_is_told_from_what_lies_beyond(lbbb):
    qrs = lbbb.truth.put_in["qrs_ms"]
    assert measured_state(lbbb, proposal(f"QRS longer than {qrs - 40:.0f} ms"))[0] == CONFIRMED
    states = {measured_state(lbbb, proposal(f"QRS longer than {qrs + ms:.0f} ms"))[0] for ms in range(-12, 13, 4)}
    assert NEAR_LIMIT in states


def test_a_contradiction_is_rejected_whatever_the_model_says(lbbb, tiny_model):
    lenient = Thresholds(dict.fromkeys((CONFIRMED, NEAR_LIMIT, OPEN), 0.0), {}, np.zeros((1, 16), np.float32))
    table = check_proposals(lbbb, [proposal("PR interval longer than 400 ms")], tiny_model, lenient)
    assert table["state"].tolist() == ["rejected"]
    assert "contradicts" in table["reason"][0]


def test_what_cannot_be_measured_is_kept_only_where_the_model_passes_its_threshold(lbbb, tiny_model):
    sentence = "small epsilon wave"
    for level, state in ((-1.0, "kept"), (1.0, "rejected")):
        known = Thresholds({CONFIRMED: 0.0, NEAR_LIMIT: 0.5, OPEN: 0.95}, {sentence: [level] * len(GRID)}, np.eye(16))
        table = check_proposals(lbbb, [proposal(sentence)], tiny_model, known)
        assert table["state"].tolist() == [state]
        assert table["threshold"].tolist() == [level]
        assert "model" in table["reason"][0]


def test_a_faulty_proposal_is_rejected_with_its_fault_and_without_asking_the_model(lbbb, tiny_model, thresholds):
    faulty = Proposal("a purple heart", "ST elevation in V9", "endpoint", "a 12-lead ECG has no lead V9")
    table = check_proposals(lbbb, [faulty], tiny_model, thresholds)
    assert table["state"].tolist() == ["rejected"]
    assert table["reason"].tolist() == [faulty.fault]
    assert np.isnan(table["similarity"][0])


def test_the_table_has_the_documented_columns_also_without_rows(lbbb, tiny_model):
    assert list(complete(lbbb, "Left bundle branch block.", tiny_model).columns) == list(COLUMNS)
    for remark in AGE:
        table = complete(lbbb, remark, tiny_model)
        assert len(table) == 0
        assert list(table.columns) == list(COLUMNS)


def test_a_checkpoint_without_thresholds_keeps_only_what_measurement_confirms(lbbb, tiny_model):
    table = check_proposals(
        lbbb, [proposal("QRS duration of 120 ms or more"), proposal("small epsilon wave")], tiny_model, None
    )
    assert table["state"].tolist() == ["kept", "rejected"]
    assert "fit-completion" in table["reason"][1]


def test_an_unknown_sentence_is_ranked_among_all_validation_recordings(tiny_model, thresholds):
    text = tiny_model.encode_text(["coved ST elevation"])[0]
    expected = np.quantile(thresholds.vectors @ text, 0.95)
    assert thresholds.of("coved ST elevation", OPEN, tiny_model) == pytest.approx(expected)
    never = dataclasses.replace(thresholds, share={OPEN: 2.0})
    assert never.of("coved ST elevation", OPEN, tiny_model) == np.inf


def test_thresholds_come_back_as_written_and_only_for_their_checkpoint(tiny_model, thresholds, tmp_path):
    known = dataclasses.replace(thresholds, quantiles={"tall R": [0.25] * len(GRID)})
    save_thresholds(tmp_path, tiny_model.hash, known, {"recordings": 16})
    tiny_model.folder = tmp_path
    try:
        read = load_thresholds(tiny_model)
        assert read.share == known.share
        assert read.of("tall R", OPEN, tiny_model) == 0.25
        (tmp_path / "completion.json").write_text("{", encoding="utf-8")
        with pytest.raises(CheckpointError, match="fit-completion"):
            load_thresholds(tiny_model)
        save_thresholds(tmp_path, "another", known, {})
        assert load_thresholds(tiny_model) is None
    finally:
        tiny_model.folder = None


def test_outcome_counts_kept_true_false_rejected_and_true_kept(tiny_model, thresholds):
    rows = pd.DataFrame({"truth": [1, 1, 0, 0], "measured": CONFIRMED, "similarity": 0.5, "feature": "x"})
    assert outcome(rows, np.array([True, False, True, False])) == {
        "kept_true": 0.5,
        "false_rejected": 0.5,
        "true_kept": 0.5,
    }
    rows["measured"] = ["contradicted", CONFIRMED, "contradicted", CONFIRMED]
    assert kept(rows, thresholds, tiny_model).tolist() == [False, True, False, True]


# --- folders ---


@pytest.fixture
def folder(tmp_path, write_folder):
    return write_folder(tmp_path / "data")


@pytest.fixture(scope="module")
def write_folder():
    """Writes a folder of three recordings, one of them damaged, and the age remark as the report of a fourth."""
    signals = [simulate("left_bundle_branch_block", seed, 100).signal for seed in (1_000_003, 1_000_004)]

    def write(place):
        place.mkdir()
        leads = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
        for name, signal in (("a", signals[0]), ("b", signals[1]), ("d", signals[0])):
            table = pd.DataFrame(signal.T, columns=[f"{lead} (mV)" for lead in leads])
            table.insert(0, "time (s)", np.arange(signal.shape[1]) / 100)
            table.to_csv(place / f"{name}.csv", index=False)
        (place / "c.csv").write_text("not an ECG", encoding="utf-8")
        reports = ["Left bundle branch block.", "Linksschenkelblock.", "Left bundle branch block.", AGE[0]]
        pd.DataFrame({"record": ["a.csv", "b.csv", "c.csv", "d.csv"], "report": reports}).to_csv(
            place / "records.csv", index=False
        )
        return place

    return write


def lines(file):
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_a_folder_is_completed_with_one_row_a_proposal_and_a_word_on_the_others(folder, tmp_path, tiny_model):
    done = complete_folder(folder, tmp_path / "out.csv", tiny_model, offline, "catalogue")
    rows = lines(tmp_path / "out.csv")
    assert done.recordings == 4
    assert done.unreadable == 1
    assert done.kept >= 2
    states = {record: {row["state"] for row in rows if row["record"] == record} for record in ("c.csv", "d.csv")}
    assert states == {"c.csv": {"unreadable"}, "d.csv": {"nothing proposed"}}


def test_an_interrupted_run_goes_on_and_ends_as_one_that_was_not(folder, tmp_path, tiny_model):
    complete_folder(folder, tmp_path / "whole.csv", tiny_model, offline, "catalogue")
    asked = []

    def interrupted(report):
        asked.append(report)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return offline(report)

    with pytest.raises(KeyboardInterrupt):
        complete_folder(folder, tmp_path / "out.csv", tiny_model, interrupted, "catalogue")
    # The last line was cut off in the middle.
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    (tmp_path / "out.csv").write_text(text[:-20], encoding="utf-8")
    complete_folder(folder, tmp_path / "out.csv", tiny_model, offline, "catalogue")
    assert sorted(map(str, lines(tmp_path / "out.csv"))) == sorted(map(str, lines(tmp_path / "whole.csv")))


def test_a_file_that_something_else_began_is_refused(folder, tmp_path, tiny_model):
    complete_folder(folder, tmp_path / "out.csv", tiny_model, offline, "catalogue")
    with pytest.raises(RecordingError, match="was not begun with this checkpoint"):
        complete_folder(folder, tmp_path / "out.csv", tiny_model, offline, "another proposer")


def test_a_table_without_reports_is_refused(tmp_path, tiny_model):
    pd.DataFrame({"record": ["a.csv"]}).to_csv(tmp_path / "records.csv", index=False)
    with pytest.raises(RecordingError, match="report"):
        complete_folder(tmp_path, tmp_path / "out.csv", tiny_model, offline, "catalogue")


def test_an_endpoint_that_fails_half_way_leaves_what_was_done(folder, tmp_path, tiny_model, stub):
    proposer = asking(Endpoint(stub.address, "stub", attempts=1), tmp_path / "answers")
    stub.lists(("LBBB", "QRS duration of 120 ms or more"), ("LBBB", "ST elevation in V9"))
    stub.replies = [*stub.replies, (401, "{}", 0, False)]
    (folder / "records.csv").write_text(
        "record,report\na.csv,Left bundle branch block.\nb.csv,Sinus rhythm. Left bundle branch block.\n",
        encoding="utf-8",
    )
    with pytest.raises(EndpointError, match="401"):
        complete_folder(folder, tmp_path / "out.csv", tiny_model, proposer, "stub")
    rows = lines(tmp_path / "out.csv")
    assert [row["state"] for row in rows] == ["kept", "rejected"]
    assert "V9" in rows[1]["reason"]


# --- the command ---


@pytest.fixture
def command(folder, tmp_path, tiny_model, monkeypatch):
    """Runs ``ecgclip complete`` on the folder with the thin model; gives its exit status."""
    from ecgclip_core.cli import main
    from ecgclip_core.model import checkpoint

    monkeypatch.setattr(checkpoint, "load_model", lambda name=None: tiny_model)
    for name in ("ECGCLIP_ENDPOINT", "ECGCLIP_ENDPOINT_MODEL", "ECGCLIP_ENDPOINT_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        common = ["complete", "--data", str(folder), "--out", str(tmp_path / "out.csv")]
        return main([*common, "--cache", str(tmp_path / "answers"), *arguments])

    return run


def test_the_command_says_first_that_no_text_leaves_the_machine(command, capsys):
    assert command() == 0
    said = capsys.readouterr()
    assert said.out.startswith("Features are proposed offline from the catalogue: no report text leaves this machine.")
    assert "4 recordings, 1 not readable" in said.out
    assert "Completing" in said.err


def test_the_command_says_first_where_the_text_goes(command, capsys, stub):
    stub.lists(("LBBB", "QRS duration of 120 ms or more"))
    assert command("--endpoint", stub.address, "--endpoint-model", "stub") == 0
    host = stub.address.removeprefix("http://").removesuffix("/v1")
    assert capsys.readouterr().out.startswith(f"Features are proposed by stub at {host}")
    # The English and the German report were sent once each, the remark on the age and the damaged recording never.
    assert len(stub.requests) == 2
    assert not any("age" in request["messages"][1]["content"].split() for request in stub.requests)


def test_the_command_says_what_is_wrong_with_an_endpoint_and_how_to_mend_it(command, capsys, stub):
    stub.replies = [(401, "{}", 0, False)]
    assert command("--endpoint", stub.address, "--endpoint-model", "stub") == 1
    assert "ECGCLIP_ENDPOINT_KEY" in capsys.readouterr().err
    assert command("--endpoint", stub.address) == 1
    assert "--endpoint-model" in capsys.readouterr().err
