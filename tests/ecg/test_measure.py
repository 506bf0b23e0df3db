import numpy as np
import pytest
from drawn import PR, QRS, QT, drawn_ecg
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgclip_core.ecg.delineate import delineate
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import (
    ABSENT,
    MEASURED,
    NOT_MEASURABLE,
    bazett,
    framingham,
    fridericia,
    hodges,
    measure,
)
from ecgclip_core.ecg.quality import check_quality
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.red_flags import red_flags
from ecgclip_core.simulation.simulate import simulate

INTERVALS = ("heart_rate", "pr", "qrs", "qt", "qtc")


@pytest.mark.parametrize("sampling_rate", [100, 250, 500, 1000])
def test_intervals_are_those_that_were_drawn(sampling_rate):
    m = measure(drawn_ecg(sampling_rate=sampling_rate, noise=0.005)[0])
    assert m.heart_rate.value == pytest.approx(75, abs=0.5)
    assert m.pr.value == pytest.approx(PR, abs=18)
    assert m.qrs.value == pytest.approx(QRS, abs=20)
    assert m.qt.value == pytest.approx(QT, abs=25)


def test_intervals_agree_between_sampling_rates():
    by_rate = {fs: measure(simulate("sinus_rhythm", seed=4, sampling_rate=fs)) for fs in (100, 250, 500, 1000)}
    for name in ("pr", "qrs", "qt"):
        values = [m[name].value for m in by_rate.values()]
        assert max(values) - min(values) <= 12, (name, values)


@pytest.mark.parametrize("finding", ["sinus_rhythm", "first_degree_av_block", "long_qt", "left_bundle_branch_block"])
def test_simulated_intervals_come_near_to_the_truth(finding):
    for seed in (0, 1):
        ecg = simulate(finding, seed=seed)
        m, truth = measure(ecg), ecg.truth.put_in
        assert m.heart_rate.value == pytest.approx(truth["rate"], rel=0.03)
        assert m.pr.value == pytest.approx(truth["pr_ms"], abs=20)
        assert m.qrs.value == pytest.approx(truth["qrs_ms"], abs=25)
        assert m.qt.value == pytest.approx(truth["qt_ms"], abs=25)


def test_simulated_axes_and_st_levels_come_near_to_the_truth():
    for seed in (0, 1):
        ecg = simulate("anterior_st_elevation_infarction", seed=seed)
        m, truth = measure(ecg), ecg.truth.put_in
        away = (m.qrs_axis.value - truth["axis_degrees"] + 180) % 360 - 180
        assert abs(away) < 20
        assert all(abs(m.st[lead].value - level) < 0.15 for lead, level in truth["st_mv"].items())


def test_absent_p_wave_gives_no_pr_interval():
    m = measure(drawn_ecg(p=False, noise=0.01)[0])
    assert m.pr.status == ABSENT and m.pr.value is None and "P wave" in m.pr.reason
    assert m.p_axis.status == ABSENT
    assert m.qt.status == MEASURED


def test_atrial_fibrillation_has_no_pr_interval_but_a_rate():
    m = measure(simulate("atrial_fibrillation", seed=1))
    assert m.pr.status == ABSENT and m.heart_rate.status == MEASURED
    assert m.rr_irregularity.value > 10


def test_dissociated_p_waves_give_no_pr_interval_but_an_atrial_rate():
    m = measure(simulate("third_degree_av_block", seed=2))
    assert m.pr.status == NOT_MEASURABLE and "independently" in m.pr.reason
    assert m.atrial_rate.value > m.heart_rate.value + 10


def test_unscaled_recordings_have_times_but_no_axis_and_no_st():
    ecg, _ = drawn_ecg(units="unscaled")
    m = measure(ecg)
    for axis in (m.p_axis, m.qrs_axis, m.t_axis, *m.st.values(), *m.st60.values()):
        assert axis.status == NOT_MEASURABLE and axis.value is None and "calibrated" in axis.reason
    assert all(m[name].status == MEASURED for name in INTERVALS)


@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_amplitude_leaves_intervals_and_axes_alone(factor):
    ecg, _ = drawn_ecg(noise=0.01)
    a, b = measure(ecg), measure(ECG(ecg.signal * factor, 500.0))
    for name in (*INTERVALS, "qrs_axis"):
        assert b[name].value == pytest.approx(a[name].value, abs=2.0)


def test_the_axis_follows_the_limb_leads():
    # Net areas of the drawn QRS in I and II; aVF = II - I / 2.
    ecg, _ = drawn_ecg()
    area_i, area_ii = 0.60 - 0.10, 1.00 - 0.20
    expected = np.degrees(np.arctan2(2 / np.sqrt(3) * (area_ii - area_i / 2), area_i))
    assert measure(ecg).qrs_axis.value == pytest.approx(expected, abs=4)


def test_the_axis_needs_lead_one():
    ecg, _ = drawn_ecg()
    signal = ecg.signal.copy()
    signal[0] = np.nan
    m = measure(ECG(signal, 500.0))
    assert m.qrs_axis.status == NOT_MEASURABLE and m.st["I"].status == NOT_MEASURABLE
    assert m.qrs.value == pytest.approx(QRS, abs=20)


