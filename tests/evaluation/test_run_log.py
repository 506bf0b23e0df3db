import json

import numpy as np

from ecgclip_core.evaluation.run_log import once


def counted(calls):
    calls.append(1)
    return {"quality": 0.5}, {"test": np.arange(3.0)}


def test_a_run_that_stands_in_the_log_is_not_repeated(tmp_path):
    calls = []
    first = once(tmp_path, {"model": "a"}, lambda: counted(calls))
    again = once(tmp_path, {"model": "a"}, lambda: counted(calls))
    assert len(calls) == 1
    assert first[0] == again[0]
    assert list(again[1]["test"]) == [0, 1, 2]


def test_another_setting_is_another_run(tmp_path):
    calls = []
    for rate in (1e-3, 1e-4):
        once(tmp_path, {"model": "a", "learning_rate": rate}, lambda: counted(calls))
    lines = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    assert [line["learning_rate"] for line in lines] == [1e-3, 1e-4]
    assert all(line["quality"] == 0.5 for line in lines)


def test_a_line_cut_off_by_an_interruption_is_run_again(tmp_path):
    calls = []
    once(tmp_path, {"model": "a"}, lambda: counted(calls))
    log = tmp_path / "runs.jsonl"
    log.write_text(log.read_text()[:10])
    once(tmp_path, {"model": "a"}, lambda: counted(calls))
    assert len(calls) == 2
