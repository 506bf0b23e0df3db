"""What of the measured ECG decides a sentence about waves: an expression in the language of ``docs/criteria.md``.

A feature of the catalogue brings its own expression. Any other sentence is read word by word (`feature_language`), and
each claim of it becomes an expression here. Words without a sharp edge get the number that textbooks give most often.
"""

import math
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from ecgclip_core.ecg.leads import LIMB_LEADS
from ecgclip_core.findings.catalogue import catalogue, normalised
from ecgclip_core.findings.claims import Claim, Reading
from ecgclip_core.findings.feature_language import feature_sentence, read_feature
from ecgclip_core.findings.polarity import read_polarity
from ecgclip_core.findings.translation import to_english
from ecgclip_core.findings.usual_leads import IN_EVERY_LEAD, usual_leads


@dataclass(frozen=True)
class Check:
    """How a sentence is held against the measured ECG.

    Attributes
    ----------
    expression : str
        In the language of ``docs/criteria.md``.
    complete : bool
        Whether it says all that the sentence says. Where it does not, it may contradict the sentence, not confirm it.
    source : str
        ``"catalogue"`` or ``"grammar"``.
    """

    expression: str
    complete: bool
    source: str


@lru_cache(maxsize=8192)
def measurable(sentence: str, finding: str | None = None) -> Check | None:
    """What of the measured ECG decides a sentence about waves.

    Parameters
    ----------
    sentence : str
        English or German, e.g. ``"ST elevation in II, III and aVF"`` or ``"keine P-Wellen"``.
    finding : str, optional
        Id of the finding whose feature it is, where features of several findings have the same words.

    Returns
    -------
    Check or None
        None where only the model can tell.
    """
    for text in dict.fromkeys((sentence, english(sentence))):
        check = _of_catalogue(text, finding) or _denied(text, finding) or _of_grammar(text)
        if check is not None:
            return check
    return None


# What the glossary of reports leaves as it is: conjunctions and comparisons between the words it knows.
_GERMAN = {
    "und": "and",
    "oder": "or",
    "ohne": "without",
    "mit": "with",
    r"keine?[rnms]?": "no",
    r"fehlende?[rns]?": "absent",
    r"(?:ü|ue)ber": "above",
    r"(?:l(?:ä|ae)nger|gr(?:ö|oe)(?:ß|ss)er|breiter|h(?:ö|oe)her|mehr) als": "more than",
    r"unter": "below",
    r"(?:k(?:ü|ue)rzer|kleiner|schmaler|niedriger|weniger) als": "less than",
    r"mindestens": "at least",
    r"in ableitung(?:en)?": "in leads",
    r"p-?wellen?": "P waves",
    r"(?:pq|pr)-(?:zeit|intervall|dauer|strecke)": "PR interval",
    r"qrs-(?:dauer|breite|zeit)": "QRS duration",
    r"qrs-?komplexe?": "QRS complexes",
    r"st-?hebung(?:en)?": "ST elevation",
    r"st-?senkung(?:en)?": "ST depression",
    r"t-?negativierung(?:en)?|t-?inversion(?:en)?": "T inversion",
    r"t-?wellen?": "T waves",
    r"r-?zacken?": "R waves",
    r"s-?zacken?": "S waves",
    r"q-?zacken?": "Q waves",
    r"u-?wellen?": "U waves",
    r"flatterwellen": "flutter waves",
    r"flimmerwellen": "fibrillatory waves",
    r"delta-?wellen?": "delta wave",
    r"negative[rnms]?": "negative",
    r"positive[rnms]?": "positive",
    r"hohe[rnms]?": "tall",
    r"tiefe[rnms]?": "deep",
    r"breite[rnms]?": "broad",
    r"schmale[rnms]?": "narrow",
    r"flache[rnms]?": "flat",
    r"spitze[rnms]?": "peaked",
    r"verl(?:ä|ae)ngerte[rnms]?": "prolonged",
    r"verk(?:ü|ue)rzte[rnms]?": "short",
    r"gekerbte[rnms]?|aufgesplitterte[rnms]?": "notched",
    r"pathologische[rnms]?": "pathological",
    r"unregelm(?:ä|ae)(?:ß|ss)ige[rnms]?": "irregular",
    r"regelm(?:ä|ae)(?:ß|ss)ige[rnms]?": "regular",
    r"rr-(?:abst(?:ä|ae)nde|intervalle)": "RR intervals",
    r"herzfrequenz": "heart rate",
    r"(?:in )?den inferioren ableitungen": "in the inferior leads",
    r"(?:in )?den lateralen ableitungen": "in the lateral leads",
    r"(?:in )?den anterioren ableitungen": "in the anterior leads",
    r"(?:in )?den brustwandableitungen": "in the chest leads",
    r"(?:in )?den extremit(?:ä|ae)tenableitungen": "in the limb leads",
    r"bis": "to",
}


