"""What a recording is compared with."""

import numpy as np
import pytest
import torch

from ecgclip_core.interpretation.saliency import saliency
from ecgclip_core.interpretation.saliency_baselines import BASELINES, absence_is_the_point
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.query import Query, ask
from ecgclip_core.model.zero_shot import margin
from ecgclip_core.simulation.simulate import simulate

PREPROCESSING = Preprocessing()


@pytest.fixture(scope="module")
def fibrillating():
    return simulate("atrial_fibrillation", 1, sampling_rate=250)


def windows_of(ecg, name):
    windows, _ = PREPROCESSING.windows(ecg)
    return windows, BASELINES[name].function(windows, ecg, PREPROCESSING)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_has_the_shape_of_the_windows(fibrillating, name):
    windows, baseline = windows_of(fibrillating, name)
    assert baseline.shape == windows.shape
    assert baseline.dtype == np.float32
    assert np.isfinite(baseline).all()


def test_a_blurred_recording_has_no_sharp_wave_left(fibrillating):
    windows, baseline = windows_of(fibrillating, "blurred")
    assert np.abs(np.diff(baseline)).max() < 0.1 * np.abs(np.diff(windows)).max()


def test_normal_beats_stand_at_the_beats_and_have_p_waves(fibrillating):
    _, baseline = windows_of(fibrillating, "normal")
    onsets = fibrillating.truth.waves.query("wave == 'QRS'")["onset_s"].to_numpy()
    onsets = onsets[(onsets > 0.6) & (onsets < 9)]
    after_a_pause = onsets[np.diff(onsets, prepend=onsets[0] - 1) > 0.8]
    at = np.round(after_a_pause * 100).astype(int)
    second = baseline[0, 1]
    assert np.mean([second[i : i + 10].max() for i in at]) > 0.4
    assert np.mean([np.ptp(second[i - 20 : i - 8]) for i in at]) > 0.04


def test_normal_beats_against_a_recording_without_beats_are_a_flat_line(make_ecg):
    from dataclasses import replace

    flat = replace(make_ecg(duration=3.0), signal=np.zeros((12, 1500)))
    assert not windows_of(flat, "normal")[1].any()


def test_a_flat_stretch_gets_its_share_only_against_something_that_is_there(tiny_model, make_ecg, query):
    from dataclasses import replace

    ecg = make_ecg(sampling_rate=250)
    signal = ecg.signal.copy()
    signal[3] = 0
    flattened = replace(ecg, signal=signal)
    against = {name: saliency(tiny_model, flattened, query, baseline=name).values[3] for name in ("zero", "normal")}
    assert not against["zero"].any()
    assert against["normal"].any()


@pytest.mark.parametrize("name", BASELINES)
def test_integrated_gradients_add_up_to_the_difference_from_any_baseline(tiny_model, make_ecg, query, name):
    ecg = make_ecg(sampling_rate=100)
    found = saliency(tiny_model, ecg, query, baseline=name)
    windows, _ = tiny_model.preprocessing.windows(ecg)
    baseline = BASELINES[name].function(windows, ecg, tiny_model.preprocessing)
    at_baseline = float(margin(tiny_model, torch.from_numpy(tiny_model.encode_windows(baseline)), query)[0])
    assert found.baseline == name
    assert found.values.sum() == pytest.approx(found.target - at_baseline + found.delta, abs=0.01)
    assert abs(found.delta) < 0.2


def test_the_stage_of_grad_cam_decides_its_resolution(tiny_model, make_ecg, query):
    ecg = make_ecg(sampling_rate=100)
    found = {stage: saliency(tiny_model, ecg, query, "grad_cam", stage=stage) for stage in (1, 2, 3, 4)}
    assert [round(found[stage].resolution_s, 3) for stage in found] == [0.02, 0.04, 0.08, 0.08]
    assert all(not np.allclose(found[4].values, found[stage].values) for stage in (1, 2, 3))


@pytest.mark.parametrize("wrong", [{"baseline": "nothing"}, {"stage": 5}])
def test_an_unknown_baseline_or_stage_is_refused_with_those_that_exist(tiny_model, make_ecg, query, wrong):
    with pytest.raises(ValueError, match="there are"):
        saliency(tiny_model, make_ecg(duration=2.0), query, **wrong)


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        ("atrial fibrillation", True),
        ("no left bundle branch block", True),
        ("left ventricular hypertrophy", False),
        ("ST depression", False),
    ],
)
def test_a_question_about_something_absent_is_known_as_one(tiny_model, question, absent):
    asked = ask(tiny_model, question)
    assert isinstance(asked, Query)
    assert absence_is_the_point(asked) is absent
