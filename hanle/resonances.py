"""Spectra of ferromagnetic resonance: rectified voltages against field or frequency (ST-FMR, spin pumping).

An alternating current, or a microwave field, turns a magnet; what is read is the mean over a period: the resistance
that m modulates times the current, and what pumping rectifies. Near a resonance

    V(x) = [S d^2 + A d (x - x_0)]/[(x - x_0)^2 + d^2] + C,        x = B at fixed frequency, or the frequency at fixed B

S from torques across the field-like axis and from pumping, A from field-like ones; d is the half width at half maximum,
d = alpha omega/gamma in B for a film in a field in its plane.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.course import Instant
from hanle.device import Device
from hanle.macrospins import Macrospin
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError, UserCodeError
from hanle.pde.macrospin_linear import Lorentzians, lorentzians
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array, unit
from hanle.profiles import varies
from hanle.small_motions import SmallMotions, small_angles

if TYPE_CHECKING:
    import xarray

#: What is read, its SI unit and a title.
Reading = tuple[Callable[[Instant], ArrayLike], str] | tuple[Callable[[Instant], ArrayLike], str, str]
FIELD, FREQUENCY = "field", "frequency"


def _along_x(result: Instant) -> float:
    return float(np.ravel(result.electric_field)[0])


FILM_FIELD: Reading = (_along_x, "V/m", "mean field along x")


@dataclass(frozen=True, eq=False, repr=False)
class ResonanceSpectrum:
    """Rectified read-outs over fields and frequencies.

    Attributes:
        fields: |B| along the direction, with its sign (n,) [T].
        frequencies: (k,) [Hz].
        values: (k, n) mean of the read-out less that at rest.
        modes: (n,) frequency of the least damped mode at each field [Hz]; NaN where none precesses.
        half_widths: (n,) -Re lambda/(2 pi) of that mode: half width in frequency [Hz].
        rest: magnet -> direction at rest (n, 3).
        units, title: of the values.
    """

    fields: Array
    frequencies: Array
    values: Array
    modes: Array
    half_widths: Array
    rest: Mapping[str, Array]
    units: str
    title: str

    def __repr__(self) -> str:
        return f"<ResonanceSpectrum: {len(self.frequencies)} frequencies, {len(self.fields)} fields>"

    def lorentzians(self, *, frequency: Any = None, field: Any = None) -> Lorentzians:
        """Symmetric and antisymmetric part of the resonance against field at one frequency, or the other way round.

        Args:
            frequency: one of those of the scan; may be left out where there is one.
            field: one of the fields of the scan, against frequency; only where no frequency is named.

        Raises:
            InputError: both or none are named where there are several, or fewer than six points.
        """
        if field is None and frequency is None:
            if 1 not in self.values.shape:
                raise InputError("lorentzians", "asked at a frequency or a field", "a map of both")
            line = len(self.frequencies) == 1
            return self._fitted(self.fields if line else self.frequencies, self.values.ravel())
        if (field is None) == (frequency is None):
            raise InputError("lorentzians", "asked at a frequency or at a field", (frequency, field))
        if field is None:
            row = _nearest(self.frequencies, parse(frequency, "frequency", "frequency"), "frequency")
            return self._fitted(self.fields, self.values[row])
        column = _nearest(self.fields, parse(field, "magnetic field", "field"), "field")
        return self._fitted(self.frequencies, self.values[:, column])

    @property
    def dataset(self) -> "xarray.Dataset":
        """`rectified` over frequency and field, the frequency and half width of the mode and m at rest over field."""
        import xarray

        axes = {
            FREQUENCY: (FREQUENCY, self.frequencies, {"units": "Hz", "long_name": "frequency"}),
            FIELD: (FIELD, self.fields, {"units": "T", "long_name": "magnetic field"}),
            "magnet": list(self.rest),
            "component": list("xyz"),
        }
        m = np.stack(list(self.rest.values()), axis=1)
        notes = {"units": "Hz", "long_name": "frequency of the least damped mode"}
        width = {"units": "Hz", "long_name": "half width of the least damped mode"}
        variables = {
            "rectified": ((FREQUENCY, FIELD), self.values, {"units": self.units, "long_name": self.title}),
            "mode": (FIELD, self.modes, notes),
            "half_width": (FIELD, self.half_widths, width),
            "m": ((FIELD, "magnet", "component"), m, {"units": "1", "long_name": "direction at rest"}),
        }
        return xarray.Dataset(variables, axes)

    def _fitted(self, x: Array, v: Array) -> Lorentzians:
        if len(x) < 6:
            raise InputError("field, frequency", "at least six points through the resonance", len(x))
        # The steepest place lies within the line; its width is guessed from where half of the signal is left.
        size = np.abs(v - np.median(v))
        centre = float(x[int(np.argmax(size))])
        near = x[size > size.max() / 2]
        guess = max(float(np.ptp(near)) / 2, float(np.abs(np.diff(x)).min()))
        return lorentzians(x, v, (centre, guess))


def ferromagnetic_resonance(
    device: Device,
    *,
    magnets: Mapping[str, Macrospin],
    field: Sequence[Any] | Any,
    frequency: Sequence[Any] | Any,
    read: Reading = FILM_FIELD,
    along: ArrayLike | None = None,
    microwave: Mapping[str, Any] | None = None,
    steady: Mapping[str, Any] | None = None,
    engine: str = "auto",
    order: int | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    progress: bool = False,
    **drive: Any,
) -> ResonanceSpectrum:
    """Rectified read-outs against the applied field and the frequency.

    Args:
        magnets: region -> `hanle.Macrospin` without a field of its own; the scan sets it.
        field: B along the direction [T or strings], one or several; each settles from the state at the one before.
        frequency: one or several ["9 GHz"].
        read: (function of the transport, unit, title); default the field E_x of a film. The transport knows its drives
            and how m moves.
        along: direction of B (3,); default that of the field of the device.
        microwave: {magnet: B (3,)}, amplitude of an alternating field on one magnet, or
        drive: the keyword current, current_density or wiring of `hanle.solve`: amplitude of one alternating drive.
        steady: current, current_density or wiring that flows at all times.
        engine, order, mesh_options: as in `hanle.solve`.
        progress: show a bar.

    Raises:
        InputError: no direction, a frequency that is not positive, a magnet with a field of its own, neither or both of
            microwave and drive.
        SolveError: no state at rest at a field.
    """
    from tqdm import tqdm

    for name, given in magnets.items():
        if given.field is not None:
            raise InputError(f"magnets.{name}.field", "left out: the scan sets it", given.field)
    fields, frequencies = _several(field, "magnetic field", "field"), _several(frequency, "frequency", "frequency")
    if not np.all(frequencies > 0):
        raise InputError("frequency", "positive [Hz]", frequencies.tolist())
    direction = _direction(device, along)
    ask = _asked(read[0])
    options: dict[str, Any] = {"engine": engine, "order": order, "mesh_options": mesh_options}
    found, modes, rest = [], [], []
    moving = dict(magnets)
    for b in tqdm(fields, desc="resonance", unit="field", disable=None if progress else True):
        state = small_angles(
            device.with_changes(field=b * direction), magnets=moving, **dict(steady or {}), **options
        )
        found.append([state.rectified(f, ask, field=microwave, **drive) for f in frequencies])
        modes.append(_mode(state))
        rest.append(state.m)
        moving = {name: replace(given, begin=state.m[name]) for name, given in magnets.items()}
        mesh = state.moved.at_rest.mesh
        if isinstance(mesh, TaggedMesh):
            options |= {"mesh": mesh, "mesh_options": None}
    return ResonanceSpectrum(
        fields,
        frequencies,
        np.asarray(found).reshape(len(fields), len(frequencies)).T,
        np.array([frequency for frequency, _ in modes]),
        np.array([width for _, width in modes]),
        {name: np.array([m[name] for m in rest]) for name in magnets},
        read[1],
        read[2] if len(read) == 3 else "rectified",
    )


def _mode(state: SmallMotions) -> tuple[float, float]:
    """(frequency, half width) of the least damped mode that precesses [Hz]."""
    turning = state.rates[state.rates.imag > 0]
    return (turning[0].imag / (2 * np.pi), -turning[0].real / (2 * np.pi)) if len(turning) else (np.nan, np.nan)


def _asked(read: Callable[[Instant], ArrayLike]) -> Callable[[Instant], ArrayLike]:
    def number(result: Instant) -> ArrayLike:
        found = np.asarray(read(result), dtype=float)
        if found.size != 1:
            raise UserCodeError(f"read: must give one number; instead gave an array of shape {found.shape}")
        return found.reshape(())

    return number


def _several(given: Sequence[Any] | Any, dimension: str, key: str) -> Array:
    values = [given] if isinstance(given, str) or np.ndim(given) == 0 else list(given)
    if not values:
        raise InputError(key, "at least one value", given)
    return np.array([parse(value, dimension, f"{key}[{n}]") for n, value in enumerate(values)])


def _direction(device: Device, along: ArrayLike | None) -> Array:
    if along is None and varies(device.field, 3):
        raise InputError("along", "given where the field of the device varies in space", "nothing")
    direction = np.asarray(device.field if along is None else along, dtype=float)
    if direction.shape != (3,) or not np.any(direction):
        raise InputError("along", "a direction (3,)", direction.tolist(), "e.g. along=(1, 1, 0)")
    return unit(direction)


def _nearest(values: Array, wanted: float, key: str) -> int:
    place = int(np.argmin(np.abs(values - wanted)))
    if abs(values[place] - wanted) > 1e-9 * abs(wanted):
        raise InputError(key, f"one of the scan: {', '.join(f'{v:.6g}' for v in values)}", wanted)
    return place
