"""What a sentence about waves says, once it is read: claims, and how they are joined."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One thing that a sentence says.

    Attributes
    ----------
    wave : str
        A key of ``[waves]`` in the list of words, or "" for a phrase.
    quality : str
        A key of ``[qualities]``, ``"present"``, ``"size"`` (a bare number), or a key of ``[phrases]``.
    leads : tuple of str
        Empty where the sentence names none.
    scope : str
        ``"all"`` of the leads, which were named one by one; ``"region"``: neighbours within them; ``"any"`` of them.
    low, high : float or None
        Bounds in ms, mV, beats per minute or degrees.
    denied : bool
        The sentence says that it is not so.
    """

    wave: str
    quality: str
    leads: tuple[str, ...] = ()
    scope: str = "region"
    low: float | None = None
    high: float | None = None
    denied: bool = False


@dataclass(frozen=True)
class Reading:
    """Claims of a sentence: it says that one of each group holds, for every group."""

    groups: tuple[tuple[Claim, ...], ...]
