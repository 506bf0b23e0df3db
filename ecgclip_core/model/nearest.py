"""The findings of the catalogue that a text is nearest to: what could be asked instead, or beside it."""

from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ecgclip_core.findings.catalogue import Finding, catalogue
from ecgclip_core.model.ecgclip import ECGCLIP

# The first prompts state the finding itself; a few of them are as good a middle as all, and quicker to work out.
PROMPTS = 3


def nearest_findings(model: ECGCLIP, text: str, k: int = 3) -> list[Finding]:
    """Catalogue entries whose prompts are nearest to a text, nearest first.

    Parameters
    ----------
    model : ECGCLIP
    text : str
        Any words; nothing is said about whether they are near to anything.
    k : int

    Returns
    -------
    list of Finding, length k
        By the cosine between the text's vector and the mean vector of an entry's first `PROMPTS` prompts.
    """
    with torch.no_grad():
        near = _directions(model) @ model.embed_text([text])[0]
    entries = list(catalogue().values())
    return [entries[row] for row in near.topk(min(k, len(entries))).indices]


def _directions(model: ECGCLIP) -> Tensor:
    """One vector of length 1 an entry, shape (m, d), in the order of the catalogue; worked out once a model."""
    if model not in _KEPT:
        wordings = [entry.prompts[:PROMPTS] for entry in catalogue().values()]
        vectors = model.embed_text([prompt for prompts in wordings for prompt in prompts])
        means = torch.stack([part.mean(dim=0) for part in vectors.split([len(prompts) for prompts in wordings])])
        _KEPT[model] = torch.nn.functional.normalize(means, dim=1)
    return _KEPT[model]


_KEPT: WeakKeyDictionary[ECGCLIP, Tensor] = WeakKeyDictionary()
