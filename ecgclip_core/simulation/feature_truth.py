"""Whether a sentence about waves is true of a simulated recording, from what was put in alone.

Nothing here is measured on the tracing, and the catalogue has no say: the noiseless beat (`basic_beat`), the table of
waves and the names of what was simulated decide. Where a quality has no sharp edge ("tall", "flat"), the band in which
readers would differ is undecided (None); where the sentence gives a number, the number decides.
"""

import math
from functools import cache

import numpy as np

from ecgclip_core.ecg.vocabulary import CONTIGUOUS
from ecgclip_core.findings.catalogue import Feature, catalogue
from ecgclip_core.findings.claims import Claim, Reading
from ecgclip_core.findings.feature_language import feature_sentence, read_feature
from ecgclip_core.findings.usual_leads import IN_EVERY_LEAD, usual_leads
from ecgclip_core.simulation.drawn import PLACE, Drawn
from ecgclip_core.simulation.feature_truth_in_leads import BY_LEAD
from ecgclip_core.simulation.feature_truth_of_recording import WHOLE
from ecgclip_core.simulation.three_values import all_hold, any_holds, state_of
from ecgclip_core.simulation.truth import Truth

_NEIGHBOURS = [(PLACE[a], PLACE[b]) for a, b in CONTIGUOUS]


def feature_holds(feature: str | Feature, truth: Truth) -> bool | None:
    """Whether a feature is true of a simulated recording.

    Parameters
    ----------
    feature : str or Feature
        An English sentence; a `Feature` of the catalogue brings its leads where its text names none.
    truth : Truth

    Returns
    -------
    bool or None
        None where the sentence cannot be read, where the simulation does not decide it, or in a borderline case.
    """
    reading = read_feature(feature if isinstance(feature, str) else feature_sentence(feature))
    return None if reading is None else _holds(reading, Drawn(truth), {})


def features_that_hold(truth: Truth) -> dict[str, bool]:
    """Which features of the catalogue are true of a simulated recording, and which are false.

    Parameters
    ----------
    truth : Truth

    Returns
    -------
    dict of str to bool
        By sentence: each feature's text, and its text with its leads (`feature_sentence`). Undecided ones are left out.
    """
    drawn, in_leads = Drawn(truth), {}
    decided = ((text, _holds(reading, drawn, in_leads)) for text, reading in _catalogue_readings())
    return {text: state for text, state in decided if state is not None}


@cache
def _catalogue_readings() -> tuple[tuple[str, Reading], ...]:
    features = [feature for entry in catalogue().values() for feature in entry.features]
    texts = dict.fromkeys(text for feature in features for text in (feature.text, feature_sentence(feature)))
    readings = ((text, read_feature(text)) for text in texts)
    return tuple((text, reading) for text, reading in readings if reading is not None)


_InLeads = dict[tuple, np.ndarray]


def _holds(reading: Reading, drawn: Drawn, in_leads: _InLeads) -> bool | None:
    """``in_leads`` keeps what was found lead by lead: many sentences ask the same of other leads."""
    return all_hold([any_holds([_says(claim, drawn, in_leads) for claim in group]) for group in reading.groups])


def _says(claim: Claim, drawn: Drawn, in_leads: _InLeads) -> bool | None:
    state = _state(claim, drawn, in_leads)
    return not state if claim.denied and state is not None else state


def _state(claim: Claim, drawn: Drawn, in_leads: _InLeads) -> bool | None:
    asked = (claim.wave, claim.quality)
    if asked in WHOLE:
        return WHOLE[asked](drawn, claim)
    if asked not in BY_LEAD:
        return None
    key = (*asked, claim.low, claim.high)
    if key not in in_leads:
        in_leads[key] = BY_LEAD[asked](drawn, claim)
    states, leads = in_leads[key], claim.leads or usual_leads(claim)
    if asked in IN_EVERY_LEAD and claim.low is None:
        return all_hold([state_of(states[PLACE[lead]]) for lead in leads])
    return _over_leads(states, leads, claim.scope)


def _over_leads(states: np.ndarray, leads: tuple[str, ...], scope: str) -> bool | None:
    """From single leads to the sentence.

    Leads named one by one: two thirds of them show it, or less than half may. A region: two neighbours show it, or no
    lead does.
    """
    places = [PLACE[lead] for lead in leads]
    if len(places) == 1:
        return state_of(states[places[0]])
    shown = {place for place in places if states[place] == 1}
    open_ = sum(math.isnan(states[place]) for place in places)
    if scope == "any":
        return True if shown else None if open_ else False
    if scope == "all":
        if len(shown) >= math.ceil(2 * len(places) / 3):
            return True
        return False if len(shown) + open_ <= len(places) / 3 else None
    if any(a in shown and b in shown for a, b in _NEIGHBOURS):
        return True
    return None if shown or open_ else False
