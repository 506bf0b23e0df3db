import json

import numpy as np

from ecgclip_core.evaluation.written import keep_entry, read_entries


def test_an_entry_replaces_that_of_the_same_task_kind_and_corpus_alone(tmp_path):
    file = tmp_path / "evaluation.json"
    same = {"task": "a", "kind": "probe", "corpus": "c"}
    for entry in (same | {"value": 1}, same | {"kind": "zero-shot"}, same | {"corpus": "d"}, same | {"value": 2}):
        keep_entry(file, entry)
    written = read_entries(file)
    assert len(written) == 3
    assert written[-1]["value"] == 2


def test_numbers_that_are_not_there_are_null_and_what_is_read_is_what_was_kept(tmp_path):
    entry = {
        "task": "a",
        "kind": "b",
        "corpus": "c",
        "values": [np.float64("nan"), np.int64(3), np.bool_(True), (0.5,)],
    }
    kept = keep_entry(tmp_path / "new" / "evaluation.json", entry)
    assert kept["values"] == [None, 3, True, [0.5]]
    assert read_entries(tmp_path / "new" / "evaluation.json") == [kept]
    assert "NaN" not in json.dumps(kept)


def test_no_file_holds_no_evaluation(tmp_path):
    assert read_entries(tmp_path / "evaluation.json") == []
