"""Spectra of ferromagnetic resonance. What must agree and why:

half width in field       alpha omega/gamma, alpha with what pumping adds       film in its plane: Kittel
half width in frequency   that of the mode itself, -Re lambda/(2 pi)
pumping by a microwave    symmetric, E_x of the closed form; odd in m           one field across B
ST-FMR                    symmetric and antisymmetric; the second from G_i and what the field of the current would do
points of a scan          `SmallMotions.rectified` at that field
"""

from typing import Any

import numpy as np
import pytest

import hanle
from hanle.pde.closed_forms.magnetisation_dynamics import backflow, spin_pumping_field
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError, UserCodeError
from hanle.pde.macrospin import GAMMA

THETA, D_F, D_N, G_R, M_S, ALPHA = 1e-3, 15e-9, 5e-9, 1.6e14, 1.4e5, 3e-3
SHAPE, FREQUENCY, MICROWAVE = 0.2, 9e9, 1e-5
#: Of a Lorentzian for a resonance that is narrow but not infinitely so.
NARROW = 3e-3
#: Part by which pumping follows the closed form at theta = 1e-3.
CLOSED = 2e-3


def film(g_i: float = 0.0, theta: float = THETA) -> hanle.Device:
    return hanle.Device(
        hanle.stack([("YIG", D_F), ("Pt", D_N)]),
        {"YIG": "YIG", "Pt": {"like": "Pt", "spin_hall_angle": theta}},
        field=(0, 1, 0),
        interfaces={"YIG|Pt": hanle.Conductances(0.0, G_R, g_i)},
    )


def magnets(**changes: Any) -> dict[str, hanle.Macrospin]:
    given: dict[str, Any] = {
        "damping": ALPHA,
        "anisotropies": (((0, 0, 1), -SHAPE),),
        "saturation_magnetisation": M_S,
        "begin": (0, 1, 0),
    }
    return {"YIG": hanle.Macrospin(**(given | changes))}


def resonance() -> float:
    ratio = 2 * np.pi * FREQUENCY / GAMMA
    return float(-SHAPE / 2 + np.sqrt((SHAPE / 2) ** 2 + ratio**2))


@pytest.fixture(scope="module")
def pumped() -> Any:
    """Microwave along x, B along y."""
    fields = resonance() + np.linspace(-8e-3, 8e-3, 11)
    return hanle.ferromagnetic_resonance(
        film(), magnets=magnets(), field=fields, frequency="9 GHz", microwave={"YIG": (MICROWAVE, 0, 0)}
    )


def test_pumping_is_symmetric_and_as_wide_as_the_damping(pumped: Any) -> None:
    found = pumped.lorentzians()
    g_eff = backflow(G_R / (E_CHARGE**2 / (2 * np.pi * HBAR)), D_N, pt().lam, 1 / pt().rho).real
    alpha = ALPHA + HBAR * GAMMA * g_eff / (4 * np.pi * M_S * D_F)
    assert found.centre == pytest.approx(resonance(), rel=1e-3)
    assert found.half_width == pytest.approx(alpha * 2 * np.pi * FREQUENCY / GAMMA, rel=NARROW)
    assert abs(found.antisymmetric) < 0.02 * abs(found.symmetric)
    place = len(pumped.fields) // 2
    state = film().with_changes(field=(0, pumped.fields[place], 0)).small_angles(magnets=magnets())
    omega = 2 * np.pi * FREQUENCY
    xi = (state.state.susceptibility("YIG", omega) @ (MICROWAVE, 0, 0))[0]
    i_s = HBAR / (4 * np.pi) * g_eff * 0.5 * np.real(np.cross(xi, np.conj(-1j * omega * xi)))[1]
    expected = float(spin_pumping_field(i_s, THETA, D_N, pt().lam, 1 / pt().rho))
    assert pumped.values[0, place] == pytest.approx(expected, rel=CLOSED)
    again = state.rectified(FREQUENCY, lambda r: r.electric_field[0], field={"YIG": (MICROWAVE, 0, 0)})  # type: ignore[attr-defined]
    assert pumped.values[0, place] == pytest.approx(float(again), rel=1e-9)
    assert pumped.modes[place] == pytest.approx(float(state.frequencies[0]), rel=1e-9)
    assert pumped.rest["YIG"] == pytest.approx(np.tile([0, 1, 0], (11, 1)), abs=1e-9)


def pt() -> Any:
    return film().materials["Pt"]


def test_pumping_turns_round_with_the_field(pumped: Any) -> None:
    turned = hanle.ferromagnetic_resonance(
        film(),
        magnets=magnets(begin=(0, -1, 0)),
        field=[-pumped.fields[5]],
        frequency=[FREQUENCY],
        microwave={"YIG": (MICROWAVE, 0, 0)},
    )
    assert turned.values[0, 0] == pytest.approx(-pumped.values[0, 5], rel=1e-6)


