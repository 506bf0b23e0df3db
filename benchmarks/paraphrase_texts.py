"""The texts of the paraphrase benchmark, and whether the project has said any of them itself."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ecgclip_core.bundled import ASSETS
from ecgclip_core.findings.catalogue import catalogue, normalised
from ecgclip_core.findings.wordings import wordings

FOLDER = Path(__file__).parent / "paraphrases"

# Words at either end that make a question of a phrase and say nothing of what is asked.
FRAME_WORDS = """a an the is are was were am be do does did has have had can could would should will may might there it
here this that these he she we you i his her my their patient pt ecg ekg trace tracing recording strip show shows shown
see seen sees find tell me please any some sign signs evidence of for on in with present visible also now if whether or
ist das der die ein eine es hat gibt sind zeigt liegt vor dieses diesem im vorhanden erkennbar auf"""
FRAME = frozenset(FRAME_WORDS.split())


@dataclass(frozen=True)
class Texts:
    """The texts of the benchmark.

    Attributes
    ----------
    findings : dict of str to tuple of str
        Wordings by finding.
    unrelated, beyond : tuple of str
        About anything but medicine; medical, but not what an ECG shows.
    denied : tuple of (str, str)
        A denial and the finding that it denies.
    several : tuple of (str, frozenset of str)
        A question and all findings that it names.
    """

    findings: dict[str, tuple[str, ...]]
    unrelated: tuple[str, ...]
    beyond: tuple[str, ...]
    denied: tuple[tuple[str, str], ...]
    several: tuple[tuple[str, frozenset[str]], ...]

    def all(self) -> Iterator[tuple[str, str]]:
        """Every text with the kind that it is of."""
        for finding, asked in self.findings.items():
            yield from ((finding, text) for text in asked)
        yield from (("unrelated", text) for text in self.unrelated)
        yield from (("beyond", text) for text in self.beyond)
        yield from (("denied", text) for text, _ in self.denied)
        yield from (("several", text) for text, _ in self.several)


def read_texts(folder: Path = FOLDER) -> Texts:
    """Read the five files of the benchmark."""
    tables = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.toml")}
    return Texts(
        {finding: tuple(wordings) for finding, wordings in tables["findings"].items()},
        tuple(tables["unrelated"]["texts"]),
        tuple(tables["beyond"]["texts"]),
        tuple((row["text"], row["finding"]) for row in tables["negations"]["denied"]),
        tuple((row["text"], frozenset(row["findings"])) for row in tables["several"]["asked"]),
    )


def bare(text: str) -> str:
    """What is left of a text without case, punctuation and the words of a question around it."""
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]", text)
    inside = [place for place, word in enumerate(words) if word[0].isalnum() and word.casefold() not in FRAME]
    kept = words[inside[0] : inside[-1] + 1] if inside else words
    return normalised(" ".join(kept)) or " ".join(words)


def said_by_the_project() -> set[str]:
    """Everything that the project says of findings or teaches the text encoder with, `bare`."""
    said: set[str] = set()
    for entry in catalogue().values():
        holds, absent = wordings(entry.id)
        said |= {entry.id, *holds, *absent}
        said |= {code for codes in entry.codes.values() for code in codes}
        said |= {part.text for part in (*entry.features, *entry.criteria)}
    for path in (ASSETS / "questions").glob("*.toml"):
        # The frames are patterns of words around a question, not texts.
        if path.stem != "frames":
            said |= set(_strings(tomllib.loads(path.read_text(encoding="utf-8"))))
    return {bare(text) for text in said}


def repeated(texts: Texts, taught: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Texts of the benchmark, with their kind, that stand in it twice or that are said elsewhere.

    Parameters
    ----------
    texts : Texts
    taught : iterable of str
        What else teaches the model, on top of what the project says: statements of reports.
    """
    said, found = said_by_the_project() | {bare(text) for text in taught}, []
    for kind, text in texts.all():
        if bare(text) in said:
            found.append((kind, text))
        said.add(bare(text))
    return found


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        # The keys of tables of abbreviations are what a reader types.
        yield from value
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
