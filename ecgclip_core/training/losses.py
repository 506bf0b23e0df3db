"""The losses of pre-training. Each statement either holds for a recording or not, across the whole batch."""

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
