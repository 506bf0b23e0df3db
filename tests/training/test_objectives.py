"""The losses of MERL and FG-CLEP as steps of a training; those on plain numbers are in `test_losses`."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import TINY, tiny_set

from ecgclip_core.training.losses import info_nce, pair_loss
from ecgclip_core.training.objectives import contrastive, similarity
from ecgclip_core.training.pretrain import new_model
from ecgclip_core.training.ranks import Ranks

MERL = replace(TINY, encoder="merl", objective="contrastive", text_hidden=16, simulated_share=0.0, precision="32-true")
FG_CLEP = replace(TINY, objective="similarity", simulated_share=0.0, precision="32-true")
ROWS = np.array([2, 0, 3])


def with_reports(*reports):
    data = tiny_set()
    said = (*reports, *[()] * (len(data.real) - len(reports)))
    return replace(data, real=replace(data.real, statements=said))


@pytest.fixture
def lesson(text_folder, tmp_path, monkeypatch):
    """Prepares an objective on four reports, of which the last is that of the first in another order."""

    def prepare(objective, recipe):
        monkeypatch.setattr(objective, "wordings", lambda finding: ([finding], [f"no {finding}"]))
        reports = (("sinus rhythm", "normal ecg"), ("fast af",), ("left axis deviation", "av block"))
        model = new_model(recipe, text_folder).eval()
        return model, objective.prepare(recipe, with_reports(*reports, reports[0][::-1]), model.text_encoder, tmp_path)

    return prepare


def step(objective, model, lesson, rows, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return objective.loss(model, lesson, rows, np.random.default_rng(0), generator, Ranks())


def test_merl_reads_the_whole_report_and_leaves_short_ones_out(lesson):
    _, found = lesson(contrastive, MERL)
    assert found.reports == ["sinus rhythm. normal ecg", "left axis deviation. av block", "normal ecg. sinus rhythm"]
    assert len(found.data.real) == 3
    assert len(found.data.feature_labels) == 3 + len(found.data.simulated)


def test_merl_compares_recordings_with_reports_and_each_with_itself(lesson):
    model, found = lesson(contrastive, MERL)
    rows = np.arange(3)
    signals = torch.from_numpy(found.data.signals(rows))  # as they are, without augmentation
    cells = model.signal_encoder.with_mean(signals)[:, model.signal_encoder.width :]
    generator = torch.Generator().manual_seed(1)
    views = []
    for view in model.signal_encoder.views:
        kept = torch.rand(3, 16, generator=generator) >= contrastive.DROPOUT
        views.append(view(cells) * kept / (1 - contrastive.DROPOUT))
    texts = model.embed_text_features(model.text_encoder(found.reports))
    by_hand = info_nce(model.embed_signal(signals), texts, 0.07) + info_nce(*views, 0.07)
    assert step(contrastive, model, found, rows).item() == pytest.approx(by_hand.item(), rel=1e-4)


def test_what_dropout_leaves_out_comes_from_the_generator(lesson):
    model, found = lesson(contrastive, MERL)
    assert step(contrastive, model, found, np.arange(3)).equal(step(contrastive, model, found, np.arange(3)))
    assert not step(contrastive, model, found, np.arange(3)).equal(step(contrastive, model, found, np.arange(3), 2))


def test_recordings_of_which_the_same_was_said_are_matches(lesson, monkeypatch):
    model, found = lesson(similarity, FG_CLEP)
    assert len(found.data.real) == 4
    seen = []
    monkeypatch.setattr(
        similarity, "pair_loss", lambda logits, matches: seen.append(matches) or pair_loss(logits, matches)
    )
    step(similarity, model, found, ROWS)
    assert seen[0].tolist() == [[True, False, False], [False, True, True], [False, True, True]]


def test_a_text_is_the_mean_of_its_statements_in_any_order(lesson):
    _, found = lesson(similarity, FG_CLEP)
    assert torch.allclose(found.texts[0], found.texts[3], atol=1e-6)
    assert torch.allclose(found.texts.norm(dim=1), torch.ones(4), atol=1e-5)
    mean = found.bank[["sinus rhythm", "normal ecg"]].mean(dim=0)
    assert torch.allclose(found.texts[0], mean / mean.norm(), atol=1e-6)


def test_the_scale_of_each_objective_is_where_its_model_starts(text_folder):
    assert float(new_model(MERL, text_folder).log_scale.detach().exp()) == pytest.approx(1 / 0.07)
    assert float(new_model(FG_CLEP, text_folder).bias) == -10
    assert float(new_model(TINY, text_folder).bias) == -5
