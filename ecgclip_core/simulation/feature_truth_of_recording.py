"""What was drawn in the recording as a whole: rhythm, rate, intervals, axis, beats; True, False or None."""

from collections.abc import Callable

import numpy as np

from ecgclip_core.findings.claims import Claim
from ecgclip_core.simulation.drawn import PLACE, Drawn
from ecgclip_core.simulation.feature_truth_in_leads import p_upright, s_over_r
from ecgclip_core.simulation.three_values import all_hold, any_holds, band, state_of, within


def _p_present(d: Drawn, claim: Claim) -> bool | None:
    if d.has_p:
        return None if d.put_in["basic_kind"] == "ectopic" else True
    return None if len(d.p_kinds) else False


def _p_duration(d: Drawn, claim: Claim) -> bool | None:
    return bool(within(d.put_in["p_ms"], claim)) if d.has_p else False if not len(d.p_kinds) else None


def _p_broad(d: Drawn, claim: Claim) -> bool | None:
    return state_of(float(band(d.put_in["p_ms"], 120, 116))) if d.has_p else False if not len(d.p_kinds) else None


def _pr(d: Drawn, claim: Claim) -> bool | None:
    if d.put_in["pr_ms"] is None:
        return False
    if "mobitz_i_av_block" in d.findings:
        return None
    low, high = {"long": (200.0, None), "short": (None, 120.0)}.get(claim.quality, (claim.low, claim.high))
    return bool(within(d.put_in["pr_ms"], Claim("PR", "size", low=low, high=high)))


def _pr_constant(d: Drawn, claim: Claim) -> bool | None:
    if d.put_in["pr_ms"] is None or "mobitz_i_av_block" in d.findings:
        return False
    if claim.low is None and claim.high is None:
        return True
    return bool(within(d.put_in["pr_ms"], claim))


def _qrs_duration(d: Drawn, claim: Claim) -> bool | None:
    low, high = {"broad": (120.0, None), "narrow": (None, 119.99), "long": (120.0, None)}.get(
        claim.quality, (claim.low, claim.high)
    )
    return bool(within(d.put_in["qrs_ms"], Claim("QRS", "size", low=low, high=high)))


def _qtc(d: Drawn, claim: Claim) -> bool | None:
    if claim.low is not None or claim.high is not None:
        states = {bool(within(value, claim)) for value in (d.qtc, d.put_in["qtc_ms"])}
        return states.pop() if len(states) == 1 else None
    if claim.quality == "long":
        states = {state_of(float(band(value, 470, 450))) for value in (d.qtc, d.put_in["qtc_ms"])}
    else:
        states = {state_of(float(band(value, 340, 360))) for value in (d.qtc, d.put_in["qtc_ms"])}
    return states.pop() if len(states) == 1 else None


def _regular(d: Drawn, claim: Claim) -> bool | None:
    if d.findings & {"atrial_fibrillation"} and d.put_in["basic_kind"] != "paced":
        return False
    if len(d.rr) < 3:
        return None
    spread = float(np.ptp(d.rr) / np.median(d.rr))
    return True if spread < 0.12 else False if spread > 0.2 else None


def _irregular(d: Drawn, claim: Claim) -> bool | None:
    state = _regular(d, claim)
    if state is False and not d.findings & {"atrial_fibrillation", "sinus_arrhythmia"}:
        return None
    return None if state is None else not state


def _rr(d: Drawn, claim: Claim) -> bool | None:
    inside = within(1000 * d.rr, claim)
    return True if inside.all() else None if inside.any() else False


def _rate(d: Drawn, claim: Claim) -> bool | None:
    low, high = {"fast": (100.0, None), "slow": (None, 60.0)}.get(claim.quality, (claim.low, claim.high))
    if claim.quality == "normal":
        low, high = 60.0, 100.0
    return bool(within(d.put_in["rate"], Claim("RATE", "size", low=low, high=high)))


def _atrial_rate(d: Drawn, claim: Claim) -> bool | None:
    rate = d.put_in.get("atrial_rate") or (60 / np.median(np.diff(d.p_onsets)) if len(d.p_onsets) > 3 else None)
    return None if rate is None else bool(within(rate, claim))


def _u(d: Drawn, claim: Claim) -> bool | None:
    return state_of(float(band(d.put_in["u_wave"], 0.09, 0.045)))


def _high_voltage(d: Drawn, claim: Claim) -> bool | None:
    return state_of(float(band(_sokolow_mv(d), 3.5, 3.0)))


def _sokolow_mv(d: Drawn) -> float:
    s = max(d["s"][PLACE["V1"]], d["q"][PLACE["V1"]])
    return float(s + max(d["r"][PLACE["V5"]], d["r"][PLACE["V6"]]))


