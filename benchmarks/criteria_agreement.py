"""Where a checkpoint has learned the criteria of a finding, and where it has found something else.

    python benchmarks/criteria_agreement.py [--checkpoint NAME] [--recordings 5] [--quick]
    python benchmarks/criteria_agreement.py --data FOLDER [--folds 9] [--corpus WORDS] [--recordings 20]

On simulated recordings, or on real ones with labels. Goes on where it was stopped, prints the table and writes
``criteria_agreement.json`` into the checkpoint's folder, where the criteria page finds it. ``docs/teaching.md`` says
what is measured.
"""

import argparse
from pathlib import Path

import pandas as pd

from ecgclip_core.interpretation.criteria_agreement import measure_agreement, of_folder, simulated
from ecgclip_core.interpretation.criteria_table import agreement_table, summarise_agreement, write_agreement
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.simulation.conditions import CONDITIONS

QUICK_FINDINGS = (
    "atrial_fibrillation",
    "first_degree_av_block",
    "left_bundle_branch_block",
    "right_bundle_branch_block",
    "inferior_st_elevation_infarction",
    "anterior_st_elevation_infarction",
    "old_inferior_infarction",
    "left_ventricular_hypertrophy",
    "t_wave_inversion",
    "premature_ventricular_beats",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", help="a folder or the name of a bundled checkpoint")
    parser.add_argument("--recordings", type=int, help="of each finding; 5 simulated or 20 real ones where left out")
    parser.add_argument("--quick", action="store_true", help="ten findings, three recordings each: a few minutes")
    parser.add_argument("--data", type=Path, help="real recordings with labels; see docs/corpora.md")
    parser.add_argument("--folds", type=int, nargs="+", help="strat_fold values to take")
    parser.add_argument("--corpus", help="what the recordings are, in words")
    parser.add_argument("--cache", type=Path, default=Path("runs/criteria_agreement"))
    chosen = parser.parse_args()
    model = load_model(chosen.checkpoint)
    findings = QUICK_FINDINGS if chosen.quick else tuple(CONDITIONS)
    if chosen.data:
        number = chosen.recordings or (3 if chosen.quick else 20)
        source = chosen.corpus or chosen.data.resolve().name
        shown = of_folder(chosen.data, number, set(chosen.folds or ()), findings if chosen.quick else ())
    else:
        source, shown = "simulated", simulated(findings, chosen.recordings or (3 if chosen.quick else 5))
    file = chosen.cache / f"{model.hash}-{source.replace(' ', '_')}.jsonl"
    summary = summarise_agreement(measure_agreement(model, shown, file), model, source, bool(chosen.data))
    pd.set_option("display.width", 250, "display.max_columns", 40, "display.max_rows", 200, "display.max_colwidth", 60)
    print(f"{model.name}: {summary['recordings']} recordings ({source})\n")
    print(agreement_table(summary).round(2).to_string(index=False))
    print(f"\nWritten to {write_agreement(model.folder, summary).name}")


if __name__ == "__main__":
    main()
