"""Sentences that tell apart what can be asked: of an ECG, of medicine beyond it, and everything else."""

import tomllib
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import CatalogueError


def ecg_questions() -> tuple[str, ...]:
    """Questions and phrases about an ECG, as readers put them."""
    return _sentences("ecg")


def questions_beyond_the_ecg() -> tuple[str, ...]:
    """Medical questions that an ECG cannot answer."""
    return _sentences("beyond")


def unrelated_sentences() -> tuple[str, ...]:
    """Sentences of everyday life, other fields and no sense at all."""
    return _sentences("unrelated")


@cache
def _sentences(kind: str) -> tuple[str, ...]:
    """All sentences of ``assets/questions/<kind>.toml``, whose keys are topics and whose values lists of texts."""
    path = ASSETS / "questions" / f"{kind}.toml"
    try:
        topics = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault
    for topic, texts in topics.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise CatalogueError(f"{path.name}, entry {topic}: must be a list of texts that are not empty.")
    return tuple(text for texts in topics.values() for text in texts)
