"""Time-resolved spin Seebeck effect: Pt on YIG after its surface is heated, and its spectrum up to 100 GHz.

From t = 0 on heat q enters the top of Pt, the bottom of YIG stays at T_0, m = +y, Pt is open; its field E is a measure
of the spin current from YIG. Four things happen, each in its own time:

    C_m/G_mp                    magnons come to the temperature of their lattice, so that the gradient drives spin
    d^2/D_p                     heat comes through the film of thickness d, D_p = kappa_p/C_p
    4 d^2/(pi^2 D_m)            magnons crowd until they stop what heat drives, D_m = sigma_m/(2 e^2 dn/dmu)
    lambda_m^2/D_m              they relax

In a film thinner than lambda_m the last one is too slow: E shoots over and almost vanishes. The steady effect of such a
film says little of what is seen at GHz, and the overshoot tells how long magnons last. With magnons that relax within
less than d (as is claimed for short distances) E goes up and stays.

Checked by admittances of the layers, with R + s C for what they lose and store: s = i omega is the AC response, the
rates at which courses decay are poles at s < 0 (the slowest is below 1 over the third time: magnons drag heat along).
The Fourier transform of the course is the AC response.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

import hanle
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.gas import capacities
from hanle.boundary.magnons.linear import linear
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.figures import COLOURS, picture
from hanle.materials.load import numbers
from hanle.pde.closed_forms.seebeck_stack import exchange_form
from hanle.pde.constants import E_CHARGE, MU_B
from hanle.pde.tensors import Array

T0, B, MIXING = 300.0, 0.01, 4.1e18  # [K], [T], [1/m^2]
YIG, PT, HEAT = 200e-9, 5e-9, 1e7  # [m], [m], [W/m^2]
WIRING = {"top": f"{HEAT} W/m^2"}
LENGTHS = {"9.4 um": "$\\lambda_m$ = 9.4 µm", "50 nm": "$\\lambda_m$ = 50 nm"}
FIRST, LAST = 1e-12, 1e-6  # [s]
LONG = "9.4 um"
TAIL = 1e-7, 2e-7  # where the slowest rate of long magnons is left alone [s]
LATTICE = "lattice_heat_capacity"
OF_PT = ("electron_heat_conductivity", "lattice_heat_conductivity", "electron_lattice_coupling", LATTICE)


class Found(NamedTuple):
    """What the courses are checked by, and what they show."""

    spectrum: float  #: largest difference of the AC response from the closed form, over its largest value
    course: float  #: the same of the transformed course from the AC response
    end: float  #: rate at which the end of the course decays, over the pole of the closed form
    overshoot: float  #: largest over steady E where magnons last
    short: float  #: the same where they do not


def main(times: int = 240, points: int = 60, pictures: Path | None = None) -> Found:
    """Follow both films, transform, compare; numbers of times and of frequencies."""
    t, frequencies = np.geomspace(FIRST, LAST, times), np.geomspace(1e5, 1e11, points)
    courses = {length: course(length, t) for length in LENGTHS}
    heated = {n: device(n).solve_ac(frequency=frequencies, wiring=WIRING) for n in LENGTHS}
    spectra = {n: np.asarray(result.wire_field("Pt")) for n, result in heated.items()}
    inside = (frequencies > 20 / (2 * np.pi * LAST)) & (frequencies < 0.02 / (2 * np.pi * FIRST))
    transformed = {n: transform(t, e, frequencies[inside]) for n, (e, _) in courses.items()}
    sizes = {n: float(np.abs(s).max()) for n, s in spectra.items()}
    exact = {n: np.array([closed(n, 2j * np.pi * f) for f in frequencies]) for n in LENGTHS}
    steady = {n: float(device(n).solve(wiring=WIRING).wire_field("Pt")) for n in LENGTHS}
    over = {n: float(np.abs(e).max() / abs(steady[n])) for n, (e, _) in courses.items()}
    late = (t > TAIL[0]) & (t < TAIL[1])
    fitted = -float(np.polyfit(t[late], np.log(np.abs(courses[LONG][0][late] - steady[LONG])), 1)[0])
    pole = brentq(lambda rate: 1 / closed(LONG, -rate).real, 0.7 * fitted, 1.3 * fitted, rtol=1e-10)
    found = Found(
        max(np.abs(spectra[n] - exact[n]).max() / sizes[n] for n in LENGTHS),
        max(np.abs(transformed[n] - spectra[n][inside]).max() / sizes[n] for n in LENGTHS),
        fitted / pole,
        over[LONG],
        over["50 nm"],
    )
    print(f"AC response against the closed form {found.spectrum:.1e}, course against it {found.course:.1e}")
    print(f"the end decays within {1e9 / fitted:.2f} ns, {found.end:.3f} of the closed rate")
    print(f"overshoot: {found.overshoot:.0f} where magnons last, {found.short:.2f} where they do not")
    if pictures:
        draw(pictures / "heat_step.png", (t, courses), (frequencies, spectra), (frequencies[inside], transformed))
    return found


def device(length: str) -> hanle.Device:
    """YIG between a bath and Pt."""
    return hanle.Device(
        hanle.stack([("YIG", YIG), ("Pt", PT)]),
        {"YIG": {"like": "YIG", "magnon_diffusion_length": length}, "Pt": "Pt"},
        temperature=T0,
        field=(0.0, B, 0.0),
        magnetisation={"YIG": (0.0, 1.0, 0.0)},
        interfaces={"YIG|Pt": hanle.MagnonInterface(g_r=MIXING)},
        transport=("magnons", "heat"),
        wires={"Pt": ["Pt"]},
        heat_contacts={"bath": ["bottom"], "top": ["top"]},
    )


def course(length: str, times: Array) -> tuple[Array, Array]:
    """(E [V/m], T - T_0 of the surface [K]) at the times."""
    found = device(length).transient(
        until=times[-1],
        times=times,
        wiring=WIRING,
        order=2,
        solver="direct",
        mesh_options={"cells_per_length": 6},
    )
    data = found.dataset
    return np.asarray(data.field_along.sel(wire="Pt")), np.asarray(data.temperature_difference.sel(contact="top"))


def transform(times: Array, course: Array, frequencies: Array) -> Array:
    """AC response of what answers to a step with a course: int (dE/dt) e^{-i omega t} dt, E straight between times."""
    t, e = np.concatenate([[0.0], times]), np.concatenate([[0.0], course])
    omega = 2 * np.pi * frequencies[:, None]
    slopes = np.diff(e) / np.diff(t)
    return np.asarray(np.sum(slopes * np.diff(np.exp(-1j * omega * t)) / (-1j * omega), axis=1))


def closed(length: str, s: complex) -> complex:
    """E [V/m] of the amplitudes of e^{st}: in a layer A U'' = (R + s C) U, at the faces what enters adds up to nothing.

    Unknowns: w_m, T_m, T_p at the bottom and at the top of YIG, then w, T_e, T_p at both faces of Pt, then E.
    """
    pt, yig = device(length).materials["Pt"], device(length).materials["YIG"]
    value, equal = yig.magnons.value, np.array([[0, 0, 0], [0, 1, -1], [0, -1, 1]])
    sigma, zeta = value("magnon_conductivity"), value("bulk_spin_seebeck") * T0
    heat = T0 * np.array([value("magnon_heat_conductivity"), value("lattice_heat_conductivity")])
    magnons = Parabolic(value("spin_wave_stiffness"), 2 * MU_B * B)
    gas, mixed = capacities(magnons, T0), np.zeros((3, 3))
    mixed[0, 1] = mixed[1, 0] = 2 * E_CHARGE * T0 * float(gas.number_heat)
    stored = np.diag([4 * E_CHARGE**2 * float(gas.number), T0 * float(gas.heat), T0 * value(LATTICE)]) + mixed
    relax = value("magnon_lattice_coupling") * T0 * equal
    relax[0, 0] = 2 * sigma / value("magnon_diffusion_length") ** 2
    below = np.array([[2 * sigma, zeta, 0], [zeta, heat[0], 0], [0, 0, heat[1]]])
    total = np.zeros((13, 13), dtype=complex)
    total[:6, :6] += admittance(below, relax + s * stored, YIG)
    electrons, lattice, coupling, capacity = (T0 * numbers(pt)[name].value for name in OF_PT)
    relax = coupling * equal + np.diag([pt.sigma / pt.lam**2, 0, 0])
    stored = np.diag([pt.sigma / pt.D, T0 * T0 * pt.gamma, capacity])
    total[6:12, 6:12] += admittance(np.diag([pt.sigma, electrons, lattice]), relax + s * stored, PT)
    hall = pt.theta * pt.sigma
    total[12, [6, 9, 12]] = -hall, hall, pt.sigma * (1 - 2 * pt.theta**2) * PT
    total[[6, 9], 12] = hall, -hall
    rule = linear(MagnonExchange(MIXING, value("spin_density"), magnons), T0)
    face = [6, 7, 8, 3, 4, 5]
    total[np.ix_(face, face)] += exchange_form(
        T0, float(rule.g), float(rule.S), float(rule.kappa), value("interface_heat_conductance")
    )
    # T_p = T_0 at the bath; electrons and lattice have one temperature at the top.
    free = np.delete(np.eye(13), [2, 11], axis=1)
    free[11] = free[10]
    return complex((free @ np.linalg.solve(free.T @ total @ free, HEAT * free[11]))[12])


def admittance(conduct: Array, relax: Array, d: float) -> Array:
    """What enters at the low, then at the high face, per field at the low, then at the high one."""
    squares, v = np.linalg.eig(np.linalg.solve(conduct, relax))
    k = np.sqrt(squares.astype(complex))
    near, far = (conduct @ v @ np.diag(k * x) @ np.linalg.inv(v) for x in (1 / np.tanh(k * d), 1 / np.sinh(k * d)))
    return np.asarray(np.block([[near, -far], [-far, near]]))


def draw(
    path: Path,
    courses: tuple[Array, dict[str, tuple[Array, Array]]],
    spectra: tuple[Array, dict[str, Array]],
    transformed: tuple[Array, dict[str, Array]],
) -> None:
    """E against time with the temperature of the surface; |E| against frequency, symbols from the courses."""
    t, found = courses
    frequencies, solved = spectra
    with picture(path, size=(7.4, 3.2), overwrite=True) as (figure, save):
        left, right = figure.subplots(1, 2)
        for (length, label), colour in zip(LENGTHS.items(), COLOURS, strict=False):
            e, warm = found[length]
            left.semilogx(t, 1e3 * e, color=colour, label=label)
            right.loglog(frequencies, 1e3 * np.abs(solved[length]), color=colour, label=label)
            f, symbols = transformed[0], transformed[1][length]
            right.loglog(f, 1e3 * np.abs(symbols), "o", color=colour, markersize=3)
        left.set(xlabel="time after the heat is switched on (s)", ylabel="$E$ in Pt (mV/m)", ylim=(-1250, 0))
        right.legend(loc="lower center")
        warmth = left.twinx()
        warmth.semilogx(t, 1e3 * warm, "--", color="0.45", linewidth=1.0)
        warmth.set_ylabel("$T - T_0$ of the surface (mK), dashed", color="0.35")
        warmth.set_ylim(0, 420)
        right.set(xlabel="frequency of the heat (Hz)", ylabel="$|E|$ (mV/m)")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
