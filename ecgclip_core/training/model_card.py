"""What a checkpoint says of itself: the fields of its ``config.json``, and the model card made of them."""

from collections.abc import Iterable

from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.objectives import objective_named
from ecgclip_core.training.recipe import Recipe
from ecgclip_core.training.training_set import TrainingSet

_OBJECTIVES = {
    "statements": "the statements of their reports, each of which holds or does not",
    "contrastive": "their whole reports, as MERL does (Liu et al. 2024, arXiv 2403.06659)",
    "similarity": "their completed reports, as FG-CLEP does (arXiv 2505.11939)",
}


def described(
    recipe: Recipe,
    model: ECGCLIP,
    data: TrainingSet,
    coded: Iterable[str],
    folds: set[int],
    corpus: str,
    text_encoder: str,
) -> dict:
    """The fields of ``config.json`` that a training knows.

    Parameters
    ----------
    recipe : Recipe
    model : ECGCLIP
    data : TrainingSet
        What was there to learn from.
    coded : iterable of str
        Findings that have codes in the real recordings.
    folds : set of int
        That were trained on.
    corpus : str
        What the real recordings are, in words.
    text_encoder : str
        What the text encoder is, in words.
    """
    real = data.real.where(objective_named(recipe.objective).usable(data))
    trained, statements = recipe.epochs > 0, recipe.objective == "statements"
    if not trained:
        real = real.where([False] * len(real))
    return {
        "name": recipe.name,
        "architecture": recipe.architecture() | {"text": model.text_encoder.config},
        "recipe": recipe.to_dict(),
        "trained_on": {
            "corpus": corpus,
            "real_recordings": len(real),
            "real_persons": len(set(real.patients)),
            "recordings_without_scale": int((~real.calibrated).sum()),
            "report_texts": len(data.texts) if statements and trained else len(real),
            "simulated_recordings": len(data.simulated) if trained else 0,
            "folds": sorted(folds) if trained else [],
            "youngest_years": recipe.youngest,
            "text_encoder": text_encoder,
        },
        "taught_by_recordings": sorted(coded) if trained else [],
        "taught_by_simulation": sorted(set(data.real.findings) - set(coded)) if trained and len(data.simulated) else [],
    }


def model_card(config: dict) -> str:
    """The README of a checkpoint, from its ``config.json``."""
    architecture, on = config["architecture"], config["trained_on"]
    merl = " (that of MERL)" if architecture.get("encoder") == "merl" else ""
    return f"""# {config["name"]}

An ECG signal-language model for research and teaching. **Not a medical device; not for the care of patients.**

- Signal encoder: {architecture["layout"]}{merl}, widths {architecture["widths"]},
  on 12 leads at 100 Hz, 10 s.
- Text encoder: {on["text_encoder"]}, frozen, with a projection of its own.
{_training(config)}
## What it cannot do

It sees 100 samples a second: pacing spikes and fine notches are lost, and times are good to about 10 ms. It knows the
country, the devices and the reporting habits of the recordings it was trained on. It cannot see what an ECG does not
show; a score for such a question rests on correlation at best. Nobody under {on["youngest_years"]:g} years taught it.
What it was measured to do stands in `evaluation.json`, how scores become probabilities in `calibration.json`.
"""


def _training(config: dict) -> str:
    on = config["trained_on"]
    if not config["recipe"]["epochs"]:
        return "- Never trained: a control. Its answers mean nothing.\n"
    lines = [
        f"- Trained on {on['real_recordings']:,} recordings of {on['real_persons']:,} persons ({on['corpus']}), folds "
        f"{', '.join(map(str, on['folds']))}, of which {on['recordings_without_scale']:,} came without millivolts,",
        f"  against {_OBJECTIVES[config['recipe']['objective']]}: {on['report_texts']:,} report texts.",
    ]
    if on["simulated_recordings"]:
        alone = ", ".join(name.replace("_", " ") for name in config["taught_by_simulation"])
        lines += [
            f"- Also on {on['simulated_recordings']:,} simulated recordings. These alone taught it:",
            f"  {alone or 'nothing'}.",
            "  Scores for these were never checked on real recordings.",
        ]
    return "\n".join(lines) + "\n"
