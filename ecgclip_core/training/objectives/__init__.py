"""What a training asks of a model, one module an objective.

Each module has three functions and two numbers:

``usable(data) -> ndarray of bool``
    Which real recordings it can learn from.
``prepare(recipe, data, encoder, cache) -> Lesson``
    What the steps share, a frozen dataclass. Every lesson has `recipe`, `data`, `bank` (a `TextBank`) and `sentences`
    (the wordings of each finding of the data); what else it holds is the objective's own.
``loss(model, lesson, rows, rng, generator, ranks) -> Tensor``
    The loss of one step. `rows` are the rows of the global batch. They, `rng` and `generator` are alike on every
    process: whatever is drawn must come from these two, and signals are encoded with `seen.signal_features`, which
    shares them out, so that every process arrives at the same loss.
``SCALE``, ``BIAS``
    Where the model's own start: ``SCALE * cosine + BIAS`` is the logit of an answer.
"""

from ecgclip_core.errors import EcgclipError
from ecgclip_core.training.objectives import contrastive, similarity, statements

OBJECTIVES = {"statements": statements, "contrastive": contrastive, "similarity": similarity}


def objective_named(name: str):
    """The module of an objective.

    Raises
    ------
    EcgclipError
        Where there is none of the name.
    """
    if name not in OBJECTIVES:
        raise EcgclipError(f"No objective {name!r}. A recipe can name: {', '.join(OBJECTIVES)}.")
    return OBJECTIVES[name]
