"""What a recording may be: sizes, rates and durations beyond which a file is refused before it is read."""

import math

from ecgclip_core.errors import RecordingError

MAX_BYTES = 20_000_000  # all files of one recording together
MIN_SAMPLING_RATE = 50.0  # Hz; below, a QRS complex falls between the samples
MAX_SAMPLING_RATE = 20_000.0  # Hz
MIN_DURATION = 1.0  # s
MAX_DURATION = 30 * 60.0  # s


def check_sampling_rate(name: str, rate: float) -> None:
    """Raise `RecordingError` unless the rate (Hz) is one at which ECGs are recorded."""
    if not math.isfinite(rate) or not MIN_SAMPLING_RATE <= rate <= MAX_SAMPLING_RATE:
        raise RecordingError(
            f"{name}: a sampling rate of {rate:g} Hz is not one of an ECG "
            f"({MIN_SAMPLING_RATE:g} to {MAX_SAMPLING_RATE:g} Hz). Correct it in the file."
        )


def check_duration(name: str, samples: int, rate: float) -> None:
    """Raise `RecordingError` where a recording is too short to hold a heart beat, or too long for a page."""
    seconds = samples / rate
    if seconds < MIN_DURATION:
        raise RecordingError(
            f"{name} lasts {seconds:.2g} s ({samples} samples at {rate:g} Hz): too short to hold a whole heart beat. "
            f"At least {MIN_DURATION:g} s are needed, 10 s are usual."
        )
    if seconds > MAX_DURATION:
        raise RecordingError(
            f"{name} lasts {seconds / 60:.0f} minutes; recordings of up to {MAX_DURATION / 60:.0f} minutes are read. "
            "Cut out the part of interest."
        )


def check_size(name: str, size: int) -> None:
    """Raise `RecordingError` where the files of one recording are larger than any short 12-lead ECG."""
    if size > MAX_BYTES:
        raise RecordingError(
            f"{name} has {size / 1e6:.0f} MB; recordings of up to {MAX_BYTES / 1e6:.0f} MB are read. "
            "Cut out the part of interest."
        )
