"""Sentences that tell apart what can be asked: of an ECG, of medicine beyond it, and everything else."""

import tomllib
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError

_FILES = {"ecg": "ecg", "beyond": "beyond", "none": "unrelated"}


@cache
def example_questions(scope: str) -> tuple[str, ...]:
    """Sentences of one scope, read from ``assets/questions``, whose keys are topics and whose values lists of texts.

    Parameters
    ----------
    scope : str
        ``"ecg"``: questions and phrases about an ECG, as readers put them; ``"beyond"``: medical questions that an
        ECG cannot answer; ``"none"``: everyday life, other fields and no sense at all.

    Returns
    -------
    tuple of str

    Raises
    ------
    CatalogueError
        Where there is no such scope, or its file cannot be read.
    """
    if scope not in _FILES:
        raise CatalogueError(f"There is no scope {scope!r}; there are {', '.join(_FILES)}.")
    path = ASSETS / "questions" / f"{_FILES[scope]}.toml"
    try:
        topics = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
    for topic, texts in topics.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise CatalogueError(f"{path.name}, entry {topic}: must be a list of texts that are not empty.")
    return tuple(text for texts in topics.values() for text in texts)
