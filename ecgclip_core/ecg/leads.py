"""The twelve leads: their order, their many spellings, and how the limb leads follow from two of them."""

import re
import unicodedata

import numpy as np

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB_LEADS = LEADS[:6]
PRECORDIAL_LEADS = LEADS[6:]
CABRERA_ORDER = ("aVL", "I", "-aVR", "II", "aVF", "III")

# Every limb lead as a sum of I and II (Einthoven 1913, Goldberger 1942).
LIMB_FROM_I_AND_II = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])

# A lead's own name, after any words for "lead": ECG II, MDC_ECG_LEAD_aVR (ISO 11073-10101), MLII (MIT-BIH), DI
# (Spanish, French), C1 for V1 (IEC 60601-2-25).
_SPELLING = re.compile(
    r"(?:MDC ECG |ECG |EKG |LEAD |ABLEITUNG |DERIVATION |CHANNEL )*"
    r"(?:(?:ECG|EKG|LEAD|ML|M|D) ?)?(?P<lead>I{1,3}|A ?V ?[RLF]|[VC] ?[1-6])"
)
_NUMBERED_LIMB_LEADS = {"D1": "I", "D2": "II", "D3": "III"}
_BY_UPPER_CASE = {lead.upper(): lead for lead in LEADS}


def lead_name(text: str) -> str | None:
    """The standard name of a lead, from any usual spelling of it.

    Parameters
    ----------
    text : str
        A channel name such as ``"MLII"``, ``"avf"``, ``"Lead V1"``, ``"MDC_ECG_LEAD_V2"``, ``"D1"`` or ``"C4"``.

    Returns
    -------
    str or None
        One of `LEADS`, or None where the name is not that of one of the twelve: ``"V7"``, ``"I-II"``, and ``"-aVR"``,
        which is upside down.
    """
    text = unicodedata.normalize("NFKC", text).strip().upper()
    if len(text) > 40 or text.startswith("-"):
        return None
    spaced = " ".join(re.split(r"[\s_\-.:/]+", text)).strip()
    if spaced in _NUMBERED_LIMB_LEADS:
        return _NUMBERED_LIMB_LEADS[spaced]
    match = _SPELLING.fullmatch(spaced)
    if match is None:
        return None
    bare = match["lead"].replace(" ", "")
    return _BY_UPPER_CASE["V" + bare[1:] if bare.startswith("C") else bare]


def complete_limb_leads(signal: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Derive the limb leads that are missing, where two of the six are there.

    Parameters
    ----------
    signal : ndarray, shape (12, n)
        In the order of `LEADS`, one unit for all leads, NaN throughout a missing lead.

    Returns
    -------
    signal : ndarray, shape (12, n)
    derived : list of str
        Names of the leads that were filled in.
    """
    present = [row for row in range(6) if np.isfinite(signal[row]).any()]
    missing = [row for row in range(6) if row not in present]
    basis = LIMB_FROM_I_AND_II[present]
    if not missing or np.linalg.matrix_rank(basis) < 2:
        return signal, []
    i_and_ii = np.linalg.pinv(basis) @ signal[present].astype(np.float64)
    completed = signal.copy()
    completed[missing] = LIMB_FROM_I_AND_II[missing] @ i_and_ii
    return completed, [LEADS[row] for row in missing]
