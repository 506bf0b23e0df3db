"""Which saliency method finds what carries a finding, and which passes its checks, on simulated recordings.

    python benchmarks/saliency.py [--checkpoint NAME] [--seeds 2] [--quick] [--so-far] [--cache FOLDER]

Goes on where it was stopped. Prints the table of methods and the gain of place, finding by method, and writes
``saliency.json`` into the checkpoint's folder, where the reading page finds it. ``docs/saliency.md`` says what is
measured and by which rule the app's first method is chosen.
"""

import argparse
from pathlib import Path

import pandas as pd

from ecgclip_core.interpretation.saliency import METHODS
from ecgclip_core.interpretation.saliency_checks import VARIANTS, measure, read_rows
from ecgclip_core.interpretation.saliency_table import by_finding, summarise_checks, table, write_checks
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.simulation.conditions import CONDITIONS

# One of each kind: rhythm, conduction, ischaemia, old infarction, hypertrophy, P wave, T wave, QRS voltage.
QUICK_FINDINGS = (
    "atrial_fibrillation",
    "first_degree_av_block",
    "left_bundle_branch_block",
    "right_bundle_branch_block",
    "inferior_st_elevation_infarction",
    "old_anterior_infarction",
    "left_ventricular_hypertrophy",
    "left_atrial_enlargement",
    "t_wave_inversion",
    "premature_ventricular_beats",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint")
    parser.add_argument("--seeds", type=int, default=2, help="recordings of each finding")
    parser.add_argument("--quick", action="store_true", help="ten findings, one recording each, no slow method")
    parser.add_argument("--so-far", action="store_true", help="sum up what is measured, measure nothing")
    parser.add_argument("--cache", type=Path, default=Path("runs/saliency"))
    chosen = parser.parse_args()
    model = load_model(chosen.checkpoint)
    file = chosen.cache / f"{model.hash}.jsonl"
    if chosen.so_far:
        rows = pd.DataFrame(read_rows(file))
    elif chosen.quick:
        fast = tuple(one for one in VARIANTS if not METHODS[one.method].slow)
        rows = measure(model, file, QUICK_FINDINGS, 1, 2, fast)
    else:
        rows = measure(model, file, tuple(CONDITIONS), chosen.seeds)
    summary = summarise_checks(rows, model)
    pd.set_option("display.width", 250, "display.max_columns", 40, "display.max_rows", 100)
    print(f"{model.name}: {summary['recordings']} simulated recordings, {len(summary['findings'])} findings")
    auroc = summary["knowledge"]["auroc"]
    print(f"tells simulated findings apart: AUROC {auroc['value']:.3f} [{auroc['low']:.3f}, {auroc['high']:.3f}]\n")
    print(table(summary).to_string(index=False))
    print("\nGain of place by finding: 0 is chance, 1 is all inside the waves and leads that carry it\n")
    print(by_finding(summary).round(2).to_string(na_rep=""))
    print(
        f"\nBest of those that pass: {summary['best'] or 'none'}. Written to {write_checks(model.folder, summary).name}"
    )


if __name__ == "__main__":
    main()
