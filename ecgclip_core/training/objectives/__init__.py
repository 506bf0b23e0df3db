"""What a training asks of a model, one module an objective.

Each module has two functions:

``prepare(recipe, data, encoder, cache) -> Lesson``
    What the steps share, a frozen dataclass. Every lesson has `recipe`, `data`, `bank` (a `TextBank`) and `sentences`
    (the wordings of each finding of the data); what else it holds is the objective's own.
``loss(model, lesson, rows, rng, generator, ranks) -> Tensor``
    The loss of one step. `rows` are the rows of the global batch. They, `rng` and `generator` are alike on every
    process: whatever is drawn must come from these two, and signals are encoded with `seen.signal_features`, which
    shares them out, so that every process arrives at the same loss.
"""

from ecgclip_core.training.objectives import statements

OBJECTIVES = {"statements": statements}
