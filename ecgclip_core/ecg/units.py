"""Units of voltage, in their many spellings, and what they are in millivolts."""

import re
import unicodedata

# Millivolts in one of each unit; spellings are folded by `_folded` first.
_MILLIVOLTS = {"v": 1e3, "volt": 1e3, "mv": 1.0, "millivolt": 1.0, "uv": 1e-3, "microvolt": 1e-3, "nv": 1e-6}
_MILLIVOLTS |= {name + "s": value for name, value in list(_MILLIVOLTS.items()) if name.endswith("volt")}

# What files write where they have no unit: normalised units, converter counts, nothing.
_SCALELESS = {"nu", "adu", "au", "a u", "arbitrary", "unscaled", "counts", "count", "raw", "digital", "lsb", "none", ""}

SPELLINGS = ("mV", "uV", "V", "nV", "unscaled")


def _folded(unit: str) -> str:
    # Two code points look like a micro sign, and UTF-8 read as Latin-1 turns one of them into "Âµ".
    text = unicodedata.normalize("NFKC", unit).replace("Â", "").replace("μ", "u").strip().lower()
    return re.sub(r"[\s._\-]+", " ", text).strip()


def millivolts_per(unit: str) -> float | None:
    """How many millivolts one of a unit is.

    Parameters
    ----------
    unit : str
        Such as ``"mV"``, ``"µV"`` (either micro sign), ``"uV"``, ``"V"`` or ``"nV"``, in any case.

    Returns
    -------
    float or None
        None where the text names no unit of voltage, as ``"NU"`` or ``"mmHg"``.
    """
    return _MILLIVOLTS.get(_folded(unit))


def is_scaleless(unit: str) -> bool:
    """Whether the text says that there is no unit: ``"NU"``, ``"adu"``, ``"unscaled"``, nothing at all."""
    return _folded(unit) in _SCALELESS
