"""The findings that a text is nearest to."""

import numpy as np
import pytest

from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.nearest import PROMPTS, nearest_findings


@pytest.mark.parametrize("k", [1, 3, 7])
def test_no_finding_is_nearer_than_those_given_and_the_nearest_stands_first(tiny_model, k):
    text = "broad notched R waves"
    own = tiny_model.encode_text([text])[0]

    def cosine(finding):
        mean = tiny_model.encode_text(list(finding.prompts[:PROMPTS])).mean(axis=0)
        return mean @ own / np.linalg.norm(mean)

    given = nearest_findings(tiny_model, text, k)
    near = [cosine(finding) for finding in given]
    rest = [cosine(finding) for finding in catalogue().values() if finding not in given]
    assert len({finding.id for finding in given}) == k
    assert near == sorted(near, reverse=True)
    assert max(rest) <= min(near) + 1e-6


def test_more_than_there_are_gives_all(tiny_model):
    assert len(nearest_findings(tiny_model, "anything", 10_000)) == len(catalogue())
