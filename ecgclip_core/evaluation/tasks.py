"""Which findings a task asks about."""

from dataclasses import dataclass

from ecgclip_core.errors import EcgclipError
from ecgclip_core.findings.catalogue import catalogue


@dataclass(frozen=True)
class Task:
    """A set of findings under a name.

    Attributes
    ----------
    name : str
    description : str
        For the page.
    system : str or None
        The codes whose carriers belong to it, as in the catalogue; every finding where None.
    """

    name: str
    description: str
    system: str | None

    def includes(self, finding: str) -> bool:
        """Whether a finding of the catalogue belongs to the task."""
        return self.system is None or self.system in catalogue()[finding].codes


TASKS = {
    task.name: task
    for task in (
        Task("ptbxl-super", "the five superclasses of PTB-XL", "scp_superclass"),
        Task("ptbxl-sub", "the subclasses of PTB-XL", "scp_subclass"),
        Task("findings", "every finding of the catalogue with labels in the corpus", None),
    )
}


def task_named(name: str) -> Task:
    """A task by name.

    Raises
    ------
    EcgclipError
        Naming the tasks there are.
    """
    if name not in TASKS:
        raise EcgclipError(f"No task {name!r}. There are {', '.join(TASKS)}.")
    return TASKS[name]
