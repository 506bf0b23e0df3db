"""One thing that a reader wrote or decided of one recording."""

import hashlib
from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.recording import ECG

AGREE, DISAGREE, UNSURE, WITHDRAWN = "agree", "disagree", "unsure", "withdrawn"
DECISIONS = (AGREE, DISAGREE, UNSURE)
LONGEST_NOTE = 5000
LONGEST_NAME = 80


@dataclass(frozen=True)
class Entry:
    """A note, or a decision on one finding.

    Attributes
    ----------
    recording : str
        As of `recording_key`: nothing of the person, and not the name of the file.
    reviewer : str
        How the reader wants to be called.
    finding : str
        Id of the catalogue entry that was decided on; empty for a note.
    decision : str
        One of `DECISIONS` on what the checkpoint says of the finding, or ``"withdrawn"``; empty for a note.
    note : str
        A later note of the same reviewer replaces it on the screen, never in the file.
    checkpoint, checkpoint_hash : str
        What had answered; empty for a note.
    score, low, high : float or None
        What it had answered, in [0, 1].
    simulated : bool
        Whether the recording is a simulated one, which says nothing of real persons.
    """

    recording: str
    reviewer: str
    finding: str = ""
    decision: str = ""
    note: str = ""
    checkpoint: str = ""
    checkpoint_hash: str = ""
    score: float | None = None
    low: float | None = None
    high: float | None = None
    simulated: bool = False


def recording_key(ecg: ECG) -> str:
    """What tells a recording from every other: 32 hexadecimal digits made of its samples, rate and units alone."""
    signal = np.where(np.isfinite(ecg.signal), ecg.signal, np.float32(np.nan)).astype("<f4") + np.float32(0)
    digest = hashlib.sha256(f"{ecg.sampling_rate!r} {ecg.units} {signal.shape}".encode())
    digest.update(signal.tobytes())
    return digest.hexdigest()[:32]
