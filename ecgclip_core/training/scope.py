"""Teaching the model which texts are about an ECG, which are about medicine beyond it, and which are neither."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.questions import example_questions
from ecgclip_core.findings.wordings import wordings
from ecgclip_core.model.ecgclip import ECGCLIP, SCOPES
from ecgclip_core.model.scope import scope_features

# Strength of the ridge penalty, C of scikit-learn; the features have length 1, so that weights must be able to grow.
PENALTY_C = 3.0


def fit_scope(model: ECGCLIP, statements: list[str]) -> None:
    """Fit the scope head on the catalogue, example questions and statements of reports, all of the training folds.

    Parameters
    ----------
    model : ECGCLIP
        Its ``scope_head`` is set in place.
    statements : list of str
        Statements of reports: all of them about ECGs.
    """
    texts = {scope: list(example_questions(scope)) for scope in SCOPES}
    for entry in catalogue().values():
        texts["ecg"] += [text for side in wordings(entry.id) for text in side]
    texts["ecg"] += statements
    features = np.stack([scope_features(model, text).numpy() for scope in SCOPES for text in texts[scope]])
    classes = np.repeat(np.arange(len(SCOPES)), [len(texts[scope]) for scope in SCOPES])
    fitted = LogisticRegression(C=PENALTY_C, class_weight="balanced", max_iter=2000).fit(features, classes)
    with torch.no_grad():
        model.scope_head.weight.copy_(torch.from_numpy(fitted.coef_))
        model.scope_head.bias.copy_(torch.from_numpy(fitted.intercept_))
