"""The bundled cases: simulated recordings chosen to be shown, with a sentence to learn and questions to ask."""

import tomllib
from dataclasses import dataclass
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import CatalogueError
from ecgclip_core.simulation.simulate import simulate


@dataclass(frozen=True)
class Case:
    """One bundled case.

    Attributes
    ----------
    id : str
        Short and fit for a link.
    finding : str
        Id in the findings catalogue.
    seed : int
    title, teaching : str
        A heading without the diagnosis where the story allows it, and one sentence on what shows the finding.
    questions : tuple of str
        What a reader might ask of it, in plain words; not all are to be answered with yes.
    """

    id: str
    finding: str
    seed: int
    title: str
    teaching: str
    questions: tuple[str, ...]

    def ecg(self) -> ECG:
        """The recording, 10 s at 500 Hz, labelled as simulated."""
        return simulate(self.finding, self.seed)


@cache
def cases() -> tuple[Case, ...]:
    """All bundled cases in the order in which they are listed."""
    tables = tomllib.loads((ASSETS / "cases.toml").read_text(encoding="utf-8"))["case"]
    return tuple(Case(**(table | {"questions": tuple(table["questions"])})) for table in tables)


def case(case_id: str) -> Case:
    """The case with an id.

    Raises
    ------
    CatalogueError
        There is no such case.
    """
    for one in cases():
        if one.id == case_id:
            return one
    raise CatalogueError(
        f"There is no bundled case “{case_id[:60]}”. There are: {', '.join(one.id for one in cases())}."
    )
