import numpy as np

from ecgclip_core.corpora.corpus import HOLDS
from ecgclip_core.corpora.simulated import simulate_corpus
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.simulation.conditions import CONDITIONS


def test_every_recording_carries_its_condition_and_what_lies_above_it(tmp_path):
    corpus = simulate_corpus(len(CONDITIONS), Preprocessing(), tmp_path)
    for row, condition in enumerate(CONDITIONS):
        assert corpus.labels[row, corpus.findings.index(condition)] == HOLDS
    block = list(CONDITIONS).index("left_bundle_branch_block")
    assert corpus.labels[block, corpus.findings.index("conduction_disturbance")] == HOLDS


def test_a_corpus_is_the_same_when_made_again_and_another_from_other_seeds(tmp_path):
    first, again = (simulate_corpus(4, Preprocessing(), tmp_path / name) for name in "ab")
    other = simulate_corpus(4, Preprocessing(), tmp_path / "c", first_seed=100)
    assert np.array_equal(first.signals, again.signals)
    assert not np.array_equal(first.signals, other.signals)
