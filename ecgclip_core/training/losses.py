"""The losses of pre-training."""

import torch
from torch import Tensor, nn


def statement_loss(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sigmoid loss over every recording and every statement that something is known of.

    The pairwise sigmoid loss of Zhai et al. 2023 (doi:10.1109/ICCV51070.2023.01100) with a full label matrix in place
    of the diagonal one: a statement that holds for several recordings of a batch is a match for all of them.

    Parameters
    ----------
    logits : Tensor, shape (b, m)
    labels : Tensor, shape (b, m)
        1 holds, 0 does not, -1 unknown and left out.
    weights : Tensor, shape (b, m), optional
        How much each pair counts; all alike where left out.

    Returns
    -------
    Tensor, scalar
        Weighted mean over the known pairs; 0 where none is known.
    """
    known = labels >= 0
    loss = nn.functional.binary_cross_entropy_with_logits(
        logits, labels.clamp(min=0).to(logits.dtype), reduction="none"
    )
    counted = known.to(loss.dtype) if weights is None else known * weights
    return (loss * counted).sum() / counted.sum().clamp(min=1)


def info_nce(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Each row of one side finds its partner among all rows of the other, both ways, summed.

    Radford et al. 2021, arXiv 2103.00020; the sum and not the mean, as in MERL.

    Parameters
    ----------
    first, second : Tensor, shape (b, d)
        Rows of any length; row i of one belongs to row i of the other.
    temperature : float
    """
    first, second = (nn.functional.normalize(side, dim=1) for side in (first, second))
    logits = first @ second.T / temperature
    partner = torch.arange(len(logits), device=logits.device)
    return nn.functional.cross_entropy(logits, partner) + nn.functional.cross_entropy(logits.T, partner)


def pair_loss(logits: Tensor, matches: Tensor) -> Tensor:
    """Sigmoid loss over all pairs of a batch, -(1/b) sum log sigmoid(z logits), z = 1 on matches and -1 elsewhere.

    Zhai et al. 2023, doi:10.1109/ICCV51070.2023.01100.

    Parameters
    ----------
    logits : Tensor, shape (b, b)
    matches : Tensor of bool, shape (b, b)
    """
    signs = matches.to(logits.dtype) * 2 - 1
    return -nn.functional.logsigmoid(signs * logits).sum() / len(logits)


def similarity_loss(cosines: Tensor, wanted: Tensor) -> Tensor:
    """How far the cosines of a batch are from those that its texts have among each other, (1/b) sum |difference|.

    FG-CLEP, arXiv 2505.11939: what a pair loss calls a mismatch may be described by nearly the same words.

    Parameters
    ----------
    cosines : Tensor, shape (b, b)
        Of recording i and text j.
    wanted : Tensor, shape (b, b)
        Of text i and text j.
    """
    return (cosines - wanted).abs().sum() / len(cosines)
