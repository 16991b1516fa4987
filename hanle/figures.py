"""What all pictures share: axes with SI prefixes, colours, style, saving. No pyplot, so no global state is left."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.output import named, target, whole_file

#: Okabe and Ito, 2008: told apart with any colour vision. Black last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (5, 1.5, 1.2, 1.5)))
#: Fills for layers: light, neutral, distinct next to each other.
FILLS = ("#f1ead8", "#e3e9ef", "#ece4ec", "#e4efe3")

SUFFIXES = (".png", ".pdf", ".svg")

#: A part of a device that begins so many times its extent from 0 is counted from where it begins.
FAR = 5.0

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "savefig.dpi": 220,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.08,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_TAKES_PREFIX = {"m", "V", "A", "Ohm", "S", "T", "s", "Hz", "J", "W", "N", "C", "K"}
_SIGNS = {"alpha": "α", "beta": "β", "gamma": "γ", "mu": "μ", "rho": "ρ", "->": "→", "-": "−"}
_SUPERSCRIPT = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")


@dataclass(frozen=True)
class Picture:
    """A picture on disk.

    Attributes:
        path: the file.
        renderer: "matplotlib" or "pyvista".
        z_scale: by how much z is stretched against the other axes; 1 where it is not.
        texts: every text on the picture.
    """

    path: Path
    renderer: str
    z_scale: float
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Scale:
    """How a quantity is shown: SI value x `factor`, in `unit`."""

    factor: float
    unit: str

    def label(self, title: str) -> str:
        """Axis label: the title and, in parentheses, the unit."""
        return f"{title} ({self.unit})" if self.unit else title

    def text(self, value: float) -> str:
        """A value in SI as text: three digits and the unit."""
        if value == 0:
            return "0"
        shown = value * self.factor
        digits = max(0, 2 - int(np.floor(np.log10(abs(shown)))))
        number = f"{shown:.{digits}f}"
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return f"{number} {self.unit}".rstrip().replace("-", "−")


def scale_for(values: ArrayLike, unit: str) -> Scale:
    """The prefix (for simple units) or the power of ten (for quotients and bare numbers) that suits some values.

    Args:
        values: in SI; NaN is ignored.
        unit: as in the attributes `units`: "V", "Ohm m", "A/m^2", "1".
    """
    sizes = np.abs(np.asarray(values, dtype=float))
    largest = float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))
    if unit == "rad":
        return Scale(180 / np.pi, "°")
    head = re.match(r"[A-Za-z]+", unit)
    if head and head[0] in _TAKES_PREFIX and "/" not in unit and "^" not in unit:
        # 0.8 reads better than 800, and nobody thinks of layers in picometres.
        power = 3 * int(np.floor(np.log10(largest / 0.75) / 3)) if largest > 0 else 0
        lowest = -9 if head[0] == "m" and largest > 1e-11 else min(_PREFIXES)
        highest = 0 if head[0] == "K" else max(_PREFIXES)
        power = int(np.clip(power, lowest, highest))
        return Scale(10.0**-power, _PREFIXES[power] + pretty(unit))
    shown = "" if unit == "1" else pretty(unit)
    power = int(np.floor(np.log10(largest * (1 + 1e-9)))) if largest > 0 else 0
    if -2 < power < 4:
        return Scale(1.0, shown)
    return Scale(10.0**-power, f"10{str(power).translate(_SUPERSCRIPT)} {shown}".rstrip())


@dataclass(frozen=True)
class Span:
    """An axis along which a part of a device is shown: (position - `origin`) x `factor`, with its label.

    Attributes:
        origin: 0, or where the part begins if that is far from 0 [m].
    """

    origin: float
    factor: float
    label: str

    def shown(self, position: Any) -> Any:
        """Where a position [m] is drawn."""
        return self.factor * (position - self.origin)


def span_of(spans: Iterable[tuple[float, float]], name: str) -> Span:
    """The axis for what lies between some ends [m]; a film on a thick substrate is counted from where it begins."""
    ends = np.array(list(spans))
    low, high = float(ends.min()), float(ends.max())
    origin = 0.0
    if abs(low) > FAR * (high - low):
        # A face, not the end of a substrate that was cut short.
        origin = float(ends[0, 1] if len(ends) > 1 else low)
    scale = scale_for(ends - origin, "m")
    begins = f" {'−' if origin > 0 else '+'} {scale_for(origin, 'm').text(abs(origin))}" if origin else ""
    return Span(origin, scale.factor, scale.label(f"{name}{begins}"))


def symbols(text: str) -> str:
    """Text with Greek letters, arrows and minus signs, the short index of a symbol ("rho_L") set as a subscript."""
    for word, sign in _SIGNS.items():
        text = re.sub(rf"(?<![^\W_]){word}(?![^\W_])", sign, text)
    return re.sub(r"(?<=[^\W_])_([A-Za-z0-9]{1,2})\b", r"$_{\\mathrm{\1}}$", text)


def pretty(unit: str) -> str:
    """A unit as printed: Ω, superscripts, degree sign."""
    unit = re.sub(r"^1/(\w+)$", r"\1^-1", unit)
    text = re.sub(r"\^?([-+]?\d+)", lambda found: found[1].translate(_SUPERSCRIPT), unit)
    return text.replace("Ohm", "Ω").replace("deg", "°")


@contextmanager
def picture(
    path: str | os.PathLike[str], *, size: tuple[float, float], overwrite: bool, write: bool = True
) -> Iterator[tuple[Any, Callable[..., Picture]]]:
    """(figure, save): an empty matplotlib figure in our style, `size` in inches, and what writes it to `path`.

    `save(renderer=..., z_scale=...)` returns the Picture. `write`: whether this process writes the file.

    Raises:
        InputError: the ending is none of SUFFIXES, or the file exists and may not be replaced.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    goal = target(path, SUFFIXES, overwrite=overwrite) if write else named(path, SUFFIXES)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)

        def save(renderer: str = "matplotlib", z_scale: float = 1.0) -> Picture:
            if write:
                with whole_file(goal) as draft:
                    figure.savefig(draft)
            else:
                figure.draw_without_rendering()
            return Picture(goal, renderer, z_scale, _texts(figure))

        yield figure, save


def _texts(figure: Any) -> tuple[str, ...]:
    from matplotlib.text import Text

    found = (item.get_text() for item in figure.findobj(Text) if item.get_visible())
    return tuple(dict.fromkeys(text for text in found if text))


def limits(values: ArrayLike, margin: float = 0.06) -> tuple[float, float]:
    """Ends of an axis that holds some values with a margin; a constant gets a range of its own size."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    room = margin * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room