def english(sentence: str) -> str:
    """A German sentence about waves in English, as far as its words are known; English comes back as it is."""
    words = _german_words()
    plain = words.sub(lambda found: _GERMAN[_german_pattern(found)], sentence)
    return to_english(plain)


@cache
def _german_words() -> re.Pattern:
    longest_first = sorted(_GERMAN, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(f"({word})" for word in longest_first) + r")(?![\w-])", re.IGNORECASE)


def _german_pattern(found: re.Match) -> str:
    return sorted(_GERMAN, key=len, reverse=True)[found.lastindex - 1]


# --- the catalogue's own ---


@cache
def _known() -> dict[str, list[tuple[str, str]]]:
    """Finding and expression by sentence."""
    known: dict[str, list[tuple[str, str]]] = {}
    for entry in catalogue().values():
        for feature in entry.features:
            if feature.measured:
                for text in dict.fromkeys((feature.text, feature_sentence(feature))):
                    known.setdefault(normalised(text), []).append((entry.id, feature.measured))
    return known


def _of_catalogue(sentence: str, finding: str | None) -> Check | None:
    found = _known().get(normalised(sentence), [])
    own = [expression for entry, expression in found if entry == finding]
    expressions = list(dict.fromkeys(own or [expression for _, expression in found]))
    # Words that mean different things under different findings are left to the grammar.
    return Check(expressions[0], True, "catalogue") if len(expressions) == 1 else None


def _denied(sentence: str, finding: str | None) -> Check | None:
    polarity = read_polarity(sentence)
    if polarity.holds != "absent":
        return None
    check = _of_catalogue(polarity.text, finding)
    return None if check is None else Check(f"not ({check.expression})", True, "catalogue")


# --- grammar ---


def _of_grammar(sentence: str) -> Check | None:
    reading = read_feature(sentence)
    return None if reading is None else _of_reading(reading)


def _of_reading(reading: Reading) -> Check | None:
    parts, complete = [], True
    for group in reading.groups:
        checks = [_of_claim(claim) for claim in group]
        if any(check is None for check in checks):
            complete = False
            continue
        complete = complete and all(whole for _, whole in checks)
        if len(checks) > 1 and not all(whole for _, whole in checks):
            # "A or B": what only hints at A cannot contradict both.
            continue
        parts.append(_joined("or", [expression for expression, _ in checks]))
    return Check(_joined("and", parts), complete, "grammar") if parts else None


