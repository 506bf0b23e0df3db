"""Compare measurements with the boundaries that cardiologists drew by hand in LUDB, and time them.

    python benchmarks/measurement.py FOLDER_OF_LUDB

FOLDER_OF_LUDB holds ``data/1.hea`` and so on (doi:10.13026/eegm-h675, Kalyakulina et al. 2020). Global intervals are
compared with the third-earliest onset and the third-latest offset over the leads, medians over the beats.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

import ecgclip_core as ecgclip
from ecgclip_core.ecg.beats import r_peaks
from ecgclip_core.ecg.leads import LEADS

SYMBOLS = {"p": "P", "N": "QRS", "t": "T"}
WAVES = ("P", "QRS", "T")
R_TOLERANCE = 0.100  # s
WAVE_TOLERANCE = 0.150  # s between peaks of one wave


def drawn_by_hand(record: Path, sampling_rate: float) -> pd.DataFrame:
    """Lead, wave, onset_s, peak_s, offset_s as annotated; NaN for a boundary that was not drawn."""
    rows = []
    for lead in LEADS:
        annotation = wfdb.rdann(str(record), lead.lower())
        symbols, at = annotation.symbol, annotation.sample / sampling_rate
        for i, symbol in enumerate(symbols):
            if symbol not in SYMBOLS:
                continue
            onset = at[i - 1] if i and symbols[i - 1] == "(" else np.nan
            offset = at[i + 1] if i + 1 < len(at) and symbols[i + 1] == ")" else np.nan
            rows.append((lead, SYMBOLS[symbol], onset, at[i], offset))
    return pd.DataFrame(rows, columns=["lead", "wave", "onset_s", "peak_s", "offset_s"])


def beats_by_hand(hand: pd.DataFrame) -> np.ndarray:
    """Median over the leads of the QRS peaks of each beat, where at least four leads have one; s."""
    peaks = np.sort(hand.peak_s[hand.wave == "QRS"].to_numpy())
    groups = np.split(peaks, np.flatnonzero(np.diff(peaks) > 0.12) + 1)
    return np.array([np.median(group) for group in groups if len(group) >= 4])


def compare_beats(found: np.ndarray, hand: np.ndarray) -> tuple[int, int, int]:
    """Hits, misses and false alarms between the first and the last annotated beat."""
    inside = found[(found > hand[0] - R_TOLERANCE) & (found < hand[-1] + R_TOLERANCE)]
    hits = sum(bool(len(inside)) and np.abs(inside - beat).min() < R_TOLERANCE for beat in hand)
    false = sum(np.abs(hand - beat).min() >= R_TOLERANCE for beat in inside)
    return int(hits), len(hand) - int(hits), int(false)


def compare_waves(found: pd.DataFrame, hand: pd.DataFrame, span: tuple[float, float]) -> tuple[pd.DataFrame, pd.Series]:
    """Errors (found minus hand) of every wave that both have, and counts of hits, misses and false alarms per wave."""
    rows, counts = [], {(wave, what): 0 for wave in WAVES for what in ("hit", "missed", "invented")}
    for (lead, wave), theirs in hand.groupby(["lead", "wave"]):
        ours = found[(found.lead == lead) & (found.wave == wave)]
        taken = set()
        for _, mark in theirs.iterrows():
            distance = (ours.peak_s - mark.peak_s).abs()
            if len(ours) and distance.min() < WAVE_TOLERANCE:
                match = ours.loc[distance.idxmin()]
                taken.add(match.name)
                counts[wave, "hit"] += 1
                rows.append((lead, wave, *(match[c] - mark[c] for c in ("onset_s", "peak_s", "offset_s"))))
            else:
                counts[wave, "missed"] += 1
    for wave in WAVES:
        ours = found[(found.wave == wave) & (found.peak_s > span[0]) & (found.peak_s < span[1])]
        for _, mark in ours.iterrows():
            theirs = hand[(hand.lead == mark.lead) & (hand.wave == wave)]
            if not len(theirs) or (theirs.peak_s - mark.peak_s).abs().min() >= WAVE_TOLERANCE:
                counts[wave, "invented"] += 1
    return pd.DataFrame(rows, columns=["lead", "wave", "onset", "peak", "offset"]), pd.Series(counts)


def intervals_by_hand(hand: pd.DataFrame, beats: np.ndarray) -> dict[str, float]:
    """PR, QRS and QT of a recording in ms: third-earliest onset and third-latest offset, median over the beats."""
    edges: dict[str, list[float]] = {"P_on": [], "Q_on": [], "Q_off": [], "T_off": []}
    for beat in beats:
        delay = hand.peak_s - beat
        near = {"P": (-0.5, -0.05), "QRS": (-0.12, 0.12), "T": (0.08, 0.8)}
        marks = {}
        for wave, (low, high) in near.items():
            rows = hand[(hand.wave == wave) & (delay > low) & (delay < high)]
            # One beat's wave in each lead: the nearest to the QRS.
            marks[wave] = rows.loc[(rows.peak_s - beat).abs().groupby(rows.lead).idxmin()]
        for key, wave, side in (("P_on", "P", "onset_s"), ("Q_on", "QRS", "onset_s")):
            values = marks[wave][side].dropna().sort_values().to_numpy()
            edges[key].append(values[2] - beat if len(values) >= 6 else np.nan)
        for key, wave in (("Q_off", "QRS"), ("T_off", "T")):
            values = marks[wave]["offset_s"].dropna().sort_values().to_numpy()
            edges[key].append(values[-3] - beat if len(values) >= 6 else np.nan)
    at = {key: np.array(values) for key, values in edges.items()}

    def length(start: str, end: str) -> float:
        span = at[end] - at[start]
        return 1000 * float(np.nanmedian(span)) if np.isfinite(span).any() else np.nan

    return {"pr": length("P_on", "Q_on"), "qrs": length("Q_on", "Q_off"), "qt": length("Q_on", "T_off")}


def run(folder: Path) -> None:
    """Print the tables."""
    errors, counts, intervals, beats, seconds = [], [], [], [], []
    for header in sorted((folder / "data").glob("*.hea"), key=lambda path: int(path.stem)):
        ecg = ecgclip.read_ecg(header)
        hand = drawn_by_hand(header.with_suffix(""), ecg.sampling_rate)
        by_hand = beats_by_hand(hand)
        start = time.perf_counter()
        measured = ecgclip.measure(ecg)
        seconds.append(time.perf_counter() - start)
        waves = ecgclip.delineate(ecg)
        beats.append(compare_beats(r_peaks(ecg), by_hand))
        error, count = compare_waves(waves, hand, (by_hand[0], by_hand[-1]))
        errors.append(error)
        counts.append(count)
        theirs = intervals_by_hand(hand, by_hand)
        intervals.append(
            {"record": header.stem, "has_p": "P" in set(hand.wave), "says_p": measured.pr.status != "absent"}
            | {f"{name}_hand": value for name, value in theirs.items()}
            | {name: measured[name].value for name in theirs}
        )
    _print(pd.concat(errors), pd.concat(counts, axis=1).sum(axis=1), pd.DataFrame(intervals), np.array(beats), seconds)


def _print(errors: pd.DataFrame, counts: pd.Series, intervals: pd.DataFrame, beats: np.ndarray, seconds: list) -> None:
    hits, missed, false = beats.sum(axis=0)
    sensitivity, precision = hits / (hits + missed), hits / (hits + false)
    print(f"R peaks: sensitivity {sensitivity:.4f}, precision {precision:.4f} of {hits + missed}")
    print("\nBoundaries per lead, ms (median absolute error, median, spread)")
    for wave in WAVES:
        rows = 1000 * errors.loc[errors.wave == wave, ["onset", "peak", "offset"]]
        cells = [f"{c} {rows[c].abs().median():5.1f} {rows[c].median():+6.1f} {rows[c].std():5.1f}" for c in rows]
        hit, miss, invented = (counts[wave, what] for what in ("hit", "missed", "invented"))
        shares = f"sensitivity {hit / (hit + miss):.3f} precision {hit / (hit + invented):.3f}"
        print(f"  {wave:4s}", " | ".join(cells), "|", shares)
    print("\nGlobal intervals per recording, ms")
    for name in ("pr", "qrs", "qt"):
        rows = intervals[[name, f"{name}_hand"]].astype(float).dropna()
        difference = rows[name] - rows[f"{name}_hand"]
        print(
            f"  {name:4s} n {len(rows):3d}, median absolute error {difference.abs().median():5.1f}, "
            f"median {difference.median():+5.1f}, mean {difference.mean():+5.1f}, "
            f"90 % within {difference.abs().quantile(0.9):5.1f}, "
            f"rank correlation {rows[name].corr(rows[f'{name}_hand'], method='spearman'):.3f}"
        )
    right = intervals.has_p == intervals.says_p
    print(f"\nP waves present or absent: {right.mean():.3f} right; wrong in {', '.join(intervals.record[~right])}")
    print(f"measure(): median {1000 * np.median(seconds):.0f} ms a recording")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
