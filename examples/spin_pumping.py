"""Spin pumping into Pt: ferromagnetic resonance of YIG | Pt against the thickness d of Pt, linewidth and voltage.

A microwave field turns the magnetisation of a film of YIG about the applied field B, which lies in the plane along y.
The motion pumps spin into Pt on top, where it decays or flows back; what is lost damps the motion, and the spin Hall
effect makes a field E_x of the current that flows upwards. Nothing of this is put in by hand: torque and pumping come
from one interface law, solved together with the equation of motion. In closed form, with G = (e^2/h) g,

    alpha = alpha_0 + g_eff/(4 pi s d_F),   g_eff = g/[1 + 2 (lambda/sigma) G coth(d/lambda)],   s = M_s/(hbar gamma)
    omega = gamma sqrt(B (B + mu_0 M_s)),      full width in B at fixed omega: 2 alpha omega/gamma
    i_s   = (hbar/4 pi) g_eff <m x dm/dt>_y    spin per area and time that enters Pt and stays
    E_x   = theta l (2 e/hbar) i_s/{sigma [d (1 - 2 theta^2) + 2 theta^2 l]},      l = lambda tanh(d/2 lambda)

They leave out that the spin Hall effect loads the film, theta^2 of the backflow; the solver has it.
At a given amplitude of the motion E_x is largest for d of about lambda: a thinner film sends the spin back, a thicker
one shorts the field that the spin makes near the interface. At a given microwave field thin films gain by their lower
damping, as m moves more. (Tserkovnyak et al., 2002; Bender & Tserkovnyak, 2015.)
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import mu_0

from hanle.boundary.b_layer import MAGNET, METAL, Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.pde.closed_forms.magnetisation_dynamics import backflow, enhancement, spin_pumping_field
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.macrospin import GAMMA, Anisotropy, Macrospins, Magnet
from hanle.pde.macrospin_linear import Complex, FieldTone, amplitude, rectified, settled
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.tensors import Array

SIGMA, DIFFUSION, LAM, THETA = 2e6, 3e-4, 1.5e-9, 0.11  # Pt: [S/m], [m^2/s], [m], 1
M_S, D_F, ALPHA = 1.4e5, 20e-9, 3e-4  # YIG: [A/m], [m], 1
G_R = 1.6e14  # [S/m^2]
MICROWAVE, FREQUENCY = 1e-5, 9e9  # [T], [Hz]
AMPLITUDE = 1e-2  # of m_x where it is given
MIXING = G_R * 2 * np.pi * HBAR / E_CHARGE**2
START: Mapping[str, ArrayLike] = {"YIG": (0.0, 1.0, 0.0)}
SHAPE = mu_0 * M_S


class Found(NamedTuple):
    """What is compared; each difference relative to the largest value of the curve."""

    damping: float  #: of the damping by Pt
    linewidth: float  #: of the width in B
    field: float  #: of E_x at resonance
    spectrum: float  #: of E_x through the resonance
    best: float  #: thickness of Pt with the largest E_x at a given amplitude [nm]


def main(
    thicknesses: Sequence[float] = (0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 20),
    shown: Sequence[float] = (0.5, 1.5, 8.0),
    frequencies: Sequence[float] = (2, 4, 6, 8, 10, 12),
    points: int = 15,
    pictures: Path | None = None,
) -> Found:
    """Pt of these thicknesses [nm], spectra and widths for those shown, at these frequencies [GHz]."""
    d = 1e-9 * np.asarray(thicknesses)
    damping, field, size = np.array([at_resonance(x) for x in d]).T
    given = field * (AMPLITUDE / size) ** 2
    spectra = {x: spectrum(1e-9 * x, points) for x in shown}
    widths = {x: np.array([width(1e-9 * x, 1e9 * f) for f in frequencies]) for x in shown}
    fine = np.geomspace(0.2e-9, 25e-9, 200)
    found = Found(
        difference(damping - ALPHA, closed_damping(d) - ALPHA),
        max(difference(w, closed_width(1e-9 * x, frequencies)) for x, w in widths.items()),
        max(difference(field, closed_field(d, resonance(FREQUENCY))), difference(given, closed_given(d))),
        max(difference(e, closed_field(1e-9 * x, b)) for x, (b, e) in spectra.items()),
        1e9 * float(fine[np.argmax(closed_given(fine))]),
    )
    print(f"YIG {1e9 * D_F:g} nm | Pt, {1e6 * MICROWAVE:g} uT at {1e-9 * FREQUENCY:g} GHz")
    print(f"   d (nm)     alpha   E_x (mV/m)  m_x      E_x at m_x = {AMPLITUDE:g}")
    for x, a, e, m, other in zip(thicknesses, damping, field, size, given, strict=True):
        print(f"  {x:6.2f}   {a:.3e}   {1e3 * e:7.4f}   {m:.5f}   {1e3 * other:7.4f}")
    print(f"largest difference from the closed forms: damping {found.damping:.1e}, width {found.linewidth:.1e},")
    print(
        f"field {found.field:.1e}, spectra {found.spectrum:.1e}; E_x at given m_x is largest at d = {found.best:.2f} nm"
    )
    if pictures:
        draw(pictures / "spin_pumping.png", d, (damping, field, given), spectra, (frequencies, widths))
    return found


def film(thickness: float, applied: float) -> Macrospins:
    """YIG below Pt, nothing connected, B along y."""
    pt = normal_metal(conductivity=SIGMA, diffusion_constant=DIFFUSION, diffusion_length=LAM, spin_hall_angle=THETA)

    def problem(m: Mapping[str, Array]) -> Problem:
        law = b_layer("YIG", Conductances(0.0, G_R, 0.0), m["YIG"])
        layers = Layers(("YIG", "Pt"), np.array([[D_F, thickness]]))
        drives = Gradient("u", "x"), Gradient("u", "y")
        return Problem(layers, {"Pt": pt}, {"YIG|Pt": Face(law, {METAL: PLUS, MAGNET: MINUS})}, gradients=drives)

    shape = (Anisotropy((0, 0, 1), -SHAPE),)
    magnet = Magnet(M_S * D_F, ALPHA, field=(0.0, applied, 0.0), anisotropies=shape)
    return Macrospins(problem, {"YIG": magnet}, Multilayer(), fluxes={"du/dx": 0.0, "du/dy": 0.0})


def resonance(frequency: ArrayLike) -> Array:
    """B [T] of the resonance (Kittel)."""
    ratio = 2 * np.pi * np.asarray(frequency, dtype=float) / GAMMA
    return np.asarray(-SHAPE / 2 + np.sqrt((SHAPE / 2) ** 2 + ratio**2))


def pumped_field(thickness: float, applied: float) -> tuple[float, float, float]:
    """(alpha, mean E_x [V/m], amplitude of m_x) under the microwave field, which is along x."""
    state = settled(film(thickness, applied), START)
    tone = FieldTone("YIG", (MICROWAVE, 0.0, 0.0), 2 * np.pi * FREQUENCY)
    field = rectified(state, tone, lambda solution: solution.amplitude("du/dx"), phases=4)
    return state.damping("YIG").total, float(field[0]), float(np.abs(amplitude(state, tone)[0, 0]))


def at_resonance(thickness: float) -> tuple[float, float, float]:
    """(alpha, E_x [V/m], amplitude of m_x) at the resonance."""
    return pumped_field(thickness, float(resonance(FREQUENCY)))


def spectrum(thickness: float, points: int) -> tuple[Array, Array]:
    """(B [T], E_x [V/m]) through the resonance, over twelve half widths of the thickest film."""
    width = float(closed_width(20e-9, np.array([1e-9 * FREQUENCY]))[0]) / 2
    b = resonance(FREQUENCY) + width * np.linspace(-6, 6, points)
    return b, np.array([pumped_field(thickness, float(x))[1] for x in b])


def width(thickness: float, frequency: float) -> float:
    """Full width at half maximum in B [T] at fixed frequency: that in omega over the slope of omega(B)."""
    b = float(resonance(frequency))
    step = 1e-3 * b
    above, here, below = (settled(film(thickness, x), START).rates[0] for x in (b + step, b, b - step))
    slope = (abs(above.imag) - abs(below.imag)) / (2 * step)
    return float(-2 * here.real / slope)


def closed_damping(thickness: ArrayLike) -> Array:
    """alpha with backflow."""
    effective = backflow(MIXING, thickness, LAM, SIGMA).real
    return ALPHA + enhancement(effective, M_S / (HBAR * GAMMA), D_F)


def closed_width(thickness: float, frequencies: ArrayLike) -> Array:
    """2 alpha omega/gamma [T] at frequencies [GHz]."""
    return np.asarray(2 * closed_damping(thickness) * 2e9 * np.pi * np.asarray(frequencies, dtype=float) / GAMMA)


def closed_motion(thickness: ArrayLike, applied: ArrayLike) -> tuple[Complex, Complex]:
    """Amplitudes of (m_z, m_x) about y, e^{-i omega t}: dm/dt = -gamma m x B + alpha y x dm/dt."""
    a, b = np.broadcast_arrays(closed_damping(thickness), np.asarray(applied, dtype=float))
    omega = 2 * np.pi * FREQUENCY
    along, across = GAMMA * b - 1j * a * omega, GAMMA * (b + SHAPE) - 1j * a * omega
    drive = GAMMA * MICROWAVE / (along * across - omega**2)
    return 1j * omega * drive, across * drive


def closed_field(thickness: ArrayLike, applied: ArrayLike) -> Array:
    """E_x [V/m] of the field that the pumped spin makes."""
    m_z, m_x = closed_motion(thickness, applied)
    turned = 2 * np.pi * FREQUENCY * np.abs(np.imag(m_z * np.conj(m_x)))
    spin = HBAR / (4 * np.pi) * backflow(MIXING, thickness, LAM, SIGMA).real * turned
    return spin_pumping_field(spin, THETA, thickness, LAM, SIGMA)


def closed_given(thickness: ArrayLike) -> Array:
    """E_x [V/m] at resonance where m_x has the given amplitude."""
    _, m_x = closed_motion(thickness, resonance(FREQUENCY))
    return np.asarray(closed_field(thickness, resonance(FREQUENCY)) * (AMPLITUDE / np.abs(m_x)) ** 2)


def difference(found: Array, expected: Array) -> float:
    """Largest difference over the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def draw(
    path: Path,
    d: Array,
    curves: tuple[Array, Array, Array],
    spectra: Mapping[float, tuple[Array, Array]],
    widths: tuple[Sequence[float], Mapping[float, Array]],
) -> None:
    """Damping, widths, voltages and spectra: symbols from the solver, lines in closed form."""
    from hanle.figures import COLOURS, picture

    with picture(path, size=(7.4, 5.8), overwrite=True) as (figure, save):
        (top, right), (bottom, last) = figure.subplots(2, 2)
        fine = np.geomspace(0.2e-9, 25e-9, 200)
        top.plot(1e9 * fine, 1e3 * closed_damping(fine), color=COLOURS[0])
        top.plot(1e9 * d, 1e3 * curves[0], "o", color=COLOURS[0], markersize=4)
        bare = ALPHA + enhancement(MIXING, M_S / (HBAR * GAMMA), D_F)
        for value, text in ((bare, "no backflow"), (ALPHA, "YIG alone")):
            top.axhline(1e3 * float(value), color="0.5", linewidth=0.9, linestyle="--")
            top.text(24, 1e3 * float(value) + 0.02, text, color="0.35", ha="right", va="bottom", fontsize=8.5)
        top.set(xlabel="thickness of Pt (nm)", ylabel="damping $\\alpha$ ($10^{-3}$)", xlim=(0, 25))
        top.set_ylim(0, 1e3 * float(bare) * 1.15)
        frequencies, found = widths
        for (x, w), colour in zip(found.items(), COLOURS, strict=False):
            line = np.array([0.0, max(frequencies)])
            right.plot(line, 1e3 * closed_width(1e-9 * x, line), color=colour)
            right.plot(frequencies, 1e3 * w, "o", color=colour, markersize=4, label=f"{x:g} nm")
        alone = 4e12 * np.pi * ALPHA / GAMMA * np.array([0.0, max(frequencies)])
        right.plot([0, max(frequencies)], alone, "--", color="0.5", linewidth=0.9, label="YIG alone")
        right.set(xlabel="frequency (GHz)", ylabel="full width of the resonance (mT)")
        right.set(xlim=(0, 1.03 * max(frequencies)), ylim=(0, None))
        right.legend(loc="upper left", title="Pt")
        at_field = f"{1e6 * MICROWAVE:g} µT of microwave", COLOURS[1], closed_field(fine, resonance(FREQUENCY))
        at_amplitude = f"amplitude of $m_x$ {AMPLITUDE:g}", COLOURS[2], closed_given(fine)
        for (text, colour, line), points in zip((at_field, at_amplitude), curves[1:], strict=True):
            bottom.plot(1e9 * fine, 1e3 * line, color=colour)
            bottom.plot(1e9 * d, 1e3 * points, "o", color=colour, markersize=4, label=text)
        bottom.legend(loc="upper right")
        bottom.set(xlabel="thickness of Pt (nm)", ylabel="$E_x$ at resonance (mV/m)", xlim=(0, 25), ylim=(0, None))
        for (x, (b, e)), colour in zip(spectra.items(), COLOURS, strict=False):
            many = np.linspace(b[0], b[-1], 400)
            last.plot(1e3 * many, 1e3 * closed_field(1e-9 * x, many), color=colour)
            last.plot(1e3 * b, 1e3 * e, "o", color=colour, markersize=4, label=f"{x:g} nm")
        last.set(xlabel="$B$ (mT)", ylabel="$E_x$ (mV/m)", ylim=(0, None))
        last.legend(loc="upper right", title="Pt")
        for axes, name in zip((top, right, bottom, last), "abcd", strict=True):
            axes.set_title(f"({name})", loc="left")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
