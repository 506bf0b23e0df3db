"""From the channels of a file to an ECG: twelve leads in order, in millivolts, with a note on every repair."""

import numpy as np

from ecgclip_core.ecg.channels import Channels
from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, complete_limb_leads, lead_name
from ecgclip_core.ecg.limits import check_duration, check_sampling_rate
from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.scale import factor_to_plausible, live_leads, scale_fault
from ecgclip_core.ecg.units import SPELLINGS, is_scaleless, millivolts_per
from ecgclip_core.errors import MissingInformationError, RecordingError

# Beyond this in any unit, a number is no amplitude (and may not fit a float32).
_LARGEST = 1e15

_QUESTIONS = {"sampling_rate": "how many samples a second it has (Hz)", "units": "the unit of its amplitudes"}


def assemble(
    channels: Channels, file: str, name: str, sampling_rate: float | None = None, units: str | None = None
) -> ECG:
    """Make an ECG of what a reader found.

    Parameters
    ----------
    channels : Channels
    file : str
        The file's base name, for messages.
    name : str
        What to call the recording.
    sampling_rate : float, optional
        Hz, instead of what the file says.
    units : str, optional
        Of all channels, instead of what the file says: one of `units.SPELLINGS`.

    Returns
    -------
    ECG

    Raises
    ------
    MissingInformationError
        Where neither the file nor the caller says the rate or the unit.
    RecordingError
        Where there is no 12-lead recording in it.
    """
    notes = list(channels.notes)
    if units is not None and millivolts_per(units) is None and not is_scaleless(units):
        raise RecordingError(f"'{shown(units, 20)}' is not a unit of voltage. Use one of {', '.join(SPELLINGS)}.")
    rows = _rows_of_leads(channels, file, notes)
    rate = _rate(channels, file, sampling_rate, notes)
    _remark_on_given_units(channels, units, rows, notes)
    stated = {lead: units if units is not None else channels.units[row] for lead, row in rows.items()}
    _ask_for_what_is_missing(file, rate, stated)
    check_sampling_rate(file, rate)
    check_duration(file, channels.signal.shape[1], rate)

    signal = np.full((len(LEADS), channels.signal.shape[1]), np.nan)
    for lead, row in rows.items():
        signal[LEADS.index(lead)] = channels.signal[row] * (millivolts_per(stated[lead]) or 1.0)
        if _is_upside_down(channels.names[row]):
            signal[LEADS.index(lead)] *= -1
            notes.append(f"Lead {lead} was recorded as -{lead} and turned over.")
    signal[~(np.abs(signal) < _LARGEST)] = np.nan
    signal = signal.astype(np.float32)
    _check_usable(signal, file)
    signal, calibrated = _in_millivolts(signal, stated, notes)
    signal = _with_limb_leads(signal, calibrated, notes)
    _remark_on_leads(signal, notes)
    if channels.recorded:
        notes.append(channels.recorded)
    return ECG(signal, float(rate), "mV" if calibrated else "unscaled", name, channels.patient, tuple(notes))


def _rows_of_leads(channels: Channels, file: str, notes: list[str]) -> dict[str, int]:
    """Which channel holds each lead that is there."""
    rows: dict[str, int] = {}
    others, doubled = [], []
    for row, spelling in enumerate(channels.names):
        lead = lead_name(spelling.strip().removeprefix("-"))
        if lead is None or (_is_upside_down(spelling) and lead != "aVR"):
            others.append(spelling)
        elif lead not in rows:
            rows[lead] = row
        else:
            doubled.append(lead)
            # Of two channels with one name, the one with a signal.
            if np.ptp(np.nan_to_num(channels.signal[rows[lead]])) == 0:
                rows[lead] = row
    if not rows:
        raise RecordingError(
            f"{file} names none of the twelve leads (I, II, III, aVR, aVL, aVF, V1 to V6). Its channels are called "
            f"{listed(channels.names) or 'nothing at all'}."
        )
    if others:
        notes.append(f"Left out, since not among the twelve leads: {listed(others)}.")
    for lead in dict.fromkeys(doubled):
        notes.append(f"Lead {lead} is in the file more than once; one of them was taken.")
    return rows


def _is_upside_down(spelling: str) -> bool:
    return spelling.strip().startswith("-")


def _rate(channels: Channels, file: str, given: float | None, notes: list[str]) -> float | None:
    if given is None:
        return channels.sampling_rate
    check_sampling_rate(file, given)
    stated = channels.sampling_rate
    if stated is not None and abs(stated - given) > 0.001 * stated:
        notes.append(f"Read at {given:g} Hz as asked for; the file says {stated:g} Hz.")
    return given


