"""What the model says of the recording in hand; worked out once for each recording, question and method."""

import numpy as np
import pandas as pd

from pages.shared.in_hand import InHand, remembered
from pages.shared.model import model


def ranked(hand: InHand) -> pd.DataFrame:
    """Findings that were checked on real recordings, as of ``most_specific_first``."""
    return remembered(("ranked",), lambda: _ranked(hand))


def scored(query) -> bool:
    """Whether the answer to a question may be given as a probability: each part was checked on real recordings."""
    from ecgclip_core.model.zero_shot import ranked_findings

    checked = ranked_findings(model())
    return all(part.finding in checked for part in query.each)


def answers(hand: InHand, query) -> list[dict]:
    """Rows of ``zero_shot``: for the question as a whole, then for each of its parts."""
    from ecgclip_core.model.zero_shot import zero_shot

    asked = [query, *query.parts]
    return remembered(("answers", query), lambda: zero_shot(model(), [hand.ecg], asked).to_dict("records"))


def along(hand: InHand, query):
    """The curve of how near each moment is to the question."""
    return remembered(("along", query), lambda: _along(hand, query))


def map_of(hand: InHand, query, method: str, baseline: str, stage: int, progress):
    """The saliency of one question by one method, and its summary by lead and wave."""
    chosen = (query, method, baseline, stage)
    return remembered(("map", *chosen), lambda: _map_of(hand, *chosen, progress))


def segments(hand: InHand):
    """The time-localized clusters of the recording.

    Raises
    ------
    CheckpointError
        Where the checkpoint has no dictionary of clusters.
    """
    from ecgclip_core.interpretation.clusters import segment

    return remembered(("segments",), lambda: segment(model(), hand.ecg))


def robust_segments(hand: InHand) -> np.ndarray:
    """For each moment of the segments the share of small changes of the input under which it keeps its cluster."""
    from ecgclip_core.interpretation.cluster_robustness import robustness
    from ecgclip_core.interpretation.clusters import clusters_of

    return remembered(("robust segments",), lambda: robustness(model(), hand.ecg, clusters_of(model())))


def embedding(hand: InHand) -> np.ndarray:
    """The recording as a vector of length 1."""
    return remembered(("embedding",), lambda: model().encode_ecg([hand.ecg])[0])


def unranked(scored: set[str]) -> dict[str, tuple[str, str]]:
    """Findings that are offered and lie outside of `scored`: name to group and basis."""
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.model.query import ask_finding

    rest = [finding for finding in catalogue().values() if finding.id not in {*scored, *model().learned_simulator}]
    return {finding.name: (finding.group, ask_finding(model(), finding).basis) for finding in rest}


def _ranked(hand: InHand) -> pd.DataFrame:
    from ecgclip_core.findings.catalogue import catalogue
    from ecgclip_core.model.query import ask_finding
    from ecgclip_core.model.zero_shot import most_specific_first, ranked_findings, zero_shot

    queries = [ask_finding(model(), catalogue()[finding]) for finding in ranked_findings(model())]
    return most_specific_first(zero_shot(model(), [hand.ecg], queries))


def _along(hand: InHand, query):
    from ecgclip_core.figures.moments import Curve
    from ecgclip_core.interpretation.moments import moments

    found = moments(model(), hand.ecg, query)
    return Curve(found.times, found.similarity)


def _map_of(hand: InHand, query, method: str, baseline: str, stage: int, progress):
    from ecgclip_core.interpretation.saliency import saliency
    from ecgclip_core.interpretation.summary import summarise
    from pages.shared.examination import examined

    found = saliency(model(), hand.ecg, query, method, progress, baseline, stage)
    return found, summarise(found, examined(hand).waves)
