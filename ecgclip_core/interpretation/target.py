"""What an explanation explains: the margin between a question and its contrast, as a function of prepared windows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.zero_shot import margin

Progress = Callable[[float], None]


class ContrastMargin(nn.Module):
    """The margin of a query, shape (b,), for prepared windows of shape (b, 12, length); differentiable in them.

    The vector is brought to length 1 and the contrast subtracted inside the graph, so that an attribution explains what
    tells the question from its opposite, not what tells an ECG from noise.

    Parameters
    ----------
    model : ECGCLIP
    query : Query
    progress : callable, optional
        Given the share of the work that is done, in [0, 1], after each batch. It may raise, which stops the work.
    space : CommonSpace, optional
        Encodes the windows in the model's place: a copy whose weights were drawn anew.

    Attributes
    ----------
    expected : int
        Windows that the method in use will evaluate in all; set by the method.
    """

    def __init__(
        self, model: ECGCLIP, query: Query, progress: Progress | None = None, space: CommonSpace | None = None
    ):
        super().__init__()
        # Kept out of the tree of modules: an explanation must not switch the shared model's mode.
        self._model, self._space = [model], [space or model]
        self.query = query
        self.progress = progress
        self.expected = 1
        self.evaluated = 0
        self.told = 0.0

    @property
    def model(self) -> ECGCLIP:
        """The model that is explained."""
        return self._model[0]

    @property
    def space(self) -> CommonSpace:
        """What encodes the windows: the model itself, or a copy of it."""
        return self._space[0]

    def answer(self, vectors: Tensor) -> Tensor:
        """The margin, shape (b,), of encoded windows of shape (b, d)."""
        return margin(self.model, vectors, self.query)

    def forward(self, x: Tensor) -> Tensor:
        # The lock is held for one batch only: nobody waits for a slow method, and no batch passes while another
        # thread's hook is on a layer.
        with self.model.lock, evaluating(self.space):
            values = self.answer(self.space.embed_signal(x))
        self.evaluated += len(x)
        self.tell(self.evaluated / self.expected)
        return values

    def tell(self, share: float) -> None:
        """Report progress, never backwards."""
        self.told = max(self.told, min(share, 1.0))
        if self.progress:
            self.progress(self.told)


class RandomMargin(ContrastMargin):
    """The same for a question that means nothing: the nearness to a direction drawn at random.

    Parameters
    ----------
    model, query, progress, space
        As of `ContrastMargin`; the query only gives the size of the margin's scale.
    seed : int
        Draws the direction.
    """

    def __init__(self, model: ECGCLIP, query: Query, seed: int, progress: Progress | None = None):
        super().__init__(model, query, progress)
        width = model.signal_head.out_features
        drawn = torch.randn(width, generator=torch.Generator().manual_seed(seed))
        self.direction = torch.nn.functional.normalize(drawn, dim=0)

    def answer(self, vectors: Tensor) -> Tensor:
        return self.model.log_scale.exp() * vectors @ self.direction


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for the time being: batch normalisation in training mode changes maps a hundredfold."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
