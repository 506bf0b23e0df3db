import torch

from ecgclip_core.training.augment import augment


def changed(signals, calibrated=None, seed=0):
    calibrated = torch.ones(len(signals), dtype=torch.bool) if calibrated is None else calibrated
    return augment(signals, calibrated, 100, torch.Generator().manual_seed(seed))


def test_the_same_generator_gives_the_same_changes():
    signals = torch.randn(4, 12, 1000)
    assert torch.equal(changed(signals), changed(signals))
    assert not torch.equal(changed(signals), changed(signals, seed=1))


def test_shape_and_scale_are_kept():
    signals = torch.randn(32, 12, 1000)
    result = changed(signals)
    assert result.shape == signals.shape
    assert torch.isfinite(result).all()
    assert 0.5 < result.std() < 1.1


def test_recordings_without_a_scale_get_gains_of_their_own_in_every_lead():
    wave = torch.sin(torch.arange(1000) / 3).expand(64, 12, 1000).clone()
    spread = {
        known: changed(wave, torch.full((64,), known)).abs().amax(dim=2).clamp(min=0.3).log().std(dim=1).median()
        for known in (True, False)
    }
    assert spread[False] > 2 * spread[True]


def test_some_recordings_lose_leads_and_none_loses_all():
    masked = changed(torch.randn(200, 12, 1000)).abs().amax(dim=2) == 0
    assert 0.02 < masked.float().mean() < 0.2
    assert not masked.all(dim=1).any()
