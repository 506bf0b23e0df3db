"""One fact about a recording, or why there is none; and all of them together."""

from dataclasses import dataclass, field

import pandas as pd

from ecgclip_core.ecg.measure import MEASURED


@dataclass(frozen=True)
class Fact:
    """A value with its spread over the beats, or the reason why there is none.

    Attributes
    ----------
    value : float, bool or None
    unit : str
        ``"ms"``, ``"mV"``, ``"bpm"``, ``"°"``, ``"%"``, ``"yes or no"`` and the like; "" for a plain number.
    status : str
        ``"measured"``, ``"absent"`` (there is no such thing in this recording) or ``"not measurable"``.
    reason : str
        A sentence; empty where measured.
    spread : float or None
        Standard deviation of the same measurement over single beats, the same unit; None where fewer than two beats
        show it, or where it is not a matter of single beats.
    beats : int
        On how many single beats it was measured; 0 where it is not a matter of single beats.
    bounds : (float, float) or None
        Between which a value that is not measurable must lie, where that is known.
    """

    value: float | bool | None
    unit: str
    status: str = MEASURED
    reason: str = ""
    spread: float | None = None
    beats: int = 0
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Facts:
    """Everything that criteria may ask of one recording; ``docs/criteria.md`` says what each name means.

    Attributes
    ----------
    recording : dict of str to Fact
        By the names of `vocabulary.RECORDING_FACTS`.
    leads : dict of str to dict of str to Fact
        By the names of `vocabulary.LEAD_FACTS`, then by lead.
    """

    recording: dict[str, Fact] = field(default_factory=dict)
    leads: dict[str, dict[str, Fact]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Fact | dict[str, Fact]:
        """The fact of the whole recording, or the facts of all leads, of that name."""
        return self.recording[name] if name in self.recording else self.leads[name]

    def to_frame(self) -> pd.DataFrame:
        """One row a fact: name, lead ("" for the whole recording), value, unit, spread, beats, status, reason."""
        named = [(name, "", fact) for name, fact in self.recording.items()]
        named += [(name, lead, fact) for name, by_lead in self.leads.items() for lead, fact in by_lead.items()]
        columns = ["name", "lead", "value", "unit", "spread", "beats", "status", "reason"]
        rows = [(name, lead, f.value, f.unit, f.spread, f.beats, f.status, f.reason) for name, lead, f in named]
        return pd.DataFrame(rows, columns=columns).astype({"spread": float})
