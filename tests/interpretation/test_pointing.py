"""Attribution inside the waves and leads that carry a finding."""

import numpy as np
import pandas as pd
import pytest

from ecgclip_core.ecg.delineate import delineate
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.interpretation.pointing import carrier_mask, localise, truth_mask
from ecgclip_core.simulation.simulate import simulate

RATE = 250
BEAT = pd.DataFrame(
    [
        ("all", 0, "P", 0.20, 0.25, 0.30),
        ("all", 0, "QRS", 0.40, 0.45, 0.50),
        ("all", 0, "T", 0.60, 0.70, 0.80),
        ("all", 1, "P", 1.20, 1.25, 1.30),
        ("all", 1, "QRS", 1.40, 1.45, 1.50),
    ],
    columns=["lead", "beat", "wave", "onset_s", "peak_s", "offset_s"],
)


def seconds_of(name):
    mask = carrier_mask(BEAT, (name,), ("V1",), 2000, 1000)
    assert not mask[[i for i, lead in enumerate(LEADS) if lead != "V1"]].any()
    edges = np.flatnonzero(np.diff(np.r_[0, mask[LEADS.index("V1")].astype(int), 0]))
    return [(round(a / 1000, 2), round(b / 1000, 2)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("P", (0.18, 0.32)),
        ("QRS", (0.38, 0.52)),
        ("T", (0.58, 0.82)),
        ("PR", (0.28, 0.42)),
        ("ST", (0.48, 0.62)),
        ("QT", (0.38, 0.82)),
        ("U", (0.78, 1.02)),
        ("TP", (0.78, 1.22)),
    ],
)
def test_every_wave_and_stretch_of_the_catalogue_has_its_seconds(name, first):
    assert seconds_of(name)[0] == first


def test_a_map_inside_the_mask_gains_everything_and_one_outside_loses(make_ecg):
    mask = np.zeros((12, 1000), dtype=bool)
    mask[6, 100:300] = True
    inside = localise(mask.astype(float), mask, 100, signed=True)
    assert (inside.share, inside.gain, inside.hit) == (1, 1, True)
    assert inside.chance == pytest.approx(200 / 12000)
    outside = localise((~mask).astype(float), mask, 100, signed=True)
    assert outside.gain < 0
    assert not outside.hit


def test_a_map_without_preference_is_at_chance():
    mask = np.random.default_rng(0).random((12, 1000)) < 0.3
    found = localise(np.ones((12, 1000)), mask, 100, signed=False)
    assert found.share == pytest.approx(found.chance)
    assert found.gain == pytest.approx(0)


def test_what_speaks_against_counts_only_without_signs():
    mask = np.zeros((12, 1000), dtype=bool)
    mask[0] = True
    values = np.where(mask, -1.0, 0.1)
    assert localise(values, mask, 100, signed=True).share == 0
    assert localise(values, mask, 100, signed=False).share > 0.4


def test_an_empty_map_or_mask_has_no_place():
    some = np.ones((12, 100))
    assert localise(np.zeros((12, 100)), some > 0, 100, True) is None
    assert localise(some, np.zeros((12, 100), bool), 100, True) is None


def test_only_ectopic_beats_carry_premature_beats():
    ecg = simulate("premature_ventricular_beats", 1, sampling_rate=RATE)
    mask = truth_mask(ecg.truth, "premature_ventricular_beats", ecg.signal.shape[1], RATE)
    qrs = ecg.truth.waves.query("wave == 'QRS'")
    inside = [mask[1, round(row.peak_s * RATE)] for row in qrs.itertuples()]
    assert inside == [row.kind == "ectopic" for row in qrs.itertuples()]


def test_a_delineation_gives_almost_the_mask_of_the_truth():
    ecg = simulate("left_bundle_branch_block", 1, sampling_rate=RATE)
    samples = ecg.signal.shape[1]
    truth = carrier_mask(ecg.truth.waves, ("QRS",), ("V1",), samples, RATE)
    measured = carrier_mask(delineate(ecg), ("QRS",), ("V1",), samples, RATE)
    assert (truth & measured).sum() / (truth | measured).sum() > 0.6