def _sokolow(d: Drawn, claim: Claim) -> bool | None:
    return bool(within(_sokolow_mv(d), claim)) if claim.low is not None or claim.high is not None else None


def _finding(*names: str) -> Callable[[Drawn, Claim], bool]:
    return lambda d, claim: bool(d.findings & set(names))


def _never(d: Drawn, claim: Claim) -> bool:
    """No simulation draws it."""
    return False


def _p_before_qrs(d: Drawn, claim: Claim) -> bool | None:
    share = d.conducted_share
    if not claim.leads or share == 0:
        return True if share > 0.95 else None if share > 0 else False
    # "an upright P wave before every QRS complex in I, II and aVF": in each of them.
    upright = p_upright(d, claim)
    return all_hold([share > 0.95 or None, *(state_of(upright[PLACE[lead]]) for lead in claim.leads)])


def _escape(d: Drawn, claim: Claim) -> bool | None:
    if (d.qrs_kinds == "escape").any():
        return True
    return None if "third_degree_av_block" in d.findings else False


def _p_conducted(d: Drawn, claim: Claim) -> bool | None:
    if not d.has_p:
        return False
    earlier = d.p_onsets < d.p_onsets.max() - 0.01
    return bool((d.p_beats[earlier] >= 0).all())


def _no_p_before_qrs(d: Drawn, claim: Claim) -> bool | None:
    if d.conducted_share > 0:
        return None if d.ectopic_qrs else False
    return None if d.has_p else True


def _dropped(d: Drawn, claim: Claim) -> bool | None:
    if d.findings & {"mobitz_i_av_block", "mobitz_ii_av_block"}:
        return True if (d.p_beats[:-1] < 0).any() else None
    return None if _dissociated(d, claim) else False


def _dissociated(d: Drawn, claim: Claim) -> bool:
    return d.has_p and d.conducted_share == 0 and len(d.p_kinds) >= 3


def _early_broad(d: Drawn, claim: Claim) -> bool | None:
    if d.put_in["basic_kind"] == "ectopic":
        return None
    return d.ectopic_qrs


def _early_p(d: Drawn, claim: Claim) -> bool:
    return bool(((d.p_kinds == "ectopic") & (d.p_beats >= 0)).any())


def _compensatory(d: Drawn, claim: Claim) -> bool | None:
    if d.ectopic_qrs:
        return True if (d.qrs_kinds[:-1] == "ectopic").any() else None
    return None if _early_p(d, claim) else False


def _alternating(d: Drawn, claim: Claim) -> bool | None:
    if "ventricular_bigeminy" in d.findings:
        return True
    return None if d.ectopic_qrs or _early_p(d, claim) else False


def _atrial_waves(d: Drawn, claim: Claim) -> bool | None:
    wanted = {"atrial_fibrillation_waves": "fibrillation", "flutter_waves": "flutter"}[claim.quality]
    if d.put_in["atria"] != wanted:
        return False
    return True if d.put_in["atrial_waves_mv"] >= 0.03 else None


def _axis(d: Drawn, claim: Claim) -> bool | None:
    return bool(within(d.put_in["axis_degrees"], claim))


def _terminal_p(d: Drawn, claim: Claim) -> bool | None:
    if not d.has_p:
        return None if len(d.p_kinds) else False
    at = PLACE["V1"]
    # Morris et al. 1964, doi:10.1161/01.CIR.29.2.242: 0.04 mm s and more, 4 mV ms.
    return state_of(float(band(-d["p_end"][at] * d["p_end_ms"][at], 4.0, 2.5)))


def _p_after(d: Drawn, claim: Claim) -> bool | None:
    where = d.put_in.get("retrograde")
    return None if where == "hidden" else where is not None


def _poor_r(d: Drawn, claim: Claim) -> bool | None:
    return state_of(float(band(max(d["r"][PLACE["V3"]], d["r2"][PLACE["V3"]]), 0.3, 0.5)))


def _r_shrinks(d: Drawn, claim: Claim) -> bool | None:
    r = [d["r"][PLACE[lead]] for lead in ("V1", "V2", "V4", "V6")]
    if r[3] < 0.6 * r[1] and r[2] < r[1]:
        return True
    return False if max(r[2:]) > 1.3 * max(r[:2]) else None


def _s_to_v5(d: Drawn, claim: Claim) -> bool | None:
    return state_of(float(s_over_r(d, claim)[PLACE["V5"]]))


def _long_pause(d: Drawn, claim: Claim) -> bool | None:
    return state_of(float(band(d.rr.max(initial=0.0), 3.0, 2.0)))


def _pause(d: Drawn, claim: Claim) -> bool | None:
    return False if _regular(d, claim) else None


