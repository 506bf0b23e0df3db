"""What is known of a simulated recording."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ecgclip_core.simulation.waves import Wave, dipole

WAVE_COLUMNS = ("lead", "beat", "wave", "onset_s", "peak_s", "offset_s", "kind")


@dataclass(frozen=True)
class Truth:
    """Where the waves are and what was put in.

    Attributes
    ----------
    waves : DataFrame
        ``lead`` ("all": boundaries over all leads, as the dipole has them), ``beat`` (number of the ventricular beat
        that the wave belongs to, -1 for a P wave that no QRS complex follows), ``wave`` ("P", "QRS" or "T"),
        ``onset_s``, ``peak_s``, ``offset_s`` (seconds from the start), ``kind`` ("sinus", "ectopic", "retrograde",
        "escape" or "paced").
    findings : tuple of str
        Ids of all catalogue findings that hold: the one asked for first, parents last.
    put_in : dict
        Parameters: ``rate`` (ventricular, per minute), ``pr_ms``, ``qrs_ms``, ``qt_ms``, ``qtc_ms`` (None where there
        is none), ``axis_degrees``, ``st_mv`` (per lead, at J), ``noise`` (mV), ``carriers`` (the leads and waves that
        carry the finding), ``age``, ``sex``, ``p_ms``, ``u_wave`` (mV), ``basic_kind`` (of the beats that are not
        premature), ``basic_beat`` (sizes of its waves per lead, see there), ``atria`` and ``atrial_waves_mv``, and
        what else the condition drew.
    """

    waves: pd.DataFrame
    findings: tuple[str, ...]
    put_in: dict[str, Any] = field(default_factory=dict)


def peak_of(wave: Wave, onset: float, offset: float) -> float:
    """Time in seconds of the largest dipole of a placed wave between two moments."""
    times = np.linspace(onset, offset, 65)
    return float(times[np.argmax((dipole(wave, times) ** 2).sum(axis=0))])


def wave_table(rows: list[tuple], duration: float) -> pd.DataFrame:
    """The waves that lie wholly inside the recording, in order of time."""
    inside = [row for row in rows if row[3] >= 0 and row[5] <= duration]
    first = min((row[1] for row in inside if row[1] >= 0), default=0)
    inside = [(row[0], row[1] - first if row[1] >= 0 else -1, *row[2:]) for row in inside]
    table = pd.DataFrame(sorted(inside, key=lambda row: row[3]), columns=list(WAVE_COLUMNS))
    return table.astype(
        {"lead": str, "beat": int, "wave": str, "onset_s": float, "peak_s": float, "offset_s": float, "kind": str}
    )
