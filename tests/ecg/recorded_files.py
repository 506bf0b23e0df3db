"""Recordings as files, written by hand from the formats' specifications: no reader is tested by its own writer."""

import numpy as np

from ecgclip_core.ecg.leads import LEADS, LIMB_FROM_I_AND_II

# Sizes of the QRS complex and of the T wave, mV: I and II, then V1 to V6.
_QRS = (0.8, 1.1, -0.7, -0.9, 0.4, 1.2, 1.5, 1.0)
_T = (0.2, 0.3, 0.1, 0.4, 0.45, 0.35, 0.3, 0.2)


def heart_beats(seconds=10.0, rate=500.0):
    """Twelve leads of regular beats in mV, shape (12, n); the limb leads follow from I and II."""
    phase = (np.arange(round(seconds * rate)) / rate) % 0.8
    qrs = np.exp(-0.5 * ((phase - 0.30) / 0.012) ** 2)
    t_wave = np.exp(-0.5 * ((phase - 0.58) / 0.05) ** 2)
    eight = np.outer(_QRS, qrs) + np.outer(_T, t_wave)
    return np.concatenate([LIMB_FROM_I_AND_II @ eight[:2], eight[2:]])


def encoded(digital, layout="16"):
    """Samples, shape (k, n), as the bytes of a WFDB signal file (signal(5))."""
    frames = np.asarray(digital, dtype=np.int64).T
    flat = frames.ravel()
    if layout in ("16", "61", "32"):
        return flat.astype({"16": "<i2", "61": ">i2", "32": "<i4"}[layout]).tobytes()
    if layout == "24":
        return flat.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    if layout == "80":
        return (flat + 128).astype(np.uint8).tobytes()
    if layout == "160":
        return (flat + 32768).astype("<u2").tobytes()
    if layout == "8":
        return np.diff(frames, axis=0, prepend=frames[:1]).ravel().astype(np.int8).tobytes()
    if layout == "212":
        first, second = np.pad(flat, (0, len(flat) % 2)).reshape(-1, 2).T & 0xFFF
        return (
            np.stack([first & 0xFF, (first >> 8) | (second >> 8 << 4), second & 0xFF], axis=1)
            .astype(np.uint8)
            .tobytes()
        )
    one, two, three = np.pad(flat, (0, -len(flat) % 3)).reshape(-1, 3).T & 0x3FF
    if layout == "310":
        words = np.stack([one << 1 | (three & 0x1F) << 11, two << 1 | (three >> 5) << 11], axis=1)
        return words.astype("<u2").tobytes()
    return (one | two << 10 | three << 20).astype("<u4").tobytes()  # 311


def wfdb_files(
    signal,
    rate=500,
    names=LEADS,
    layout="16",
    gain=1000.0,
    baseline=0,
    units="mV",
    comments=(),
    record="r",
    ending="dat",
):
    """A header and one signal file: {name: bytes}. NaN becomes the format's mark for an invalid sample."""
    bits = {"8": 8, "80": 8, "212": 12, "310": 10, "311": 10, "24": 24, "32": 32}.get(layout, 16)
    invalid = -(2 ** (bits - 1))
    digital = np.where(np.isnan(signal), invalid, np.round(np.nan_to_num(signal) * gain + baseline)).astype(np.int64)
    lines = [f"{record} {len(names)} {rate:g} {signal.shape[1]}"]
    for name, row in zip(names, digital, strict=True):
        checksum = int(row.sum()) % 65536
        lines.append(f"{record}.{ending} {layout} {gain:g}({baseline})/{units} 16 0 {row[0]} {checksum} 0 {name}")
    lines += [f"# {comment}" for comment in comments]
    return {f"{record}.hea": "\n".join(lines).encode(), f"{record}.{ending}": encoded(digital, layout)}


def challenge_files(signal, rate=500, record="A0001"):
    """As the PhysioNet Challenges have them: MATLAB version 4, 24 bytes of header, format 16+24."""
    files = wfdb_files(signal, rate, record=record, ending="mat", comments=["Age: 56", "Sex: Female", "Dx: 426783006"])
    files[f"{record}.hea"] = files[f"{record}.hea"].replace(b".mat 16 ", b".mat 16+24 ")
    head = np.array([30, signal.shape[0], signal.shape[1], 0, 4], dtype="<i4").tobytes() + b"val\0"
    files[f"{record}.mat"] = head + files[f"{record}.mat"]
    return files


def csv_file(signal, rate=500, names=LEADS, unit="mV", separator=",", decimal=".", time=True, name="r.csv"):
    """A text table."""
    header = [f"{lead} ({unit})" if unit else lead for lead in names]
    rows = []
    for number, samples in enumerate(signal.T):
        cells = [f"{number / rate:.4f}"] if time else []
        cells += ["" if np.isnan(value) else f"{value:.4f}" for value in samples]
        rows.append(separator.join(cell.replace(".", decimal) for cell in cells))
    return {name: "\n".join([separator.join((["time (s)"] if time else []) + header), *rows]).encode()}


def with_header(files, edit):
    """The same files with the header's text put through `edit`."""
    return {
        name: edit(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if name.endswith(".hea")
        else content
        for name, content in files.items()
    }
