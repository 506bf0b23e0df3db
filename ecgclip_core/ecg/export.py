"""A recording as files for others: a text table and WFDB. Neither holds anything of the person or of the file read."""

import numpy as np
import pandas as pd

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG

MICROVOLT = 1000.0  # steps to 1 mV
_LARGEST = 32767  # -32768 says "no valid sample", signal(5)


def as_table(ecg: ECG) -> bytes:
    """The samples as CSV: one column a lead with its unit, one row a sample, the time in seconds first.

    Parameters
    ----------
    ecg : ECG
        Missing leads have no column, missing samples an empty cell.

    Returns
    -------
    bytes
        UTF-8, every number as short as gives the same float32 again; ``read_ecg`` reads it back.
    """
    unit = "mV" if ecg.calibrated else "unscaled"
    columns = {f"{lead} ({unit})": ecg.lead(lead) for lead in _present(ecg)}
    table = pd.DataFrame({"time (s)": np.round(ecg.times, 6)} | columns)
    head = f"# sampling_rate: {_rate(ecg)}\n# units: {unit}\n"
    if ecg.truth is not None:
        head += "# simulated recording\n"
    return (head + table.to_csv(index=False, lineterminator="\n")).encode()


def as_wfdb(ecg: ECG, name: str) -> dict[str, bytes]:
    """The samples as WFDB: a header and a signal file of 16 bits a sample (format 16).

    Parameters
    ----------
    ecg : ECG
        Missing leads are left out, missing samples written as the value that stands for them.
    name : str
        Of the record: letters, digits, hyphens and underscores.

    Returns
    -------
    dict of str to bytes
        By file name. One step is 1 microvolt; where a lead exceeds 32.767 mV, or has no millivolts, the step is the
        smallest that holds all samples.
    """
    leads = _present(ecg)
    signal = np.stack([ecg.lead(lead) for lead in leads]).astype(np.float64)
    gain = _gain(signal, ecg.calibrated)
    digital = np.where(np.isfinite(signal), np.round(np.nan_to_num(signal) * gain), -_LARGEST - 1).astype("<i2")
    lines = [f"{name} {len(leads)} {_rate(ecg)} {digital.shape[1]}"]
    for lead, row in zip(leads, digital, strict=True):
        checksum = int(row.sum(dtype=np.int64).astype(np.int16))
        unit = "mV" if ecg.calibrated else "NU"
        lines.append(f"{name}.dat 16 {gain:.6g}(0)/{unit} 16 0 {row[0]} {checksum} 0 {lead}")
    if ecg.truth is not None:
        lines.append("# simulated recording")
    return {f"{name}.hea": ("\n".join(lines) + "\n").encode("ascii"), f"{name}.dat": digital.T.tobytes()}


def _present(ecg: ECG) -> list[str]:
    return [lead for lead in LEADS if lead not in ecg.missing_leads]


def _rate(ecg: ECG) -> str:
    return f"{round(ecg.sampling_rate, 6):.12g}"


def _gain(signal: np.ndarray, calibrated: bool) -> float:
    """Steps a unit, as the header can say it: six digits."""
    peak = float(np.nanmax(np.abs(signal)))
    if calibrated and peak * MICROVOLT <= _LARGEST:
        return MICROVOLT
    return float(f"{0.9999 * _LARGEST / peak:.5g}") if peak > 0 else MICROVOLT