def _changing_rr(d: Drawn, claim: Claim) -> bool | None:
    return True if "sinus_arrhythmia" in d.findings else False if _regular(d, claim) or not d.has_p else None


def _broad_run(d: Drawn, claim: Claim) -> bool | None:
    return None if d.put_in["basic_kind"] in ("ectopic", "escape", "paced") else False


WHOLE: dict[tuple[str, str], Callable[[Drawn, Claim], bool | None]] = {
    ("P", "present"): _p_present,
    ("P", "duration"): _p_duration,
    ("P", "broad"): _p_broad,
    ("P", "long"): _p_broad,
    **{("PR", quality): _pr for quality in ("long", "short", "size", "duration")},
    ("PR", "constant"): _pr_constant,
    **{("QRS", quality): _qrs_duration for quality in ("broad", "narrow", "long", "duration")},
    **{("QTC", quality): _qtc for quality in ("long", "short", "size", "duration")},
    **{("QT", quality): _qtc for quality in ("long", "short")},
    ("QT", "size"): lambda d, c: bool(within(d.put_in["qt_ms"], c)),
    ("QT", "duration"): lambda d, c: bool(within(d.put_in["qt_ms"], c)),
    **{(wave, "regular"): _regular for wave in ("RR", "QRS", "RATE")},
    **{(wave, "irregular"): _irregular for wave in ("RR", "QRS", "RATE")},
    **{("RR", quality): _rr for quality in ("size", "duration")},
    **{("RATE", quality): _rate for quality in ("size", "duration", "fast", "slow", "normal")},
    **{("QRS", quality): _rate for quality in ("fast", "slow")},
    ("ATRIAL_RATE", "size"): _atrial_rate,
    **{("U", quality): _u for quality in ("present", "tall")},
    ("VOLTAGE", "tall"): _high_voltage,
    ("AXIS", "size"): _axis,
    ("AXIS", "left"): _finding("left_axis_deviation"),
    ("AXIS", "right"): _finding("right_axis_deviation"),
    ("AXIS", "normal"): _finding("normal_axis"),
    ("AXIS", "deviating"): lambda d, c: "normal_axis" not in d.findings,
    ("", "axis_left"): _finding("left_axis_deviation"),
    ("", "axis_right"): _finding("right_axis_deviation"),
    ("", "axis_extreme"): _finding("extreme_axis_deviation"),
    ("", "axis_normal"): _finding("normal_axis"),
    ("", "atrial_fibrillation_waves"): _atrial_waves,
    ("", "flutter_waves"): _atrial_waves,
    ("", "delta_wave"): _finding("wolff_parkinson_white"),
    ("", "spikes"): _finding("ventricular_pacing"),
    ("", "ventricular_spikes"): _finding("ventricular_pacing"),
    ("", "p_before_qrs"): _p_before_qrs,
    ("", "p_conducted"): _p_conducted,
    ("", "escape_rhythm"): _escape,
    ("", "no_p_before_qrs"): _no_p_before_qrs,
    ("", "dropped_qrs"): _dropped,
    ("", "pr_lengthens"): _finding("mobitz_i_av_block"),
    ("", "pr_at_random"): _dissociated,
    ("", "dissociated"): _dissociated,
    ("", "early_broad_beat"): _early_broad,
    ("", "early_narrow_beat"): lambda d, c: _early_p(d, c),
    ("", "early_p"): _early_p,
    ("", "early_beat"): lambda d, c: any_holds([_early_broad(d, c), _early_p(d, c)]),
    ("", "compensatory_pause"): _compensatory,
    ("", "alternating_beats"): _alternating,
    ("", "every_second_early"): _alternating,
    ("", "sokolow"): _sokolow,
    ("", "p_terminal_negative"): _terminal_p,
    ("", "p_after_qrs"): _p_after,
    ("", "p_hidden_or_after_qrs"): lambda d, c: "retrograde" in d.put_in,
    ("", "poor_r_progression"): _poor_r,
    ("", "low_voltage_limb"): lambda d, c: bool((d["qrs_height"][:6] < 0.5).all()),
    ("", "r_shrinks"): _r_shrinks,
    ("", "s_over_r_to_v5"): _s_to_v5,
    ("", "u_after_t"): _u,
    ("", "long_pause"): _long_pause,
    ("", "pause_without_p"): _pause,
    ("", "p_equal"): _changing_rr,
    ("", "broad_run"): _broad_run,
    ("", "qrs_changes_shape"): lambda d, c: None if d.ectopic_qrs else False,
    **{
        ("", name): _never
        for name in (
            *("atrial_spikes", "epsilon_wave", "osborn_wave", "asystole", "couplet", "every_third_early"),
            *("early_p_alternates", "three_p_shapes", "sine_wave", "alternans"),
        )
    },
}
