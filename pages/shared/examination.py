"""What is measured in the recording in hand, without any model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from ecgclip_core.ecg.beats import MedianBeat, median_beat
from ecgclip_core.ecg.delineate import delineate
from ecgclip_core.ecg.measure import Measurements, measure
from ecgclip_core.ecg.quality import QualityRemark, check_quality
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.red_flags import RedFlag, red_flags
from pages.shared.in_hand import InHand, remembered


@dataclass(frozen=True)
class Examination:
    """Measurements, what hinders them, what must not be missed, the median beat, and where the waves are."""

    measurements: Measurements
    quality: list[QualityRemark]
    flags: list[RedFlag]
    beat: MedianBeat | None
    waves: pd.DataFrame


def examined(hand: InHand) -> Examination:
    """The examination of the recording in hand, worked out once."""
    if hand.private:
        return remembered(("examined",), lambda: _examine(hand.ecg))
    return _examined_bundled(hand.origin, hand.key, hand.ecg)


def wave_names(hand: InHand) -> np.ndarray:
    """What the pointer says of each sample of each lead, shape (12, n)."""
    from ecgclip_core.interpretation.waves import wave_labels

    samples, rate = hand.ecg.signal.shape[1], hand.ecg.sampling_rate
    names = np.array(["", "P wave", "QRS complex", "T wave"], dtype=object)
    return remembered(("wave names",), lambda: names[wave_labels(examined(hand).waves, samples, rate)])


@st.cache_resource(max_entries=256, show_spinner=False)
def _examined_bundled(origin: str, key: str, _ecg: ECG) -> Examination:
    return _examine(_ecg)


def _examine(ecg: ECG) -> Examination:
    measurements = measure(ecg)
    return Examination(measurements, check_quality(ecg), red_flags(ecg, measurements), median_beat(ecg), delineate(ecg))
