"""Ask a 12-lead ECG questions in plain words, and see why the model answers as it does.

The public names are listed here once; each is imported from its room when it is first used, so that reading a
file never waits for torch.
"""

from importlib import import_module

_HOMES = {
    "ECG": "ecg.recording",
    "LEADS": "ecg.leads",
    "EcgclipError": "errors",
    "check_criteria": "findings.criteria",
    "check_quality": "ecg.quality",
    "delineate": "ecg.delineate",
    "load_model": "model.checkpoint",
    "measure": "ecg.measure",
    "read_ecg": "ecg.read",
    "red_flags": "ecg.red_flags",
    "saliency": "interpretation.saliency",
    "segment": "interpretation.clusters",
    "simulate": "simulation.simulate",
    "zero_shot": "model.zero_shot",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return __all__