def _remark_on_given_units(channels: Channels, given: str | None, rows: dict[str, int], notes: list[str]) -> None:
    stated = {channels.units[row] for row in rows.values()} - {None}
    if given is not None and any(millivolts_per(unit) != millivolts_per(given) for unit in stated):
        notes.append(f"Amplitudes read as {shown(given, 12)} as asked for; the file says {listed(sorted(stated))}.")


def _ask_for_what_is_missing(file: str, rate: float | None, stated: dict[str, str | None]) -> None:
    needed = []
    if rate is None:
        needed.append("sampling_rate")
    if any(unit is None for unit in stated.values()):
        needed.append("units")
    if needed:
        raise MissingInformationError(
            f"{file} does not say {' nor '.join(_QUESTIONS[what] for what in needed)}. Please state it.", tuple(needed)
        )


def _check_usable(signal: np.ndarray, file: str) -> None:
    live = live_leads(signal).sum()
    if live == 0:
        raise RecordingError(f"{file} holds no signal: every lead is flat or empty. Check how it was exported.")
    if live < 2:
        raise RecordingError(
            f"{file} holds a signal in only one of the twelve leads. At least two are needed, better all twelve."
        )


def _in_millivolts(signal: np.ndarray, stated: dict[str, str | None], notes: list[str]) -> tuple[np.ndarray, bool]:
    """The signal, and whether it is calibrated."""
    without = [lead for lead, unit in stated.items() if millivolts_per(unit) is None]
    if without:
        unit = stated[without[0]].strip()
        which = "The file gives" if len(without) == len(stated) else f"Of {listed(without)} the file gives"
        what = "no calibrated amplitude" if is_scaleless(unit) else f"'{shown(unit, 12)}' as unit, which is no voltage"
        notes.append(f"{which} {what}: amplitudes are not calibrated; times can be measured, voltages cannot.")
        return signal, False
    factor = factor_to_plausible(signal)
    if factor is None:
        notes.append(
            "The amplitudes are not those of an ECG in the stated unit: taken as not calibrated; times can be "
            "measured, voltages cannot."
        )
        return signal, False
    if factor != 1:
        signal = signal * factor
        unit = shown(stated[next(iter(stated))], 12)
        notes.append(
            f"The amplitudes are 1000 times too large for {unit}: microvolts were mistaken for it. Divided by 1000."
            if factor < 1
            else f"The amplitudes are 1000 times too small for {unit}: another unit was meant. Multiplied by 1000."
        )
    lost, reason = scale_fault(signal)
    if lost:
        notes.append(f"{reason} Amplitudes are not calibrated; times can be measured, voltages cannot.")
    elif reason:
        notes.append(reason)
    return signal, not lost


def _with_limb_leads(signal: np.ndarray, calibrated: bool, notes: list[str]) -> np.ndarray:
    """Derive missing limb leads. Flat ones stay as they are and serve for nothing."""
    missing = [lead for lead in LIMB_LEADS if not np.isfinite(signal[LEADS.index(lead)]).any()]
    if not missing:
        return signal
    if not calibrated:
        notes.append(f"{listed(missing)} cannot be calculated from the other limb leads without a common scale.")
        return signal
    flat = np.isfinite(signal).any(axis=1) & ~live_leads(signal)
    completed, derived = complete_limb_leads(np.where(flat[:, None], np.nan, signal))
    derived = [lead for lead in derived if lead in missing]
    for lead in derived:
        signal = signal.copy()
        signal[LEADS.index(lead)] = completed[LEADS.index(lead)]
    if derived:
        used = [lead for lead in LIMB_LEADS if lead not in missing and not flat[LEADS.index(lead)]]
        notes.append(f"{listed(derived)}: not recorded, calculated from {listed(used)}.")
    return signal


def _remark_on_leads(signal: np.ndarray, notes: list[str]) -> None:
    finite = np.isfinite(signal)
    missing = [lead for lead, row in zip(LEADS, finite, strict=True) if not row.any()]
    if missing:
        notes.append(f"Missing: {listed(missing)}.")
    live = live_leads(signal)
    flat = [lead for lead, row, alive in zip(LEADS, finite, live, strict=True) if row.any() and not alive]
    if flat:
        notes.append(f"Without any signal (flat line): {listed(flat)}.")
    gaps = [
        f"{lead} ({max(100 * (1 - row.mean()), 0.1):.1f} %)"
        for lead, row in zip(LEADS, finite, strict=True)
        if row.any() and not row.all()
    ]
    if gaps:
        notes.append(f"Samples missing or marked as invalid in {listed(gaps)}.")
