"""A checkpoint folder: weights in float16, `config.json`, `tokenizer.json` and a model card.

The text encoder's weights lie in a file of their own, since checkpoints of several signal encoders share it: a
``config.json`` with ``text_encoder_of`` names the checkpoint beside it that has the file.
"""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CheckpointError
from ecgclip_core.model.architecture import signal_encoder_of, space_of
from ecgclip_core.model.ecgclip import ECGCLIP, UNCALIBRATED
from ecgclip_core.model.known_texts import load_known_texts
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.text_encoder import TEXT_WEIGHTS, TextEncoder, text_weights_file

CHECKPOINTS = ASSETS / "checkpoints"
DEFAULT = "ecgclip-r18"
WEIGHTS, SNAPSHOTS = "model.safetensors", "snapshots.safetensors"
SIMULATED_ONLY = "simulated_only.json"
TEXT_PREFIX = "text_encoder."


def checkpoint_folder(name: str | Path | None = None) -> Path:
    """The folder of a checkpoint, from a path or the name of a bundled one.

    Raises
    ------
    CheckpointError
        Where there is none, with the names that exist.
    """
    wanted = DEFAULT if name is None else name
    for folder in (Path(wanted), CHECKPOINTS / str(wanted)):
        if (folder / "config.json").is_file():
            return folder
    bundled = ", ".join(bundled_checkpoints()) or "none"
    raise CheckpointError(
        f"No checkpoint {Path(wanted).name!r}: it is neither a folder with a config.json nor a bundled one ({bundled})."
    )


def bundled_checkpoints() -> list[str]:
    """Names of the checkpoints that came with the package, the default one first."""
    names = sorted(file.parent.name for file in CHECKPOINTS.glob("*/config.json"))
    return sorted(names, key=lambda name: name != DEFAULT)


def load_model(name: str | Path | None = None) -> ECGCLIP:
    """Load a checkpoint, ready to answer.

    Parameters
    ----------
    name : str or path, optional
        A folder, or the name of a bundled checkpoint; the default one where left out.

    Returns
    -------
    ECGCLIP
        In evaluation mode, float32, without gradients on its weights.

    Raises
    ------
    CheckpointError
        Where the folder is missing, incomplete or damaged.
    """
    folder = checkpoint_folder(name)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        model = build_model(config, folder / "tokenizer.json")
        weights = load_file(folder / WEIGHTS) | load_file(text_weights_file(folder, config))
        model.load_state_dict({key: value.float() for key, value in weights.items()}, strict=True)
        model.snapshots = _snapshots(folder, config)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"The checkpoint {folder.name!r} cannot be loaded ({type(error).__name__}). It needs config.json, "
            f"tokenizer.json, {WEIGHTS} and {TEXT_WEIGHTS} that belong together; copy the folder again, and the one "
            "that its 'text_encoder_of' names beside it."
        ) from error
    model.name = config.get("name", folder.name)
    model.hash = weights_hash(folder)
    model.known_texts = load_known_texts(folder, model.hash)
    model.config = config
    model.folder = folder
    model.calibration = _calibration(folder)
    model.learned_simulator = _learned_simulator(folder, model.hash)
    return model.eval().requires_grad_(False)


def _calibration(folder: Path) -> dict:
    """How logits become probabilities; scores of a checkpoint that was never calibrated are bare sigmoids."""
    file = folder / "calibration.json"
    return UNCALIBRATED | (json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {})


def _learned_simulator(folder: Path, weights: str) -> dict[str, float]:
    """Findings whose score tells simulated recordings from real ones, with the AUROC, as found for these weights."""
    file = folder / SIMULATED_ONLY
    checked = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if checked.get("checkpoint", {}).get("hash") != weights:
        return {}
    return {row["finding"]: row["auroc"] for row in checked["findings"] if row["learned_simulator"]}


def build_model(config: dict, tokenizer_file: Path) -> ECGCLIP:
    """An untrained model of a given architecture (`config` as in ``config.json``)."""
    architecture, preprocessing = config["architecture"], Preprocessing.from_dict(config["preprocessing"])
    return ECGCLIP(
        signal_encoder_of(architecture, preprocessing.length),
        TextEncoder(architecture["text"], tokenizer_file),
        architecture["dimensions"],
        preprocessing,
        architecture.get("text_hidden"),
    )


def save_model(model: ECGCLIP, folder: str | Path, config: dict, tokenizer_file: Path, card: str) -> None:
    """Write a checkpoint folder.

    Parameters
    ----------
    model : ECGCLIP
    folder : path
        Made where it does not exist.
    config : dict
        ``name``, ``architecture`` and what it was trained on; preprocessing and versions are added.
    tokenizer_file : path
        A ``tokenizer.json`` to copy.
    card : str
        Markdown of the model card, written as ``README.md``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = halved(model.state_dict())
    text = {key: value for key, value in weights.items() if key.startswith(TEXT_PREFIX)}
    save_file(text, folder / TEXT_WEIGHTS)
    save_file({key: value for key, value in weights.items() if key not in text}, folder / WEIGHTS)
    if model.snapshots:
        states = enumerate(model.snapshots)
        save_file(
            {f"{n}.{key}": value for n, space in states for key, value in halved(space.state_dict()).items()},
            folder / SNAPSHOTS,
        )
    if Path(tokenizer_file).resolve() != (folder / "tokenizer.json").resolve():
        shutil.copyfile(tokenizer_file, folder / "tokenizer.json")
    config = config | {
        "preprocessing": model.preprocessing.to_dict(),
        "versions": {package: version(package) for package in ("torch", "transformers", "tokenizers")},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")


def halved(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights as they are kept: float16, counters as they are."""
    return {key: (value.half() if value.dtype == torch.float32 else value).contiguous() for key, value in state.items()}


def _snapshots(folder: Path, config: dict) -> list[CommonSpace]:
    """Earlier states of the training, none where the checkpoint has no file of them."""
    if not (folder / SNAPSHOTS).is_file():
        return []
    spaces: dict[str, dict[str, torch.Tensor]] = {}
    for key, value in load_file(folder / SNAPSHOTS).items():
        number, _, name = key.partition(".")
        spaces.setdefault(number, {})[name] = value.float()
    return [_space(config, spaces[number]) for number in sorted(spaces)]


def _space(config: dict, weights: dict[str, torch.Tensor]) -> CommonSpace:
    architecture, length = config["architecture"], config["preprocessing"]["length"]
    space = space_of(architecture, architecture["text"]["hidden_size"], length)
    space.load_state_dict(weights, strict=True)
    return space.eval().requires_grad_(False)


def weights_hash(folder: Path) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the weights that answer."""
    digest = hashlib.sha256()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for weights in (folder / WEIGHTS, text_weights_file(folder, config)):
        with weights.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()[:12]
