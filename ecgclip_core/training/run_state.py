"""What a run keeps on disk: its state after every epoch, its log, and copies of the weights put aside on the way."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ecgclip_core.errors import EcgclipError
from ecgclip_core.training.recipe import Recipe

STATE, LOG = "state.safetensors", "log.jsonl"
# Neither is trained in the run.
_TEXT_SIDE = ("text_encoder.", "scope_head.")


def save_state(out: Path, recipe: Recipe, model, averaged: dict, optimizer, trained: dict, epoch: int) -> None:
    """Write all that the epochs after `epoch` depend on; the file before it stays whole until this one is.

    Parameters
    ----------
    out : Path
    recipe : Recipe
    model : ECGCLIP
    averaged : dict of str to Tensor
        The averaged copy of its weights.
    optimizer : torch.optim.AdamW
    trained : dict of str to Parameter
    epoch : int
        Epochs that are finished.
    """
    tensors = {
        f"{kind}.{name}": value
        for kind, state in (("model", model.state_dict()), ("averaged", averaged))
        for name, value in _without_text(state).items()
    }
    for name, parameter in trained.items():
        for key, value in optimizer.state[parameter].items():
            tensors[f"optimizer.{name}.{key}"] = value
    described = {"epoch": str(epoch), "recipe": json.dumps(recipe.to_dict())}
    partial = out / "state.part"
    save_file({name: value.contiguous() for name, value in tensors.items()}, partial, described)
    partial.rename(out / STATE)


def resume(out: Path, recipe: Recipe, model, averaged: dict, optimizer, trained: dict) -> int:
    """Load what `save_state` wrote; the number of finished epochs, 0 where there is no state.

    Raises
    ------
    EcgclipError
        Where the run in `out` is one of another recipe.
    """
    file = out / STATE
    if not file.is_file():
        return 0
    with safe_open(file, "pt") as opened:
        described = opened.metadata()
    _check_same(recipe, json.loads(described.get("recipe", "{}")), out)
    tensors = load_file(file)
    model.load_state_dict(_under(tensors, "model."), strict=False)
    for name, value in _under(tensors, "averaged.").items():
        averaged[name].copy_(value)
    for name, parameter in trained.items():
        kept = _under(tensors, f"optimizer.{name}.")
        # AdamW counts its steps on the CPU.
        optimizer.state[parameter] = {
            key: value if key == "step" else value.to(parameter.device) for key, value in kept.items()
        }
    return int(described["epoch"])


def _check_same(recipe: Recipe, kept: dict, out: Path) -> None:
    now = json.loads(json.dumps(recipe.to_dict()))
    changed = [f"{key} was {kept[key]}, is {now[key]}" for key in now if key in kept and kept[key] != now[key]]
    if changed:
        raise EcgclipError(
            f"The run in {out.name!r} was begun with another recipe ({'; '.join(changed)}). Go on with that one, or "
            "name another folder."
        )


def add_to_log(out: Path, line: dict) -> None:
    """One line of JSON an epoch."""
    with (out / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def cut_log(out: Path, epochs: int) -> None:
    """Drop lines of epochs that are not finished: they come again."""
    file = out / LOG
    if file.is_file():
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(lines[:epochs]), encoding="utf-8")


def put_aside(weights: dict[str, torch.Tensor], file: Path) -> None:
    """Keep a copy of weights without those of the text encoder."""
    save_file({name: value.contiguous() for name, value in _without_text(weights).items()}, file)


def _without_text(state: dict) -> dict:
    return {name: value for name, value in state.items() if not name.startswith(_TEXT_SIDE)}


def _under(tensors: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
