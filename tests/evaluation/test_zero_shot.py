import json
from dataclasses import replace

import pandas as pd
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.tasks import task_named
from ecgclip_core.evaluation.zero_shot import answer_all, answer_task, check_apart, see_all, table, write_evaluation


@pytest.fixture
def folder(tmp_path, make_ecg):
    rows = []
    for number in range(24):
        ecg = make_ecg(number, sampling_rate=100)
        signals = pd.DataFrame(ecg.signal.T, columns=[f"{lead} (mV)" for lead in LEADS])
        signals.insert(0, "time (s)", ecg.times)
        signals.to_csv(tmp_path / f"{number}.csv", index=False)
        code = ("NORM", "IMI", "CLBBB")[number % 3]
        rows.append({"record": f"{number}.csv", "scp_codes": f"{{'{code}': 100.0}}", "patient_id": number // 2})
        rows[-1]["strat_fold"] = 9 if number < 20 else 1
    (tmp_path / "broken.csv").write_text("nothing")
    rows.append({"record": "broken.csv", "scp_codes": "{'NORM': 100.0}", "patient_id": 99, "strat_fold": 9})
    pd.DataFrame(rows).to_csv(tmp_path / "records.csv", index=False)
    return tmp_path


def test_every_readable_recording_of_the_folds_is_asked_every_finding_with_enough_positives(tiny_model, folder):
    answers = answer_all(tiny_model, folder, task_named("ptbxl-super"), {9})
    assert answers.logits.shape == (20, len(answers.findings))
    assert set(answers.findings) == {"normal_ecg", "myocardial_infarction", "conduction_disturbance"}
    assert answers.unreadable == ["broken.csv"]


def test_the_table_has_an_ordered_interval_for_every_number(tiny_model, folder):
    per_finding, macro = table(answer_all(tiny_model, folder, task_named("ptbxl-super"), {9}))
    for name in ("auroc", "prauc"):
        assert (per_finding[f"{name}_low"] >= 0).all()
        assert (per_finding[f"{name}_low"] < per_finding[f"{name}_high"]).all()
        assert (per_finding[f"{name}_high"] <= 1).all()
        assert macro[name].low < macro[name].high


def test_an_evaluation_is_written_beside_others_and_replaces_its_own_older_one(tiny_model, folder, tmp_path):
    file = tmp_path / "evaluation.json"
    for name in ("ptbxl-super", "ptbxl-super", "findings"):
        task = task_named(name)
        write_evaluation(file, tiny_model, task, "drawn", answer_all(tiny_model, folder, task, {9}))
    written = json.loads(file.read_text())
    assert [entry["task"] for entry in written] == ["ptbxl-super", "findings"]
    assert written[0]["persons"] == 10
    assert written[0]["checkpoint"]["hash"] == tiny_model.hash


def test_a_label_of_ones_own_is_asked_in_its_own_words_and_judged_only_where_it_is_known(tiny_model, folder):
    rows = pd.read_csv(folder / "records.csv")
    rows["odd"] = [[1, 0, None][number % 3] for number in range(len(rows))]
    rows.to_csv(folder / "records.csv", index=False)
    (folder / "ward.toml").write_text('[labels]\nodd = "a heart that beats on the other side"', encoding="utf-8")
    task = task_named(folder / "ward.toml")
    answers = answer_all(tiny_model, folder, task)
    per_finding, macro = table(answers, task)
    assert per_finding["name"].tolist() == ["a heart that beats on the other side"]
    assert (per_finding["positives"][0], per_finding["recordings"][0]) == (8, 16)
    assert "auroc_10" not in macro


def test_thresholds_of_f1_come_from_the_recordings_that_validate(tiny_model, folder):
    task, seen = task_named("ptbxl-super"), see_all(tiny_model, folder, {9})
    answers, validation = (
        answer_task(tiny_model, seen, task),
        answer_task(tiny_model, see_all(tiny_model, folder, {1}), task, 1),
    )
    shifted = replace(validation, logits=validation.logits + 1e6)
    assert table(answers, task, validation)[0]["f1"].notna().all()
    assert (table(answers, task, shifted)[0]["f1"] == 0).all()
    few = replace(validation, findings=validation.findings[:1])
    assert table(answers, task, few)[0]["f1"].notna().sum() == 1


def test_thresholds_from_persons_who_report_are_refused(tiny_model, folder):
    reporting, everybody = see_all(tiny_model, folder, {9}), see_all(tiny_model, folder)
    with pytest.raises(EcgclipError, match="10 persons are both"):
        check_apart(reporting, everybody)


def test_folds_that_the_table_does_not_have_are_named(tiny_model, folder):
    with pytest.raises(EcgclipError, match="fold 12"):
        see_all(tiny_model, folder, {12})


def test_a_folder_without_codes_is_refused_with_a_sentence(tiny_model, folder):
    rows = pd.read_csv(folder / "records.csv").drop(columns="scp_codes")
    rows.to_csv(folder / "records.csv", index=False)
    with pytest.raises(EcgclipError, match="scp_codes"):
        answer_all(tiny_model, folder, task_named("findings"))
