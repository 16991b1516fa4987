"""A measured Hanle curve and its fit: spin diffusion length, lifetime and polarisation of a lateral valve.

    lambda, tau_s = lambda^2/D, P        what is sought
    R(B) = V/I of the detector           parallel (P) and antiparallel (AP) strips, field along z and oblique

The "measurement" is a 2D device: a copper channel, permalloy strips behind tunnel contacts, swept over fields of both
signs in both states, with Gaussian noise added. The fit takes the 1D formula (Takahashi and Maekawa, 2003, with
complex lengths; contacts are points), the exact solution of the 1D problem in any field, a curve in about a
millisecond: `scipy.optimize.curve_fit` is done within the time of one finite element solve. Its three numbers come out
within their error bars and the per cent by which strips of 20 nm differ from points.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import curve_fit

import hanle
from hanle.materials.load import material
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.nonlocal_valve import Channel, magnetic_contact, nonlocal_resistance
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.tensors import Array, unit

if TYPE_CHECKING:
    from xarray import DataArray

NM = 1e-9
DISTANCE, LEAD, WIDTH = 400 * NM, 500 * NM, 20 * NM  # between strips, beyond them, of a strip [m]
CHANNEL, STRIP = 50 * NM, 20 * NM  # thicknesses [m]
CONTACT, POLARISATION = 1e-13, 0.35  # [Ohm m^2]
#: Directions of the field: across the plane, and tilted towards the strips.
DIRECTIONS = {"z": (0.0, 0.0, 1.0), "oblique": (0.0, 0.6, 0.8)}
#: Standard deviation of the noise, relative to R at B = 0.
NOISE = 0.01
COPPER: Any = material("Cu", "Cu")
PERMALLOY: Any = material("Py", "Py")
TRUE = np.array([COPPER.lam, COPPER.tau_s, POLARISATION])
NAMES, UNITS = ("lambda", "tau_s", "P"), ("nm", "ps", "")
SCALES = np.array([1e-9, 1e-12, 1.0])
#: Where the fit begins [nm, ps, 1].
START = (500.0, 10.0, 0.2)


class Found(NamedTuple):
    """What the fits give, relative to the truth."""

    deviation: Array  #: (directions, 3): found/true - 1 of lambda, tau_s, P
    error: Array  #: (directions, 3) standard errors, relative
    seconds: float  #: of one curve of the formula


def main(fields: Sequence[float] = tuple(np.linspace(-1.2, 1.2, 25)), pictures: Path | None = None) -> Found:
    """Sweep the device over `fields` [T] along each direction and fit."""
    random = np.random.default_rng(1)
    curves, fits = {}, {}
    for name, direction in DIRECTIONS.items():
        exact = measured(direction, fields)
        data = exact + random.normal(0.0, NOISE * float(abs(exact).max()), exact.shape)
        curves[name], fits[name] = data, fit(np.asarray(fields), direction, data.values)
        for title, unit_name, scale, value, sigma, true in zip(
            NAMES, UNITS, SCALES, *fits[name], TRUE, strict=True
        ):
            print(f"{name:8s} {title:7s} {value / scale:8.4g} +- {sigma / scale:.2g} {unit_name} "
                  f"(true: {true / scale:.4g})")  # fmt: skip
    seconds = duration(np.asarray(fields))
    print(f"one curve of the formula: {1e3 * seconds:.2f} ms")
    if pictures:
        draw(pictures / "hanle_fit.png", np.asarray(fields), curves, fits)
    values, errors = (np.array([one[k] for one in fits.values()]) for k in (0, 1))
    return Found(values / TRUE - 1, errors / TRUE, seconds)


def measured(direction: Sequence[float], fields: Sequence[float]) -> "DataArray":
    """Nonlocal resistance (state, field) [Ohm m] of the 2D device, P and AP."""
    strips = [("F1", -DISTANCE / 2, WIDTH, STRIP), ("F2", DISTANCE / 2, WIDTH, STRIP)]
    permalloy = {"like": "Py", "polarisation": POLARISATION, "anisotropy": 0}
    contact = hanle.Circuit.from_resistance(CONTACT, POLARISATION, 0.5 / CONTACT)
    device = hanle.Device(
        hanle.strips(DISTANCE + 2 * LEAD, [("Cu", CHANNEL)], strips),
        {"Cu": "Cu", "F1": permalloy, "F2": permalloy},
        field=direction,
        magnetisation={"F1": (0, 1, 0), "F2": (0, 1, 0)},
        interfaces={"Cu|F1": contact, "Cu|F2": contact},
    )
    found = hanle.sweep(
        device,
        field=fields,
        angle=hanle.angles("alpha", [90, -90]),
        rotate="F2",
        wiring={"F1": "1 A/m", "left": "ground"},
        read={"R": (lambda result: result.resistance("F2", "right"), "Ohm m", "nonlocal resistance")},
    )
    return found.R.squeeze("temperature").transpose("angle", "field")


def model(b: Array, direction: Sequence[float], lam: float, tau: float, polarisation: float) -> Array:
    """The formula: R (2 states, fields) [Ohm m] per width of the channel."""
    axis = unit(direction)
    across = transverse_length(lam, 2 * MU_B / HBAR * b, lam**2 / tau)
    channel = Channel(COPPER.rho, CHANNEL, DISTANCE, lam, across, axis, LEAD, LEAD)
    magnet = PERMALLOY.rho * PERMALLOY.lam / WIDTH
    up, down = (
        magnetic_contact((0, sign, 0), CONTACT / WIDTH, polarisation, magnet, POLARISATION, WIDTH / CONTACT)
        for sign in (1, -1)
    )
    return np.stack([nonlocal_resistance(channel, up, detector) for detector in (up, down)])


def fit(b: Array, direction: Sequence[float], data: Array) -> tuple[Array, Array]:
    """(values, standard errors) of lambda [m], tau_s [s], P from both states at once."""

    # Unknowns and data of order one: in SI the data are 1e-12, and curve_fit would take its start for the answer.
    size = np.abs(data).max()

    def scaled(b: Array, lam: float, tau: float, polarisation: float) -> Array:
        return model(b, direction, lam * SCALES[0], tau * SCALES[1], polarisation).ravel() / size

    found, covariance = curve_fit(scaled, b, data.ravel() / size, p0=START, bounds=(0, [1e4, 1e4, 0.99]))
    return found * SCALES, np.sqrt(np.diag(covariance)) * SCALES


def duration(b: Array) -> float:
    """Seconds for one curve of the formula, both states."""
    start, repeats = time.perf_counter(), 20
    for _ in range(repeats):
        model(b, DIRECTIONS["z"], *TRUE)
    return (time.perf_counter() - start) / repeats


def draw(path: Path, b: Array, curves: dict[str, "DataArray"], fits: dict[str, tuple[Array, Array]]) -> None:
    """Data and fit, one panel for each direction of the field."""
    from hanle.figures import COLOURS, picture

    fine = np.linspace(b.min(), b.max(), 241)
    with picture(path, size=(7.0, 2.9), overwrite=True) as (figure, save):
        panels = figure.subplots(1, len(curves), sharey=True)
        for axes, (name, data), (values, _) in zip(panels, curves.items(), fits.values(), strict=True):
            lines = model(fine, DIRECTIONS[name], *values)
            for k, state in enumerate(("parallel", "antiparallel")):
                axes.plot(b, 1e9 * data[k], "o", color=COLOURS[k], markersize=3.6, label=state)
                axes.plot(fine, 1e9 * lines[k], color=COLOURS[k], linewidth=1.2)
            axes.set(xlabel="magnetic field (T)", title=f"B along {name}" if len(name) == 1 else f"{name} field")
        panels[0].set_ylabel("nonlocal resistance (nΩ m)")
        panels[0].legend()
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
