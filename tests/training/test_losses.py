import math

import pytest
import torch

from ecgclip_core.training.losses import info_nce, pair_loss, similarity_loss, statement_loss


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


def test_a_perfect_match_costs_what_the_temperature_leaves_of_the_others():
    rows = torch.eye(3)
    # Each row: its partner at 1 / t, the two others at 0; both ways are summed.
    by_hand = 2 * math.log(1 + 2 * math.exp(-1 / 0.5))
    assert info_nce(rows, rows, 0.5).item() == pytest.approx(by_hand, rel=1e-6)
    assert info_nce(rows, rows, 0.01).item() == pytest.approx(0, abs=1e-6)


def test_partners_at_the_wrong_places_cost_much_and_lengths_do_not_count():
    rows = torch.eye(2)
    assert info_nce(rows, rows.flip(0), 0.1).item() == pytest.approx(2 * math.log(1 + math.exp(10)), rel=1e-6)
    assert info_nce(7 * rows, rows, 0.1).item() == pytest.approx(info_nce(rows, rows, 0.1).item())


def test_the_pair_loss_counts_every_pair_once_and_divides_by_recordings():
    logits, matches = torch.tensor([[2.0, -1.0], [0.5, 3.0]]), torch.eye(2, dtype=torch.bool)
    signed = [2.0, 1.0, -0.5, 3.0]
    by_hand = sum(math.log(1 + math.exp(-value)) for value in signed) / 2
    assert pair_loss(logits, matches).item() == pytest.approx(by_hand, rel=1e-6)


def test_cosines_that_are_those_of_the_texts_cost_nothing_and_others_their_distance():
    wanted = torch.tensor([[1.0, 0.4], [0.4, 1.0]])
    assert similarity_loss(wanted, wanted).item() == 0
    assert similarity_loss(wanted - 0.5, wanted).item() == pytest.approx(4 * 0.5 / 2)
