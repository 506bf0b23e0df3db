"""Whether a text is about an ECG, about medicine beyond it, or about neither."""

import torch
from torch import Tensor

from ecgclip_core.model.ecgclip import ECGCLIP, SCOPES
from ecgclip_core.model.places import nearest_cosines

# Brings cosines to the size at which the head weighs them like the features.
COSINE_WEIGHT = 3.0


def scope_of(model: ECGCLIP, text: str) -> tuple[str, float]:
    """Which of `SCOPES` a text belongs to, and how likely."""
    with model.lock, torch.no_grad():
        likely = model.scope_head(scope_features(model, text)).softmax(dim=0)
    best = int(likely.argmax())
    return SCOPES[best], float(likely[best])


def scope_features(model: ECGCLIP, text: str) -> Tensor:
    """What the scope is read off: the text encoder's output, and how near the text is to any finding."""
    return torch.cat([model.text_features([text])[0], COSINE_WEIGHT * nearest_cosines(model, text)])
