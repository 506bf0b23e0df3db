"""The stages of FG-CLEP (arXiv 2505.11939) before its training: a coarse model, and reports completed by it.

A coarse model judges which of the features that a report's findings may have this recording shows (`completion`). What
is kept joins the statements of the report.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.completion import KEPT
from ecgclip_core.training.completion_corpus import complete_folder
from ecgclip_core.training.completion_fit import fit_completion
from ecgclip_core.training.proposers import offline
from ecgclip_core.training.thresholds import load_thresholds
from ecgclip_core.training.training_set import TrainingSet

THRESHOLD_RECORDINGS = 780
TABLE = "completed.csv"


def with_completed_reports(data: TrainingSet, folder: Path, coarse: ECGCLIP, out: Path) -> TrainingSet:
    """Add to the statements of each real recording the features that its report left out and it shows.

    Parameters
    ----------
    data : TrainingSet
    folder : Path
        Where its real recordings lie.
    coarse : ECGCLIP
        Loaded from its folder, which gets thresholds where it has none.
    out : Path
        Gets `TABLE`, one row a proposal with why it was kept or rejected; an interrupted call goes on with it.
    """
    if load_thresholds(coarse) is None:
        fit_completion(coarse, THRESHOLD_RECORDINGS, out / "cache")
    complete_folder(folder, out / TABLE, coarse, offline, "catalogue", set(data.real.records))
    kept = kept_features(out / TABLE)
    said = [(*statements, *kept[record]) for record, statements in _pairs(data)]
    return replace(data, real=replace(data.real, statements=tuple(said)))


def kept_features(table: Path) -> dict[str, tuple[str, ...]]:
    """The features that completion kept, by recording; a recording without any has none."""
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    kept = defaultdict(tuple)
    for record, feature in rows.loc[rows["state"] == KEPT, ["record", "feature"]].itertuples(index=False):
        if feature not in kept[record]:
            kept[record] += (feature,)
    return kept


def _pairs(data: TrainingSet):
    return zip(data.real.records, data.real.statements, strict=True)
