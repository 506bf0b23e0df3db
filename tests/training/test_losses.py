import pytest
import torch

from ecgclip_core.training.losses import statement_loss


def test_a_statement_that_holds_for_two_recordings_is_a_match_for_both():
    logits = torch.zeros(2, 1, requires_grad=True)
    statement_loss(logits, torch.tensor([[1], [1]])).backward()
    assert (logits.grad < 0).all()


def test_what_nobody_knows_teaches_nothing():
    logits = torch.randn(3, 4, requires_grad=True)
    labels = torch.tensor([[1, 0, -1, -1]] * 3)
    statement_loss(logits, labels).backward()
    assert (logits.grad[:, 2:] == 0).all()
    assert (logits.grad[:, :2] != 0).all()


def test_a_batch_in_which_nothing_is_known_has_no_loss():
    assert statement_loss(torch.randn(2, 2), torch.full((2, 2), -1)).item() == 0


def test_certain_right_answers_cost_nothing_and_certain_wrong_ones_much():
    labels = torch.tensor([[1, 0]])
    assert statement_loss(torch.tensor([[30.0, -30.0]]), labels).item() == pytest.approx(0, abs=1e-6)
    assert statement_loss(torch.tensor([[-30.0, 30.0]]), labels).item() == pytest.approx(30, abs=1e-3)