def test_against_frequency_the_width_is_that_of_the_mode() -> None:
    b = resonance()
    found = hanle.ferromagnetic_resonance(
        film(0.3e14, 0.11),
        magnets=magnets(begin=(1, 1, 0)),
        along=(1, 1, 0),
        field=b,
        frequency=np.linspace(8.6e9, 9.4e9, 11),
        current_density="1e10 A/m^2",
    )
    line = found.lorentzians()
    assert line.centre == pytest.approx(float(found.modes[0]), rel=NARROW)
    assert line.half_width == pytest.approx(float(found.half_widths[0]), rel=2e-2)
    # The damping-like torque gives the symmetric part, G_i the other one.
    assert 0.02 < abs(line.antisymmetric / line.symmetric) < 1
    assert line.misfit < 1e-2
    data = found.dataset
    assert data.rectified.dims == ("frequency", "field")
    assert (data.rectified.units, data.field.units, data.half_width.units) == ("V/m", "T", "Hz")
    assert data.m.sizes == {"field": 1, "magnet": 1, "component": 3}


def test_antisymmetric_part_follows_G_i() -> None:
    b, size = resonance(), []
    for g_i in (-0.3e14, 0.3e14):
        found = hanle.ferromagnetic_resonance(
            film(g_i, 0.11),
            magnets=magnets(begin=(1, 1, 0)),
            along=(1, 1, 0),
            field=b + np.linspace(-6e-3, 6e-3, 9),
            frequency="9 GHz",
            current_density="1e10 A/m^2",
        ).lorentzians()
        size.append((found.symmetric, found.antisymmetric))
    (s_minus, a_minus), (s_plus, a_plus) = size
    assert s_minus == pytest.approx(s_plus, rel=0.1)
    assert a_minus == pytest.approx(-a_plus, rel=0.15)


def test_a_map_of_both_and_a_read_out_of_ones_own() -> None:
    fields = resonance() + np.linspace(-6e-3, 6e-3, 7)
    given: dict[str, Any] = {"magnets": magnets(), "microwave": {"YIG": (MICROWAVE, 0, 0)}}
    found = hanle.ferromagnetic_resonance(
        film(),
        field=fields,
        frequency=["9 GHz", "9.1 GHz"],
        read=(lambda r: 2 * r.electric_field[0], "V/m", "twice the field"),  # type: ignore[attr-defined]
        **given,
    )
    one = hanle.ferromagnetic_resonance(film(), field=fields[3], frequency="9.1 GHz", **given)
    assert found.values[1, 3] == pytest.approx(2 * float(one.values[0, 0]), rel=1e-9)
    assert found.title == "twice the field"
    assert found.lorentzians(frequency="9 GHz").centre == pytest.approx(resonance(), rel=2e-3)
    assert found.lorentzians(frequency="9.1 GHz").centre > found.lorentzians(frequency="9 GHz").centre
    with pytest.raises(InputError, match="a map of both"):
        found.lorentzians()
    with pytest.raises(InputError, match="one of the scan"):
        found.lorentzians(frequency="9.05 GHz")
    with pytest.raises(InputError, match="at least six points"):
        found.lorentzians(field=fields[0])
    with pytest.raises(InputError, match="at a frequency or at a field"):
        found.lorentzians(field=fields[0], frequency="9 GHz")
    with pytest.raises(UserCodeError, match="must give one number"):
        hanle.ferromagnetic_resonance(
            film(), field=fields[3], frequency="9 GHz", read=(lambda r: r.electric_field, "V/m"), **given
        )  # type: ignore[attr-defined]


def test_refusals() -> None:
    given: dict[str, Any] = {"field": [0.2], "frequency": "9 GHz", "current_density": "1e10 A/m^2"}
    with pytest.raises(InputError, match="left out: the scan sets it"):
        hanle.ferromagnetic_resonance(film(), magnets=magnets(field=(0, 0.1, 0)), **given)
    with pytest.raises(InputError, match=r"along must be a direction"):
        hanle.ferromagnetic_resonance(film().with_changes(field=(0, 0, 0)), magnets=magnets(), **given)
    with pytest.raises(InputError, match="one field or one drive"):
        hanle.ferromagnetic_resonance(film(), magnets=magnets(), microwave={"YIG": (1e-5, 0, 0)}, **given)
    with pytest.raises(InputError, match="at least one value"):
        hanle.ferromagnetic_resonance(film(), magnets=magnets(), **(given | {"field": []}))
