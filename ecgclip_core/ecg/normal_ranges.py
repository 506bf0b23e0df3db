"""Where a measurement lies among healthy persons of one's age and sex; the numbers are in assets/normal_ranges.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.recording import Patient

LOW, WITHIN, HIGH = "low", "within", "high"
ADULT = 40.0  # years, taken where the age is unknown; the group then says so


@dataclass(frozen=True)
class NormalRange:
    """A normal range; both ends belong to it, None is an open end.

    Attributes
    ----------
    low, high : float or None
        In the unit of the measurement.
    group : str
        Whose range it is.
    source : str
        Where it is published.
    """

    low: float | None
    high: float | None
    group: str
    source: str

    def place(self, value: float) -> str:
        """`LOW`, `WITHIN` or `HIGH`; `value` as it is shown, so that a number and its flag never contradict."""
        if self.low is not None and value < self.low:
            return LOW
        return HIGH if self.high is not None and value > self.high else WITHIN

    def __str__(self) -> str:
        if self.low is None:
            return f"up to {self.high:g}"
        return f"from {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"


def normal_range(name: str, patient: Patient) -> NormalRange | None:
    """The range of one measurement.

    Parameters
    ----------
    name : str
        As in `Measurements.to_frame`: ``"pr"``, ``"qtc_bazett"``, ``"st_V2"``.
    patient : Patient
        Without an age it is an adult's range; without a sex the widest of both.

    Returns
    -------
    NormalRange or None
        None where no range is published for this measurement at this age.
    """
    age = ADULT if patient.age is None else patient.age
    fitting = [
        entry
        for entry in _table()["range"]
        if name in entry["of"]
        and entry.get("from", 0) <= age < entry.get("to", 999)
        and patient.sex in (None, entry.get("sex", patient.sex))
    ]
    if not fitting:
        return None
    lows, highs = ([entry.get(end) for entry in fitting] for end in ("low", "high"))
    group = " or ".join(dict.fromkeys(entry["group"] for entry in fitting))
    return NormalRange(
        None if None in lows else min(lows),
        None if None in highs else max(highs),
        group + (", age unknown" if patient.age is None else ""),
        _table()["sources"][fitting[0]["source"]],
    )


@cache
def _table() -> dict:
    return tomllib.loads((ASSETS / "normal_ranges.toml").read_text(encoding="utf-8"))