def _joined(word: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f" {word} ".join(f"({part})" for part in parts)


def _of_claim(claim: Claim) -> tuple[str, bool] | None:
    """The expression of one claim, and whether it says all of it."""
    key = (claim.wave, claim.quality)
    if key == ("", "p_before_qrs") and claim.leads:
        upright = " and ".join(f'p_mv("{lead}") > 0' for lead in claim.leads)
        expression, complete = f"p_waves and {upright}", True
    elif key in _WHOLE:
        template, complete = _WHOLE[key], True
        if isinstance(template, tuple):
            template, complete = template
        expression = _with_bounds(template, claim)
    elif key in _BY_LEAD:
        expression, complete = _over_leads(claim), True
    else:
        return None
    if expression is None:
        return None
    if claim.denied:
        return (f"not ({expression})", True) if complete else None
    return expression, complete


def _with_bounds(template: str, claim: Claim) -> str | None:
    """``{}`` stands for a quantity that the claim's bounds compare; other templates stand alone."""
    if "{}" not in template:
        if claim.low is None and claim.high is None:
            return template
        # "constant PR interval longer than 200 ms": both.
        quantity = _QUANTITIES.get(claim.wave)
        return None if quantity is None else f"({template}) and ({_compared(quantity, claim)})"
    if claim.low is None and claim.high is None:
        return None
    return _compared(template.replace("{}", "").strip(), claim)


def _compared(quantity: str, claim: Claim) -> str:
    low, high = claim.low, claim.high
    if low is not None and low == high:
        # "a QRS of 140 ms": about so much.
        low, high = sorted((low - 0.1 * abs(low), high + 0.1 * abs(high)))
    if low is None:
        return f"{quantity} <= {high:g}"
    if high is None:
        return f"{quantity} >= {low:g}"
    return f"{low:g} <= {quantity} <= {high:g}"


def _over_leads(claim: Claim) -> str | None:
    leads, scope = claim.leads, claim.scope
    if not leads:
        leads = usual_leads(claim)
    each = {lead: _in_lead(claim, lead) for lead in leads}
    if None in each.values():
        return None
    single = {lead: expression for lead, expression in each.items() if expression is not None}
    if (claim.wave, claim.quality) in IN_EVERY_LEAD and claim.low is None:
        return " and ".join(f"({expression})" for expression in single.values())
    if len(single) == 1:
        return next(iter(single.values()))
    limits = _BY_LEAD[claim.wave, claim.quality]
    if isinstance(limits, dict) and 0 < len(set(leads) & set(limits["leads"])) < len(leads):
        # Limits differ between these leads: either part of them may show it.
        parts = [tuple(lead for lead in leads if (lead in limits["leads"]) is inside) for inside in (True, False)]
        found = [_over_leads(replace(claim, leads=part)) for part in parts]
        return None if None in found else " or ".join(f"({part})" for part in found)
    template = _in_lead(claim, leads[0]).replace(f'"{leads[0]}"', "lead")
    listed = "(" + ", ".join(f'"{lead}"' for lead in leads) + ")"
    if scope == "any":
        return f"any({template} for lead in {listed})"
    if scope == "all":
        least = math.ceil(2 * len(leads) / 3)
        return (
            f"count({template} for lead in {listed}) >= {least}"
            if len(leads) > 2
            else f"all({template} for lead in {listed})"
        )
    if len(leads) == 2:
        return f"all({template} for lead in {listed})"
    return f"contiguous({template} for lead in {listed})"


def _in_lead(claim: Claim, lead: str) -> str | None:
    template = _BY_LEAD[claim.wave, claim.quality]
    if isinstance(template, dict):
        template = template["chest"] if lead in template["leads"] else template["other"]
    low, high = claim.low, claim.high
    template = template.replace("(l)", f'("{lead}")')
    if low is None and high is None:
        return None if template.endswith("{}") else template.split(" | ")[0]
    if template.endswith("{}"):
        return _compared(template.removesuffix("{}").strip(), claim)
    quantity = _SIZES.get((claim.wave, claim.quality))
    if quantity is None:
        return None
    return _compared(quantity.replace("(l)", f'("{lead}")'), Claim("", "", low=low if low is not None else high))


_RIGHT = ("V1", "V2", "V3")

# In one lead, "(l)". A template that ends in "{}" needs a number. After the recommendations of AHA, ACCF and HRS 2009
# (doi:10.1161/CIRCULATIONAHA.108.191095, .191096 and .191097) and the Fourth Universal Definition of Myocardial
# Infarction (doi:10.1161/CIR.0000000000000617).
_BY_LEAD: dict[tuple[str, str], str | dict] = {
    ("P", "inverted"): "p_mv(l) < -0.03",
    ("P", "upright"): "p_mv(l) > 0.03",
    ("P", "tall"): {"leads": ("V1", "V2"), "chest": "p_mv(l) > 0.15", "other": "p_mv(l) > 0.25"},
    ("P", "low"): "abs(p_mv(l)) < 0.07",
    ("P", "size"): "p_mv(l) {}",
    ("PR", "depressed"): "pr_segment_mv(l) <= -0.03",
    ("PR", "elevated"): "pr_segment_mv(l) >= 0.03",
    ("PR_SEGMENT", "depressed"): "pr_segment_mv(l) <= -0.03",
    ("PR_SEGMENT", "elevated"): "pr_segment_mv(l) >= 0.03",
    ("Q", "present"): "q_mv(l) >= 0.07",
    ("Q", "pathological"): "(q_mv(l) >= 0.1 and q_ms(l) >= 30)",
    ("Q", "deep"): "q_mv(l) >= 0.25",
    ("Q", "broad"): "(q_ms(l) >= 36 and q_mv(l) >= 0.1)",
    ("Q", "narrow"): "(q_ms(l) < 36 and q_mv(l) >= 0.03)",
    ("Q", "size"): "q_mv(l) {}",
    ("Q", "duration"): "q_ms(l) {}",
    ("R", "present"): "r_mv(l) >= 0.05",
    ("R", "tall"): {"leads": _RIGHT, "chest": "(r_mv(l) >= 0.5 and r_s_ratio(l) > 1)", "other": "r_mv(l) >= 1.8"},
    ("R", "low"): "r_mv(l) <= 0.4",
    ("R", "broad"): {"leads": _RIGHT, "chest": "r_ms(l) >= 40", "other": "r_ms(l) >= 70"},
    ("R", "notched"): "notched(l)",
    ("R", "slurred"): "notched(l)",
    ("R", "size"): "max(r_mv(l), r2_mv(l)) {}",
    ("R", "duration"): "r_ms(l) {}",
    ("S", "present"): "s_mv(l) >= 0.1",
    ("S", "deep"): {"leads": _RIGHT, "chest": "max(s_mv(l), q_mv(l)) >= 1.6", "other": "s_mv(l) >= 0.6"},
    ("S", "tall"): {"leads": _RIGHT, "chest": "max(s_mv(l), q_mv(l)) >= 1.6", "other": "s_mv(l) >= 0.6"},
    ("S", "broad"): "(s_ms(l) >= 40 and s_mv(l) >= 0.08)",
    ("S", "slurred"): "(s_ms(l) >= 40 and s_mv(l) >= 0.08)",
    ("S", "size"): "s_mv(l) {}",
    ("S", "duration"): "s_ms(l) {}",
    ("QRS", "notched"): "notched(l)",
    ("QRS", "upright"): "r_s_ratio(l) > 1",
    ("QRS", "inverted"): "r_s_ratio(l) < 1",
    ("QRS", "low"): {"leads": LIMB_LEADS, "chest": "qrs_mv(l) < 0.5", "other": "qrs_mv(l) < 1"},
    ("QRS", "size"): "qrs_mv(l) {}",
    ("VOLTAGE", "low"): {"leads": LIMB_LEADS, "chest": "qrs_mv(l) < 0.5", "other": "qrs_mv(l) < 1"},
    ("VOLTAGE", "size"): "qrs_mv(l) {}",
    ("ST", "elevated"): "j_mv(l) >= st_limit(l)",
    ("ST", "depressed"): "(j_mv(l) <= -0.05 and st60_mv(l) <= -0.03)",
    ("ST", "deviating"): "(j_mv(l) >= st_limit(l) or j_mv(l) <= -0.05)",
    ("ST", "isoelectric"): "(abs(j_mv(l)) < 0.075 and abs(st60_mv(l)) < 0.1)",
    ("ST", "horizontal"): "abs(st60_mv(l) - j_mv(l)) <= 0.06",
    ("ST", "downsloping"): "st60_mv(l) <= j_mv(l) + 0.02",
    ("ST", "upsloping"): "st60_mv(l) > j_mv(l)",
    ("ST", "size"): "j_mv(l) {}",
    ("T", "inverted"): "t_mv(l) <= -0.07",
    ("T", "upright"): "t_mv(l) >= 0.05",
    ("T", "flat"): "abs(t_mv(l)) < 0.075",
    ("T", "low"): "abs(t_mv(l)) < 0.13",
    ("T", "tall"): {"leads": LIMB_LEADS, "chest": "t_mv(l) >= 0.5", "other": "t_mv(l) >= 0.85"},
    ("T", "deep"): "t_mv(l) <= -0.4",
    ("T", "size"): "t_mv(l) {}",
    ("", "qs"): "qs(l)",
    ("", "rs"): "(r_mv(l) >= 0.03 and s_mv(l) > r_mv(l))",
    ("", "qr"): "(q_mv(l) >= 0.03 and r_mv(l) > q_mv(l) and s_mv(l) < r_mv(l))",
    ("", "rsr"): "(r2_mv(l) >= 0.05 and s_mv(l) >= 0.03)",
    ("", "r_over_s"): "r_s_ratio(l) > 1",
    ("", "s_over_r"): "r_s_ratio(l) < 1",
    ("", "discordant"): "((t_mv(l) < 0 and r_s_ratio(l) > 1) or (t_mv(l) > 0 and r_s_ratio(l) < 1))",
    ("", "low_t_for_r"): "abs(t_mv(l)) < 0.1 * r_mv(l)",
}
# "ST depression of 0.1 mV" is a size downward.
_SIZES = {
    ("ST", "elevated"): "j_mv(l)",
    ("ST", "depressed"): "-j_mv(l)",
    ("T", "inverted"): "-t_mv(l)",
    ("T", "deep"): "-t_mv(l)",
    ("T", "tall"): "t_mv(l)",
    ("T", "upright"): "t_mv(l)",
    ("P", "tall"): "p_mv(l)",
    ("P", "inverted"): "-p_mv(l)",
    ("Q", "deep"): "q_mv(l)",
    ("Q", "pathological"): "q_mv(l)",
    ("R", "tall"): "r_mv(l)",
    ("S", "deep"): "s_mv(l)",
    ("PR", "depressed"): "-pr_segment_mv(l)",
    ("PR", "elevated"): "pr_segment_mv(l)",
}
_QUANTITIES = {
    "PR": "pr",
    "QRS": "qrs",
    "P": "p_duration",
    "QTC": "qtc",
    "QT": "qt",
    "RATE": "heart_rate",
    "AXIS": "qrs_axis",
}
_SOKOLOW = 's_mv("V1") + max(r_mv("V5"), r_mv("V6"))'
_LEFT, _RIGHTWARD, _EXTREME = "-90 <= qrs_axis < -30", "qrs_axis > 90", "qrs_axis < -90"

# Of the whole recording; with False where the expression is only part of what the words say.
_WHOLE: dict[tuple[str, str], str | tuple[str, bool]] = {
    ("P", "present"): "p_waves or dissociated",
    ("P", "duration"): "p_duration {}",
    ("P", "broad"): "p_duration >= 120",
    ("P", "long"): "p_duration >= 120",
    ("PR", "duration"): "pr {}",
    ("PR", "size"): "pr {}",
    ("PR", "long"): "pr > 200",
    ("PR", "short"): "pr < 120",
    ("PR", "constant"): "p_waves and pr_range <= 40",
    ("QRS", "duration"): "qrs {}",
    ("QRS", "broad"): "qrs >= 120",
    ("QRS", "long"): "qrs >= 120",
    ("QRS", "narrow"): "qrs < 120",
    ("QRS", "fast"): "heart_rate > 100",
    ("QRS", "slow"): "heart_rate < 60",
    ("QTC", "duration"): "qtc {}",
    ("QTC", "size"): "qtc {}",
    ("QTC", "long"): "qtc >= 460",
    ("QTC", "short"): "qtc <= 350",
    ("QT", "duration"): "qt {}",
    ("QT", "size"): "qt {}",
    ("QT", "long"): "qtc >= 460",
    ("QT", "short"): "qtc <= 350",
    ("RR", "regular"): "regular",
    ("QRS", "regular"): "regular",
    ("RATE", "regular"): "regular",
    ("RR", "irregular"): "not regular",
    ("QRS", "irregular"): "not regular",
    ("RATE", "irregular"): "not regular",
    ("RR", "duration"): "60000 / heart_rate {}",
    ("RATE", "size"): "heart_rate {}",
    ("RATE", "duration"): "heart_rate {}",
    ("RATE", "fast"): "heart_rate > 100",
    ("RATE", "slow"): "heart_rate < 60",
    ("RATE", "normal"): "60 <= heart_rate <= 100",
    ("ATRIAL_RATE", "size"): "atrial_rate {}",
    ("VOLTAGE", "tall"): f"{_SOKOLOW} >= 3.5",
    ("AXIS", "size"): "qrs_axis {}",
    ("AXIS", "left"): _LEFT,
    ("AXIS", "right"): _RIGHTWARD,
    ("AXIS", "normal"): "-30 <= qrs_axis <= 90",
    ("AXIS", "deviating"): "not -30 <= qrs_axis <= 90",
    ("", "axis_left"): _LEFT,
    ("", "axis_right"): _RIGHTWARD,
    ("", "axis_extreme"): _EXTREME,
    ("", "axis_normal"): "-30 <= qrs_axis <= 90",
    ("", "atrial_fibrillation_waves"): ("not p_waves and not flutter_waves", False),
    ("", "flutter_waves"): "flutter_waves",
    ("", "spikes"): "ventricular_pacing_spikes or atrial_pacing_spikes",
    ("", "ventricular_spikes"): "ventricular_pacing_spikes",
    ("", "atrial_spikes"): "atrial_pacing_spikes",
    ("", "p_before_qrs"): "p_waves",
    ("", "escape_rhythm"): ("regular and heart_rate < 60 and not p_waves", False),
    ("", "p_conducted"): "p_waves and dropped_beats == 0",
    ("", "no_p_before_qrs"): "not p_waves and not dissociated",
    ("", "dropped_qrs"): "dropped_beats >= 1 and not dissociated",
    ("", "pr_lengthens"): "dropped_beats >= 1 and pr_range > 40 and not dissociated",
    ("", "pr_at_random"): "dissociated",
    ("", "dissociated"): "dissociated",
    ("", "early_broad_beat"): "premature_broad_beats >= 1",
    ("", "early_narrow_beat"): "premature_beats > premature_broad_beats",
    ("", "early_p"): ("premature_beats > premature_broad_beats", False),
    ("", "early_beat"): "premature_beats >= 1",
    ("", "compensatory_pause"): ("premature_beats >= 1", False),
    ("", "alternating_beats"): "bigeminy and premature_broad_beats >= 3",
    ("", "every_second_early"): "bigeminy",
    ("", "couplet"): "broad_beats_in_a_row == 2",
    ("", "broad_run"): "broad_beats_in_a_row >= 3 and broad_share < 1",
    ("", "long_pause"): "longest_rr > 3000",
    ("", "pause_without_p"): ("longest_rr > 1800 and dropped_beats == 0", False),
    ("", "p_equal"): "p_waves and longest_rr - shortest_rr > 120 and premature_beats == 0",
    ("", "low_voltage_limb"): "max(qrs_mv(lead) for lead in LIMB) < 0.5",
    ("", "poor_r_progression"): 'r_mv("V3") <= 0.3',
    ("", "sokolow"): _SOKOLOW + " {}",
    ("", "p_terminal_negative"): "p_terminal_v1 >= 4",
    ("", "p_after_qrs"): ("not p_waves and not flutter_waves", False),
    ("", "p_hidden_or_after_qrs"): ("not p_waves and not flutter_waves and regular", False),
    ("", "r_shrinks"): 'r_mv("V6") < r_mv("V2") and r_mv("V4") < r_mv("V2")',
    ("", "s_over_r_to_v5"): 'r_s_ratio("V5") < 1',
    ("", "delta_wave"): ("pr < 130 and any(slurred_onset(lead) for lead in ALL)", False),
}
