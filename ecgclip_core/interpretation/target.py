"""What an explanation explains: the margin between a question and its contrast, as a function of prepared windows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query
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

    Attributes
    ----------
    expected : int
        Windows that the method in use will evaluate in all; set by the method.
    """

    def __init__(self, model: ECGCLIP, query: Query, progress: Progress | None = None):
        super().__init__()
        # Kept out of the tree of modules: an explanation must not switch the shared model's mode.
        self._model = [model]
        self.query = query
        self.progress = progress
        self.expected = 1
        self.evaluated = 0

    @property
    def model(self) -> ECGCLIP:
        """The model that is explained."""
        return self._model[0]

    def forward(self, x: Tensor) -> Tensor:
        # The lock is held for one batch only: nobody waits for a slow method, and no batch passes while another
        # thread's hook is on a layer.
        with self.model.lock, evaluating(self.model):
            values = margin(self.model, self.model.embed_signal(x), self.query)
        self.evaluated += len(x)
        if self.progress:
            self.progress(min(self.evaluated / self.expected, 1.0))
        return values


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
