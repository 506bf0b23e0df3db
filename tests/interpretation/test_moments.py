import numpy as np
import pytest

from ecgclip_core.interpretation.moments import moments
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.query import ask
from ecgclip_core.simulation.simulate import simulate


@pytest.mark.parametrize("duration", [3.0, 10.0, 25.0])
def test_moments_cover_the_recording_and_nothing_beyond_it(tiny_model, make_ecg, duration):
    found = moments(tiny_model, make_ecg(0, duration=duration), ask(tiny_model, "atrial fibrillation"))
    assert found.times[0] == 0
    assert duration - 0.1 <= found.times[-1] < duration
    assert np.isfinite(found.similarity).all()


def test_a_denial_turns_the_curve_over(tiny_model, make_ecg):
    asked, denied = (
        moments(tiny_model, make_ecg(0), ask(tiny_model, text)).similarity
        for text in ("atrial fibrillation", "no atrial fibrillation")
    )
    assert denied == pytest.approx(-asked)


def test_early_broad_beats_stand_out_of_the_curve_of_their_question():
    model = load_model()
    ecg = next(
        ecg
        for ecg in (simulate("premature_ventricular_beats", seed=1_000_000 + seed) for seed in range(20))
        if 1 <= (ecg.truth.waves.query("wave == 'QRS'")["kind"] == "ectopic").sum() <= 2
    )
    found = moments(model, ecg, ask(model, "premature ventricular beats"))
    ectopic = ecg.truth.waves.query("wave == 'QRS' and kind == 'ectopic'")["peak_s"].to_numpy()
    near = (np.abs(found.times[:, None] - ectopic) < 0.4).any(axis=1)
    assert found.similarity[near].mean() > found.similarity[~near].mean()
