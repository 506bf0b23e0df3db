"""Networks from the ``architecture`` of a checkpoint's ``config.json`` or of a recipe."""

from torch import nn

from ecgclip_core.model.merl_encoder import MerlEncoder
from ecgclip_core.model.signal_encoder import SignalEncoder
from ecgclip_core.model.space import CommonSpace


def signal_encoder_of(architecture: dict, length: int) -> nn.Module:
    """An untrained signal encoder.

    Parameters
    ----------
    architecture : dict
        ``layout``, ``widths``, ``dimensions``, and ``encoder``: "ecgclip" where left out, or "merl".
    length : int
        Samples of a window.

    Raises
    ------
    ValueError
        For an encoder that does not exist.
    """
    layout, widths = architecture["layout"], tuple(architecture["widths"])
    kind = architecture.get("encoder", "ecgclip")
    if kind == "ecgclip":
        return SignalEncoder(layout, widths)
    if kind == "merl":
        return MerlEncoder(layout, widths, architecture["dimensions"], length)
    raise ValueError(f"no signal encoder {kind!r}; there are ecgclip and merl")


def space_of(architecture: dict, text_width: int, length: int) -> CommonSpace:
    """An untrained signal encoder with both projections; parameters as of `signal_encoder_of`."""
    return CommonSpace(
        signal_encoder_of(architecture, length), text_width, architecture["dimensions"], architecture.get("text_hidden")
    )