def test_eleven_missing_leads_are_tolerated():
    ecg, _ = drawn_ecg(noise=0.005)
    signal = np.full_like(ecg.signal, np.nan)
    signal[1] = ecg.signal[1]
    m = measure(ECG(signal, 500.0))
    assert m.heart_rate.value == pytest.approx(75, abs=1)
    assert m.qt.value == pytest.approx(QT, abs=30)


def test_a_recording_of_two_seconds_is_measured_with_a_remark():
    m = measure(drawn_ecg(duration=2.4, rr=0.8)[0])
    assert m.qrs.status == MEASURED and m.heart_rate.value == pytest.approx(75, abs=2)
    assert any("two beats" in remark for remark in m.remarks)


def test_a_single_beat_has_no_rate_and_says_so():
    m = measure(drawn_ecg(duration=2.0, onsets=[0.9])[0])
    assert m.heart_rate.status == NOT_MEASURABLE and "two beats" in m.heart_rate.reason
    assert m.qtc.status == NOT_MEASURABLE


def test_a_slow_sampling_rate_is_said():
    assert any("100 Hz" in remark for remark in measure(drawn_ecg(sampling_rate=100)[0]).remarks)
    assert not measure(drawn_ecg(sampling_rate=500)[0]).remarks


def test_qt_formulas_agree_at_sixty_and_follow_their_definitions():
    for formula in (bazett, fridericia, framingham, hodges):
        assert formula(400.0, 1.0) == pytest.approx(400.0)
    assert bazett(360.0, 0.81) == pytest.approx(400.0)
    assert fridericia(400.0, 0.512) == pytest.approx(500.0)
    assert framingham(350.0, 0.8) == pytest.approx(380.8)
    assert hodges(350.0, 0.6) == pytest.approx(420.0)


def test_qtc_is_that_of_fridericia():
    m = measure(drawn_ecg(rr=0.6)[0])
    assert m.qtc == m.qtc_fridericia
    assert m.qtc.value == pytest.approx(fridericia(m.qt.value, 60 / m.heart_rate.value))


def test_the_table_has_a_row_for_every_measurement():
    frame = measure(drawn_ecg()[0]).to_frame()
    assert {"heart_rate", "pr", "qtc", "st_V1", "st60_V6"} <= set(frame.name)
    assert list(frame.columns) == ["name", "value", "unit", "status", "reason"]
    assert (frame.reason[frame.status != MEASURED] != "").all()


def _said(m):
    """Every measurement has a value, or none with a reason."""
    for _, one in [*m.items(), *m.st.items()]:
        assert (one.value is not None) == (one.status == MEASURED)
        assert one.status in (MEASURED, ABSENT, NOT_MEASURABLE)
        assert one.status == MEASURED or one.reason
        assert one.value is None or np.isfinite(one.value)


@pytest.mark.parametrize(
    "signal",
    [
        np.full((12, 1000), np.nan),
        np.zeros((12, 1000)),
        np.ones((12, 1000)) * 5,
        np.zeros((12, 0)),
        np.zeros((12, 1)),
        np.random.default_rng(0).normal(size=(12, 1000)),
        np.random.default_rng(0).normal(size=(12, 40)),
        np.full((12, 1000), 1e30),
    ],
    ids=["NaN", "zero", "flat", "empty", "one sample", "noise", "short noise", "huge"],
)
def test_what_is_no_ecg_is_not_measurable(signal):
    m = measure(ECG(signal, 100.0))
    _said(m)
    assert all(one.status == NOT_MEASURABLE for _, one in m.items())


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 1500),
    st.sampled_from([100.0, 250.0, 500.0, 999.0]),
    st.sampled_from(["impulses", "steps", "gaps", "walk", "beats with artefacts"]),
)
def test_no_recording_raises(seed, n, sampling_rate, kind):
    rng = np.random.default_rng(seed)
    signal = np.zeros((12, n))
    if kind == "impulses":
        signal = (rng.random((12, n)) < 0.01).astype(float)
    elif kind == "steps":
        signal = np.cumsum(rng.random((12, n)) < 0.005, axis=1) % 2
    elif kind == "walk":
        signal = np.cumsum(rng.normal(size=(12, n)), axis=1)
    elif n:
        ecg, _ = drawn_ecg(duration=n / sampling_rate, sampling_rate=sampling_rate, rr=0.3 + rng.random())
        signal = np.where(rng.random((12, 1)) < 0.2, np.nan, ecg.signal)
        if kind == "gaps":
            signal[rng.random((12, n)) < 0.1] = np.nan
        else:
            signal = signal + 5 * (rng.random((12, n)) < 0.002)
    ecg = ECG(signal, sampling_rate)
    _said(measure(ecg))
    delineate(ecg)
    check_quality(ecg)
    red_flags(ecg)


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(LEADS), max_size=11), st.integers(0, 9), st.sampled_from([100.0, 500.0]))
def test_any_missing_leads_leave_the_rate(missing, seed, sampling_rate):
    ecg, _ = drawn_ecg(noise=0.01, seed=seed, duration=6.0, sampling_rate=sampling_rate)
    signal = ecg.signal.copy()
    signal[[LEADS.index(lead) for lead in missing]] = np.nan
    m = measure(ECG(signal, sampling_rate))
    _said(m)
    assert m.heart_rate.value == pytest.approx(75, abs=2)
