"""The curve of how near each moment is to a question, on the time axis of the strip above it."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ecgclip_core.figures import theme
from ecgclip_core.figures.overlay import filled, rectangle

GAP = 3.0  # mm between strip and curve
CURVE_HEIGHT = 10.0
CURVE_BAND = GAP + CURVE_HEIGHT + 1.0
LEAST_SPAN = 2.0  # logits; less is drawn flat, since it is nothing to look at


@dataclass(frozen=True, eq=False)
class Curve:
    """How well each moment matches a question, as drawn.

    Attributes
    ----------
    times : ndarray, shape (t,)
        Seconds.
    values : ndarray, shape (t,)
        Logits; above zero a moment is nearer to the question than to its opposite.
    """

    times: np.ndarray
    values: np.ndarray

    def limits(self) -> tuple[float, float]:
        """Lowest and highest value of the scale: all values and zero, at least `LEAST_SPAN` apart."""
        low, high = min(float(self.values.min()), 0.0), max(float(self.values.max()), 0.0)
        missing = max(0.0, LEAST_SPAN - (high - low)) / 2
        return low - missing, high + missing


def curve_ground(curve: Curve, length_mm: float, top: float) -> list[dict]:
    """The white band of the curve and its zero line, as shapes.

    Parameters
    ----------
    curve : Curve
    length_mm : float
        Of the strip above.
    top : float
        Millimetres: the lower end of that strip.
    """
    zero = _height(curve, np.zeros(1), top)[0]
    line = {"color": theme.MUTED, "width": 0.8, "dash": "dot"}
    band = filled(rectangle(0, length_mm, top - GAP - CURVE_HEIGHT, top - GAP), "rgba(255,255,255,0.75)")
    return [band, {"type": "line", "x0": 0, "x1": length_mm, "y0": zero, "y1": zero, "line": line, "layer": "between"}]


def curve_trace(curve: Curve, start: float, stop: float, top: float, speed: float) -> go.Scatter:
    """The curve between two seconds of the recording; parameters as for `curve_ground` and the strip above."""
    inside = (curve.times >= start) & (curve.times <= stop)
    times, values = curve.times[inside], curve.values[inside]
    return go.Scatter(
        x=((times - start) * speed).astype(np.float32),
        y=_height(curve, values, top).astype(np.float32),
        customdata=np.stack([times, values], axis=1).astype(np.float32),
        hovertemplate="<b>match</b> %{customdata[1]:+.1f} logits<br>the second before and after "
        "%{customdata[0]:.2f} s<extra></extra>",
        mode="lines",
        line={"color": theme.ACCENT, "width": 1.8},
        name="match",
        meta="moments",
    )


def curve_words(curve: Curve, length_mm: float, top: float) -> list[dict]:
    """What the band is, left of it, and where zero lies, right of it; as annotations."""
    small = {"size": theme.SIZE_SMALL - 1}
    zero = _height(curve, np.zeros(1), top)[0]
    return [
        theme.words(-0.8, top - GAP - CURVE_HEIGHT / 2, "match", xanchor="right", font=small),
        theme.words(length_mm + 0.8, zero, "0", font=small | {"color": theme.MUTED}),
    ]


def _height(curve: Curve, values: np.ndarray, top: float) -> np.ndarray:
    low, high = curve.limits()
    return top - GAP - CURVE_HEIGHT + CURVE_HEIGHT * (values - low) / (high - low)
