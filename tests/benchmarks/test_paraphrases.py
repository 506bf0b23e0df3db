"""What the paraphrase benchmark counts."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from paraphrases import denies, encoder_only, enough, macro, naming  # noqa: E402

from ecgclip_core.model.query import ask  # noqa: E402


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("atrial fibrillation", "right"),
        ("LBBB and atrial fibrillation", "right"),
        ("arrhythmia", "near"),
        ("left bundle branch block", "wrong"),
        ("the quick brown fox", "none"),
    ],
)
def test_a_question_names_its_finding_one_near_it_another_or_none(tiny_model, question, said):
    assert naming("atrial_fibrillation", ask(tiny_model, question)) == said


def test_with_the_catalogue_emptied_even_a_name_names_nothing(tiny_model):
    assert naming("atrial_fibrillation", encoder_only("atrial fibrillation")) == "none"


def test_only_a_denial_denies(tiny_model):
    assert denies(ask(tiny_model, "no atrial fibrillation"), "atrial_fibrillation")
    assert not denies(ask(tiny_model, "atrial fibrillation"), "atrial_fibrillation")
    assert not denies(ask(tiny_model, "no left bundle branch block"), "atrial_fibrillation")


def test_a_finding_that_all_or_hardly_any_recordings_have_is_left_out():
    truth = {"all": np.ones(20, dtype=bool), "few": np.arange(20) < 4, "some": np.arange(20) < 5}
    assert list(enough(truth)) == ["some"]


def test_together_each_finding_counts_once_and_on_real_recordings_where_there_are_any():
    rows = pd.DataFrame(
        [("a", "real", 0.9), ("a", "simulated", 0.1), ("b", "simulated", 0.7)], columns=["finding", "source", "own"]
    ).assign(paraphrase=lambda table: table["own"] - 0.1, emptied=lambda table: table["own"] - 0.3)
    found = macro(rows)
    assert found["together"]["findings"] == 2
    assert found["together"]["own"]["value"] == pytest.approx(0.8)
    assert found["together"]["paraphrase below own"]["value"] == pytest.approx(0.1)
    assert found["together"]["emptied below paraphrase"]["value"] == pytest.approx(0.2)
    assert found["real"]["findings"] == 1
