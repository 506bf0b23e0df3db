"""Which leads an ECG has after reading, and whether its millivolts can be believed."""

import numpy as np
import pytest
from recorded_files import heart_beats, wfdb_files

from ecgclip_core import EcgclipError, read_ecg
from ecgclip_core.ecg.leads import LEADS, PRECORDIAL_LEADS

WHOLE = heart_beats(5, 250)


def read(signal, names=LEADS, **how):
    return read_ecg(wfdb_files(signal, 250, names=names, layout="32", **how))


def only(*leads):
    return read(WHOLE[[LEADS.index(lead) for lead in leads]], leads)


def test_two_limb_leads_open_with_the_other_four_derived():
    ecg = only("I", "II")
    np.testing.assert_allclose(ecg.signal[:6], WHOLE[:6], atol=2e-3)
    assert ecg.missing_leads == PRECORDIAL_LEADS
    assert any("III, aVR, aVL and aVF: not recorded, calculated from I and II" in note for note in ecg.notes)
    assert any("Missing: V1" in note for note in ecg.notes)


def test_two_chest_leads_open_with_all_others_missing():
    ecg = only("V1", "V2")
    assert set(ecg.missing_leads) == set(LEADS) - {"V1", "V2"}


def test_one_lead_is_no_recording():
    with pytest.raises(EcgclipError, match="only one of the twelve leads"):
        only("II")


def test_leads_in_any_order_end_up_in_the_standard_one():
    order = np.random.default_rng(0).permutation(12)
    ecg = read(WHOLE[order], [LEADS[row] for row in order])
    np.testing.assert_allclose(ecg.signal, WHOLE, atol=1e-3)


def test_other_channels_are_left_out_with_a_note():
    ecg = read(np.vstack([WHOLE, WHOLE[:3]]), [*LEADS, "VX", "RESP", "ABP"])
    assert any(note.startswith("Left out") and "VX, RESP and ABP" in note for note in ecg.notes)


def test_of_two_channels_with_one_name_the_one_with_a_signal_is_taken():
    ecg = read(np.vstack([np.zeros(WHOLE.shape[1]), WHOLE]), ["II", *LEADS])
    np.testing.assert_allclose(ecg.lead("II"), WHOLE[1], atol=1e-3)
    assert any("Lead II is in the file more than once" in note for note in ecg.notes)


def test_minus_avr_is_turned_over():
    names = [f"-{lead}" if lead == "aVR" else lead for lead in LEADS]
    ecg = read(np.where(np.arange(12)[:, None] == 3, -WHOLE, WHOLE), names)
    np.testing.assert_allclose(ecg.lead("aVR"), WHOLE[3], atol=1e-3)
    assert any("-aVR" in note for note in ecg.notes)


def test_a_flat_limb_lead_is_not_used_to_derive_another():
    signal = WHOLE[:5].copy()
    signal[2] = 0
    ecg = read(signal, LEADS[:5])
    np.testing.assert_allclose(ecg.lead("aVF"), WHOLE[5], atol=2e-3)
    assert np.ptp(ecg.lead("III")) == 0


@pytest.mark.parametrize("factor", [1000, 1e-3])
def test_a_mistaken_unit_is_put_right_and_told(factor):
    ecg = read(WHOLE * factor, gain=1000 / factor / (1 if factor < 1 else 1))
    assert ecg.units == "mV"
    np.testing.assert_allclose(ecg.signal, WHOLE, atol=2e-3)
    assert any("1000" in note for note in ecg.notes)


def test_sizes_that_no_unit_explains_are_not_calibrated():
    ecg = read(WHOLE * 1e6, gain=0.01)
    assert ecg.units == "unscaled"
    assert any("not calibrated" in note for note in ecg.notes)


def test_leads_stretched_one_by_one_lose_the_scale():
    factors = np.random.default_rng(1).uniform(0.7, 1.5, 12)[:, None]
    ecg = read(WHOLE * factors)
    assert ecg.units == "unscaled"
    assert any("rescaled one by one" in note for note in ecg.notes)


@pytest.mark.parametrize("size", [np.ptp, np.std])
def test_leads_of_one_size_lose_the_scale(size):
    assert read(WHOLE / size(WHOLE, axis=1)[:, None]).units == "unscaled"
    assert read((WHOLE / size(WHOLE, axis=1)[:, None])[6:], LEADS[6:]).units == "unscaled"


def test_rounding_and_noise_that_obeys_the_leads_keep_the_scale():
    ecg = read(np.round(WHOLE * 200) / 200, gain=200)
    assert ecg.units == "mV"
    assert not any("sum" in note for note in ecg.notes)


@pytest.mark.parametrize("row", [0, 1, 2])
def test_an_electrode_fault_in_a_limb_lead_keeps_the_scale(row):
    generator = np.random.default_rng(row)
    fault = {
        "flat": np.zeros(WHOLE.shape[1]),
        "noisy": WHOLE[row] + generator.normal(0, 0.3, WHOLE.shape[1]),
        "loose for a second": np.where(np.arange(WHOLE.shape[1]) < 250, 2.0, WHOLE[row]),
    }
    for name, samples in fault.items():
        signal = WHOLE + generator.normal(0, 1e-4, WHOLE.shape)
        signal[row] = samples
        ecg = read(signal)
        assert ecg.units == "mV", name
        assert any("flat" in note or "doubtful" in note for note in ecg.notes), name


def test_exchanged_limb_leads_keep_the_scale_and_are_told():
    signal = WHOLE.copy()
    signal[[0, 1]] = signal[[1, 0]]
    ecg = read(signal)
    assert ecg.units == "mV"
    assert any("exchanged" in note for note in ecg.notes)


def test_without_a_common_scale_no_lead_is_derived():
    ecg = read(WHOLE[:2], ["I", "II"], units="NU")
    assert ecg.units == "unscaled"
    assert "III" in ecg.missing_leads
    assert any("cannot be calculated" in note for note in ecg.notes)
