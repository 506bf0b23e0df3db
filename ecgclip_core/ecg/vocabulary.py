"""The names of the facts that a criterion may use: what each is, in what unit, and how to say it.

``docs/criteria.md`` defines each in full; a test holds the two together.
"""

from dataclasses import dataclass

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, PRECORDIAL_LEADS

YES_OR_NO = "yes or no"


@dataclass(frozen=True)
class Name:
    """What one name stands for.

    Attributes
    ----------
    label : str
        What a reader calls it, e.g. ``"QRS"``.
    unit : str
        Of the value; `YES_OR_NO` for a truth, "" for a plain number.
    lowest : float
        No value can lie below, whether it could be measured or not.
    decimals : int
        How many are worth showing.
    """

    label: str
    unit: str
    lowest: float = float("-inf")
    decimals: int = 0

    @property
    def is_truth(self) -> bool:
        """Whether it holds or does not, rather than having a size."""
        return self.unit == YES_OR_NO


RECORDING_FACTS = {
    "heart_rate": Name("heart rate", "bpm", 0),
    "atrial_rate": Name("atrial rate", "bpm", 0),
    "rr_irregularity": Name("RR irregularity", "%", 0),
    "longest_rr": Name("longest RR", "ms", 0),
    "shortest_rr": Name("shortest RR", "ms", 0),
    "pr": Name("PR", "ms", 0),
    "pr_range": Name("PR range", "ms", 0),
    "qrs": Name("QRS", "ms", 0),
    "qt": Name("QT", "ms", 0),
    "qtc": Name("QTc", "ms", 0),
    "p_duration": Name("P duration", "ms", 0),
    "p_axis": Name("P axis", "°"),
    "qrs_axis": Name("QRS axis", "°"),
    "t_axis": Name("T axis", "°"),
    "qrs_t_angle": Name("angle between QRS and T axis", "°", 0),
    "p_terminal_v1": Name("terminal P in V1", "mV·ms", 0, 1),
    "transition": Name("chest lead of the R/S transition:", "", 0),
    "premature_beats": Name("premature beats", "", 0),
    "premature_broad_beats": Name("premature broad beats", "", 0),
    "dropped_beats": Name("P waves without QRS", "", 0),
    "broad_beats_in_a_row": Name("broad beats in a row", "", 0),
    "broad_share": Name("share of broad beats", "", 0, 2),
    "age": Name("age", "years", 0),
    "male": Name("male", YES_OR_NO),
    "female": Name("female", YES_OR_NO),
    "p_waves": Name("P waves before the QRS", YES_OR_NO),
    "any_p_waves": Name("P waves", YES_OR_NO),
    "dissociated": Name("P waves independent of the QRS", YES_OR_NO),
    "flutter_waves": Name("flutter waves", YES_OR_NO),
    "regular": Name("RR regular", YES_OR_NO),
    "bigeminy": Name("every second beat premature", YES_OR_NO),
    "ventricular_pacing_spikes": Name("pacing spikes before the QRS", YES_OR_NO),
    "atrial_pacing_spikes": Name("pacing spikes before the P wave", YES_OR_NO),
}

LEAD_FACTS = {
    "p_mv": Name("P", "mV", decimals=2),
    "p_positive_mv": Name("positive part of P", "mV", 0, 2),
    "p_negative_mv": Name("negative part of P", "mV", 0, 2),
    "q_mv": Name("Q", "mV", 0, 2),
    "r_mv": Name("R", "mV", 0, 2),
    "s_mv": Name("S", "mV", 0, 2),
    "r2_mv": Name("R'", "mV", 0, 2),
    "qrs_mv": Name("QRS peak to peak", "mV", 0, 2),
    "j_mv": Name("J point", "mV", decimals=2),
    "st60_mv": Name("ST at J+60", "mV", decimals=2),
    "t_mv": Name("T", "mV", decimals=2),
    "t_positive_mv": Name("positive part of T", "mV", 0, 2),
    "t_negative_mv": Name("negative part of T", "mV", 0, 2),
    "pr_segment_mv": Name("PR segment", "mV", decimals=2),
    "st_limit": Name("limit of the J point", "mV", 0, 2),
    "p_ms": Name("P duration", "ms", 0),
    "q_ms": Name("Q duration", "ms", 0),
    "r_ms": Name("R duration", "ms", 0),
    "s_ms": Name("S duration", "ms", 0),
    "r2_ms": Name("R' duration", "ms", 0),
    "r_peak_ms": Name("R peak time", "ms", 0),
    "r_s_ratio": Name("R/S", "", 0, 2),
    "qs": Name("QS complex", YES_OR_NO),
    "notched": Name("notched or slurred QRS", YES_OR_NO),
    "slurred_onset": Name("slurred beginning of the QRS", YES_OR_NO),
}

GROUPS = {
    "LIMB": LIMB_LEADS,
    "PRECORDIAL": PRECORDIAL_LEADS,
    "INFERIOR": ("II", "III", "aVF"),
    "LATERAL": ("I", "aVL", "V5", "V6"),
    "HIGH_LATERAL": ("I", "aVL"),
    "ANTERIOR": ("V1", "V2", "V3", "V4"),
    "SEPTAL": ("V1", "V2"),
    "ALL": LEADS,
}

# Contiguous leads: the frontal plane in Cabrera's order, the chest from right to left.
CONTIGUOUS = (
    *(("aVL", "I"), ("II", "aVF"), ("aVF", "III")),
    *(("V1", "V2"), ("V2", "V3"), ("V3", "V4"), ("V4", "V5"), ("V5", "V6")),
)
