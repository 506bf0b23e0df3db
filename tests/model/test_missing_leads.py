"""The bundled checkpoint on recordings that lack leads."""

from dataclasses import replace

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.zero_shot import zero_shot
from ecgclip_core.simulation.simulate import simulate

ASKED = ["atrial fibrillation", "left bundle branch block", "sinus rhythm"]


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def recording():
    return simulate("atrial_fibrillation", seed=1_000_004)


def without(ecg, *missing):
    signal = ecg.signal.copy()
    signal[[LEADS.index(lead) for lead in missing]] = np.nan
    return replace(ecg, signal=signal)


def scores(model, *ecgs):
    return zero_shot(model, list(ecgs), ASKED)["score"].to_numpy().reshape(len(ecgs), len(ASKED))


def test_one_missing_lead_moves_an_answer_little(model, recording):
    whole, *lacking = scores(model, recording, *(without(recording, lead) for lead in LEADS))
    moved = np.abs(np.stack(lacking) - whole)
    assert np.median(moved) < 0.05
    assert moved.max() < 0.3


def test_three_leads_are_answered(model, recording):
    few = without(recording, *(lead for lead in LEADS if lead not in ("I", "II", "V2")))
    vector, answered = model.encode_ecg([few]), scores(model, few)
    assert np.isfinite(vector).all()
    assert ((answered >= 0) & (answered <= 1)).all()
    assert answered[0, 0] > answered[0, 2]  # fibrillation and not sinus rhythm: its leads for rhythm are there
