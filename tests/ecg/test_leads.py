"""Names of leads, and how the limb leads follow from two."""

import itertools

import numpy as np
import pytest
from recorded_files import heart_beats

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, complete_limb_leads, lead_name


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize(
    "spelling",
    ["{}", " {} ", "Lead {}", "ECG {}", "EKG_{}", "MDC_ECG_LEAD_{}", "lead-{}", "Ableitung {}", "ECG Lead {}"],
)
def test_usual_spellings_are_recognised(lead, spelling):
    for text in (spelling.format(lead), spelling.format(lead).upper(), spelling.format(lead).lower()):
        assert lead_name(text) == lead


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("MLII", "II"),
        ("ML II", "II"),
        ("D1", "I"),
        ("D2", "II"),
        ("DIII", "III"),
        ("C3", "V3"),
        ("Ⅱ", "II"),
        ("V 6", "V6"),
    ],
)
def test_names_of_other_traditions_are_recognised(text, lead):
    assert lead_name(text) == lead


@pytest.mark.parametrize(
    "text", ["", "V7", "V10", "V0", "-aVR", "I-II", "RESP", "ABP", "VX", "vz", "1", "X", "V" * 999]
)
def test_other_channels_are_not_leads(text):
    assert lead_name(text) is None


@pytest.mark.parametrize("present", itertools.combinations(range(6), 2))
def test_any_two_limb_leads_give_the_other_four(present):
    whole = heart_beats(2, 100)
    signal = np.full_like(whole, np.nan)
    signal[list(present)] = whole[list(present)]
    completed, derived = complete_limb_leads(signal)
    np.testing.assert_allclose(completed[:6], whole[:6], atol=1e-9)
    assert set(derived) == set(LIMB_LEADS) - {LEADS[row] for row in present}
    assert np.isnan(completed[6:]).all()


def test_one_limb_lead_gives_no_other():
    signal = np.full((12, 100), np.nan)
    signal[0] = 1.0
    completed, derived = complete_limb_leads(signal)
    assert derived == []
    assert np.isnan(completed[1:]).all()
