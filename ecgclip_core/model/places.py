"""Where the catalogue's sentences lie for the text encoder, and which of them a text in other words is nearest to."""

import math
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ecgclip_core.findings.catalogue import Finding, catalogue
from ecgclip_core.model.ecgclip import ECGCLIP, NEAREST_PLACES

# That of the training of the text encoder, which makes the shares below its own estimate of what a text says.
TEMPERATURE = 0.07
FEWEST_SHARE = 0.02
# Denials are read before a text comes here; what is left seldom excludes a finding.
EXCLUDED_PRIOR = 0.1


@dataclass(frozen=True)
class Place:
    """The sentences that state a finding, or those that exclude it.

    Attributes
    ----------
    finding : str
        Id of the catalogue entry.
    excluded : bool
    sentences : tuple of str
        The entry's prompts, or its contrast.
    """

    finding: str
    excluded: bool
    sentences: tuple[str, ...]


def likeliest(model: ECGCLIP, text: str) -> list[tuple[Place, float]]:
    """What a text is likely to say, likeliest first.

    Parameters
    ----------
    model : ECGCLIP
    text : str
        In English.

    Returns
    -------
    list of (Place, float)
        Shares that sum to 1 over all places; those below `FEWEST_SHARE` are left out.
    """
    logits = _cosines(model, text) / TEMPERATURE
    excluded = torch.tensor([place.excluded for place in _PLACES[model][0]])
    shares = (logits + excluded * math.log(EXCLUDED_PRIOR)).softmax(dim=0)
    rows = shares.argsort(descending=True)
    return [(_PLACES[model][0][row], float(shares[row])) for row in rows if shares[row] >= FEWEST_SHARE]


def nearest_findings(model: ECGCLIP, text: str, k: int = 3) -> list[Finding]:
    """Catalogue entries that an ECG can show whose prompts are nearest to a text: what could be asked instead of it.

    Parameters
    ----------
    model : ECGCLIP
    text : str
        Any words; nothing is said about whether they are near to anything.
    k : int

    Returns
    -------
    list of Finding
        Nearest first.
    """
    rows = _cosines(model, text).argsort(descending=True)
    near = [catalogue()[place.finding] for place in (_PLACES[model][0][row] for row in rows) if not place.excluded]
    return [entry for entry in near if entry.group != "beyond_the_ecg" or entry.shown_by == "criteria"][:k]


def nearest_cosines(model: ECGCLIP, text: str) -> Tensor:
    """Cosines of a text and the `NEAREST_PLACES` places that are nearest to it, nearest first."""
    return _cosines(model, text).topk(NEAREST_PLACES).values


def _cosines(model: ECGCLIP, text: str) -> Tensor:
    if model not in _PLACES:
        _PLACES[model] = _places(model)
    return _PLACES[model][1] @ model.text_features([text])[0]


def _places(model: ECGCLIP) -> tuple[list[Place], Tensor]:
    """All places and their directions, shape (p, width)."""
    places = [
        Place(entry.id, excluded, sentences)
        for entry in catalogue().values()
        for excluded, sentences in ((False, entry.prompts), (True, entry.contrast))
        if sentences
    ]
    means = torch.stack([model.text_features(list(place.sentences)).mean(dim=0) for place in places])
    return places, torch.nn.functional.normalize(means, dim=1)


_PLACES: WeakKeyDictionary[ECGCLIP, tuple[list[Place], Tensor]] = WeakKeyDictionary()
