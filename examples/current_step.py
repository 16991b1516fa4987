"""Hanle precession in time and at GHz: spin injected into a wire of aluminium after a current step, and its spectrum.

A current passes from a magnet through a tunnel barrier into a long wire of Al, along z. Of the current a part P enters
as spin along m (x), diffuses, decays, and turns about the field B along the wire. With W = (mu_x + i mu_y)/e, a barrier
that lets nothing back, and l, tau, D, rho of the wire, a current j that is switched on makes at a distance z

    W(z, t) = 2 rho P j D int_0^t ds (pi D s)^{-1/2} exp(-z^2/(4 D s) - s/tau + i omega s),   omega = g mu_B B/hbar

and a current j e^{i Omega t} two circular amplitudes (mu_x +- i mu_y)/e,

    W+-(z) = 2 rho P j Lambda exp(-z/Lambda),        1/Lambda^2 = 1/l^2 + i (Omega -+ omega)/D

so that the spins far from the barrier answer most at the Larmor frequency: those that left it at each phase of the
drive meet again in phase. At a given frequency the Hanle peak splits into two, at omega = +- Omega.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad

import hanle
from hanle.materials.load import load
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.tensors import Array

AL = load("Al")
TAU = AL.lam**2 / AL.D
P, BARRIER = 0.3, 1e-10  # of the tunnel barrier: polarisation, resistance [Ohm m^2]
MAGNET, LENGTH = 20e-9, 4e-6  # [m]
J = 1e9  # [A/m^2]
B = 0.15  # [T]
LARMOR = AL.g * MU_B / HBAR


class Found(NamedTuple):
    """Largest differences from the closed forms, relative to the largest value, and what the curves show."""

    course: float  #: after the step, solved on finite elements
    spectrum: float  #: of the exact engine
    peak: float  #: frequency of the largest answer far away, over the Larmor frequency
    splitting: float  #: field of the Hanle peaks at a frequency, over hbar Omega/(g mu_B)


def main(
    distances: Sequence[float] = (0.5, 1.0, 1.5),
    times: int = 60,
    points: int = 80,
    fields: int = 161,
    pictures: Path | None = None,
) -> Found:
    """Distances from the barrier [um]; numbers of times, of frequencies and of fields."""
    z = 1e-6 * np.asarray(distances)
    t = np.linspace(0.0, 5 * TAU, times + 1)[1:]
    places = np.column_stack([0 * z, 0 * z, MAGNET + z])
    courses = {field: course(field, t, places) for field in (0.0, B)}
    exact = {field: np.array([[closed_course(x, s, field) for x in z] for s in t]) for field in courses}
    frequency = np.linspace(0.0, 3 * LARMOR * B / (2 * np.pi), points)
    spectra = {field: spectrum(field, frequency, places) for field in (0.0, B)}
    answers = {field: closed_spectrum(z, frequency, field) for field in spectra}
    tones = 1e9 * np.array([0.0, 2.0, 4.0])
    b = np.linspace(-2 * B, 2 * B, fields)
    curves = np.array([spectrum(float(x), tones, places[-1:])[:, 0, 0] for x in b])
    far = np.abs(spectra[B][:, -1, 0])
    half = b > 0
    found = Found(
        max(difference(courses[field], exact[field]) for field in courses),
        max(difference(spectra[field], answers[field]) for field in spectra),
        float(2 * np.pi * frequency[np.argmax(far)] / (LARMOR * B)),
        float(b[half][np.argmax(np.abs(curves[half, -1]))] * LARMOR / (2 * np.pi * tones[-1])),
    )
    print(f"Al: l = {1e9 * AL.lam:g} nm, tau = {1e12 * TAU:.0f} ps; Larmor frequency in {B:g} T:", end=" ")
    print(f"{1e-9 * LARMOR * B / (2 * np.pi):.2f} GHz")
    print(f"difference from the closed forms: after the step {found.course:.1e}, spectrum {found.spectrum:.1e}")
    print(f"{distances[-1]:g} um away the answer is largest at {found.peak:.2f} of the Larmor frequency;")
    print(f"at {1e-9 * tones[-1]:g} GHz the Hanle peaks are at {found.splitting:.2f} of the field of resonance")
    if pictures:
        steps = (t, distances, courses, exact)
        draw(pictures / "current_step.png", steps, (frequency, spectra, answers), (b, tones, curves))
    return found


def wire(field: float) -> hanle.Device:
    """The magnet below, the wire above, contacts at both ends."""
    up, down = ((1 + s * P) / (2 * BARRIER) for s in (1, -1))
    return hanle.Device(
        hanle.stack([("Co", MAGNET), ("Al", LENGTH)]),
        materials={"Co": "Co", "Al": "Al"},
        field=(0.0, 0.0, field),
        magnetisation={"Co": (1.0, 0.0, 0.0)},
        interfaces={"Co|Al": hanle.Circuit(up, down, 1 / BARRIER)},
        contacts={"low": ["bottom"], "high": ["top"]},
        without=("spin Hall",),
    )


def course(field: float, times: Array, places: Array) -> Array:
    """mu_s/e (times, places, 3) [V] after the current is switched on."""
    found = wire(field).transient(
        until=times[-1],
        times=times,
        current=J,
        read={"mu": (lambda r: r.spin_accumulation("Al", places), "V", "spin accumulation")},
        order=2,
        solver="direct",
        mesh_options={"cells_per_length": 6, "growth": 1.0},
    )
    return np.asarray(found.dataset.mu)


def spectrum(field: float, frequencies: Array, places: Array) -> Array:
    """Complex mu_s/e (frequencies, places, 3) [V] under an alternating current."""
    found = wire(field).solve_ac(frequency=frequencies, current=J)
    return np.asarray(found.spin_accumulation("Al", places))


def closed_course(z: float, t: float, field: float) -> Array:
    """mu_s/e (3,) of the formula at the top; s = q^2 takes the root out of the integrand."""

    def part(q: float, turned: float) -> float:
        s = q * q
        return float(np.exp(-(z**2) / (4 * AL.D * s) - s / TAU) * np.cos(LARMOR * field * s - turned))

    factor = 2 * AL.rho * P * J * AL.D * 2 / np.sqrt(np.pi * AL.D)
    scale = np.sqrt(TAU)
    across = [
        scale * quad(lambda q, a=turned: part(scale * q, a), 0, np.sqrt(t) / scale, epsabs=1e-12)[0]
        for turned in (0.0, np.pi / 2)
    ]
    return factor * np.array([*across, 0.0])


def closed_spectrum(z: Array, frequency: Array, field: float) -> Array:
    """Complex mu_s/e (frequencies, places, 3)."""
    drive = 2 * np.pi * frequency[:, None]
    turning = [1 / np.sqrt(1 / AL.lam**2 + 1j * (drive - sign * LARMOR * field) / AL.D) for sign in (1, -1)]
    plus, minus = (2 * AL.rho * P * J * length * np.exp(-z / length) for length in turning)
    return np.stack([(plus + minus) / 2, (plus - minus) / 2j, 0 * plus], axis=-1)


def difference(found: Array, expected: Array) -> float:
    """Largest difference over the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def draw(
    path: Path,
    steps: tuple[Array, Sequence[float], dict[float, Array], dict[float, Array]],
    spectra: tuple[Array, dict[float, Array], dict[float, Array]],
    hanle_curves: tuple[Array, Array, Array],
) -> None:
    """Courses and spectra (symbols from the solver, lines in closed form), and Hanle curves at some frequencies."""
    from hanle.figures import COLOURS, picture

    t, distances, found, exact = steps
    frequency, solved, closed = spectra
    b, tones, curves = hanle_curves
    with picture(path, size=(7.4, 5.8), overwrite=True) as (figure, save):
        (top, right), (bottom, last) = figure.subplots(2, 2)
        for k, (x, colour) in enumerate(zip(distances, COLOURS, strict=False)):
            for field, line in ((0.0, "--"), (B, "-")):
                top.plot(1e12 * t, 1e6 * exact[field][:, k, 0], line, color=colour)
            top.plot(1e12 * t, 1e6 * found[B][:, k, 0], "o", color=colour, markersize=3, markevery=3)
            right.plot(1e12 * t, 1e6 * exact[B][:, k, 1], color=colour, label=f"{x:g} µm")
            right.plot(1e12 * t, 1e6 * found[B][:, k, 1], "o", color=colour, markersize=3, markevery=3)
            rest = np.abs(closed[0.0][0, k, 0])
            for field, line in ((0.0, "--"), (B, "-")):
                bottom.plot(1e-9 * frequency, np.abs(closed[field][:, k, 0]) / rest, line, color=colour)
            size = np.abs(solved[B][:, k, 0]) / rest
            bottom.plot(1e-9 * frequency, size, "o", color=colour, markersize=3, markevery=3)
        for tone, values, colour in zip(tones, np.abs(curves.T), COLOURS[3:], strict=False):
            last.plot(1e3 * b, 1e6 * values, color=colour, label=f"{1e-9 * tone:g} GHz")
            for sign in (1, -1) if tone else ():
                last.axvline(
                    sign * 2e3 * np.pi * tone / LARMOR, color=colour, linewidth=0.8, linestyle=":", ymax=0.6
                )
        top.set(xlabel="time after the current step (ps)", ylabel="$\\mu_x/e$ (µV), along m")
        right.set(xlabel="time after the current step (ps)", ylabel="$\\mu_y/e$ (µV), across m and B")
        right.legend(loc="upper right", title="distance", bbox_to_anchor=(1.0, 0.66))
        larmor = 1e-9 * LARMOR * B / (2 * np.pi)
        bottom.axvline(larmor, color="0.5", linewidth=0.8, linestyle=":")
        bottom.text(larmor + 0.15, 1.12, "Larmor", color="0.35", fontsize=8.5, va="center")
        bottom.set(xlabel="frequency of the current (GHz)", ylabel="$|\\mu_x|$ relative to f = 0, B = 0")
        last.set(
            xlabel="$B$ (mT)",
            ylabel=f"$|\\mu_x|/e$ (µV), {distances[-1]:g} µm away",
            xlim=(1e3 * b[0], 1e3 * b[-1]),
        )
        last.set_ylim(0, None)
        last.legend(loc="upper right")
        for axes in (top, bottom):
            axes.plot([], [], "--", color="0.3", label="B = 0")
            axes.plot([], [], "-", color="0.3", label=f"B = {1e3 * B:g} mT")
            axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9 if axes is top else 1.0))
            axes.set_xlim(0, None)
        right.set_xlim(0, None)
        bottom.set_ylim(0, 1.2)
        for axes, name in zip((top, right, bottom, last), "abcd", strict=True):
            axes.set_title(f"({name})", loc="left")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
