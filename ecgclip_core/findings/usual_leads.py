"""Where readers look for what a sentence claims when it names no lead."""

from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS
from ecgclip_core.findings.claims import Claim

# "below 0.5 mV in the limb leads": in all of them.
IN_EVERY_LEAD = {("VOLTAGE", "low"), ("VOLTAGE", "size"), ("QRS", "low"), ("QRS", "size")}
_USUAL = {
    "P": ("II", "III", "aVF"),
    "PR": ("II", "aVF", "V4", "V5", "V6"),
    "Q": ("I", "II", "aVL", "aVF", "V2", "V3", "V4", "V5", "V6"),
    "R": ("I", "aVL", "V5", "V6"),
    "S": ("V1", "V2"),
    "T": ("I", "II", "aVL", "V2", "V3", "V4", "V5", "V6"),
    "VOLTAGE": LIMB_LEADS,
}
_ALL_BUT_AVR = tuple(lead for lead in LEADS if lead != "aVR")
_USUAL_FOR_PHRASE = {"r_over_s": ("V1",), "s_over_r": ("V5", "V6"), "rsr": ("V1", "V2"), "qs": ("V1", "V2", "V3", "V4")}


def usual_leads(claim: Claim) -> tuple[str, ...]:
    """Leads in which a claim that names none is looked for."""
    if claim.wave:
        return _USUAL.get(claim.wave, _ALL_BUT_AVR)
    return _USUAL_FOR_PHRASE.get(claim.quality, _ALL_BUT_AVR)
