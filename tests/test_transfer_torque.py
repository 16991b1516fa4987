"""Spin-transfer torque: pairs that must agree.

both parts put together           <-> the torque
reversed current                  <-> reversed torque; electrons from the polariser turn m towards p
node between resistive contacts   <-> balance of spin and charge worked by hand
a 3D pillar                       <-> the stack, per area
"""

from typing import Any

import numpy as np
import pytest

import hanle
from hanle.materials.load import load
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.tensors import unit

EXACT = 1e-10
#: Current that spin and anomalous Hall effect of Co turn aside, squared.
SIDEWAYS = 1e-4
P = np.array([0.0, 1.0, 0.0])
M = unit([0.5, 0.6, 0.4])
CONTACT = hanle.Circuit(1.1e15, 1.6e14, 7e14 - 2e14j, memory_loss=0.25)
MATERIALS = {"Cu1": "Cu", "Co1": "Co", "Cu": "Cu", "Co2": "Co", "Cu2": "Cu"}
THICKNESS = 3e-9


def pillar(m: Any = M, **changes: Any) -> hanle.Device:
    layers = [("Cu1", 20e-9), ("Co1", 4e-9), ("Cu", 6e-9), ("Co2", THICKNESS), ("Cu2", 15e-9)]
    given: dict[str, Any] = {
        "magnetisation": {"Co1": P, "Co2": m},
        "interfaces": dict.fromkeys(("Co1|Cu", "Cu|Co2"), CONTACT),
        **changes,
    }
    return hanle.Device(hanle.stack(layers, contacts=True), MATERIALS, **given)


def test_the_parts_are_the_torque() -> None:
    result = pillar().solve()
    found = result.spin_transfer_torque("Co2", "Co1", "Cu")
    whole = found.damping_like * (P - M * (M @ P)) + found.field_like * np.cross(M, P)
    size = float(np.linalg.norm(whole))
    assert whole == pytest.approx(result.torque("Co2"), abs=EXACT * size)
    assert abs(found.field_like) > 1e-3 * abs(found.damping_like)
    for part, xi in zip((found.damping_like, found.field_like), found.efficiency, strict=True):
        assert xi == pytest.approx(2 * E_CHARGE / HBAR * part / 1e10, rel=SIDEWAYS)
    # tau = M_s d m x B: spin is opposite to the moment, which feels - tau.
    fields = sum(found.effective_fields)
    assert found.moment == pytest.approx(load("Co").saturation_magnetisation.value * THICKNESS, rel=EXACT)  # type: ignore[union-attr]
    assert found.moment * np.cross(M, fields) == pytest.approx(whole, abs=EXACT * size)


def test_electrons_from_the_polariser_turn_m_towards_it() -> None:
    """They leave Co1 for Co2 where the current enters at the top."""
    up = pillar().solve().spin_transfer_torque("Co2", "Co1", "Cu")
    down = pillar().solve(source="top", drain="bottom").spin_transfer_torque("Co2", "Co1", "Cu")
    assert down.damping_like < 0 < up.damping_like
    assert down.damping_like == pytest.approx(-up.damping_like, rel=EXACT)
    # dm/dt is - gamma tau/(M_s d): along + p.
    assert -(down.per_area @ P) > 0


def test_node_between_resistive_contacts() -> None:
    """Contacts that resist far more than all layers, without memory loss: w is one vector in the spacer.

    Magnets of short diffusion length hold no spin along m.
    """
    g, p, mix = 1e12, 0.6, 8e11 - 3e11j
    contact = hanle.Circuit((1 + p) / 2 * g, (1 - p) / 2 * g, mix)
    short: Any = {"like": "Co", "diffusion_length": "0.05 nm", "polarisation": 0, "anisotropy": 0}
    device = pillar(
        interfaces=dict.fromkeys(("Co1|Cu", "Cu|Co2"), contact),
    ).with_changes(materials={**MATERIALS, "Co1": short, "Co2": short})
    j, found = 1e8, device.solve(current="1e8 A/m^2").spin_transfer_torque("Co2", "Co1", "Cu")
    copper: Any = load("Cu")
    # What flows out of the node through both contacts is what it loses:  sum n.J = (sigma d/lambda^2) w.
    matrix, source = -6e-9 / (copper.rho * copper.lam**2) * np.eye(3), np.zeros(3)
    for axis, flow in ((P, -j), (M, j)):
        along, turn = np.outer(axis, axis), np.cross(axis, np.eye(3)).T
        # n.J = m [ - (1 - P^2) G m.w - P n.j ] - 2 Re G_mix w_perp - 2 Im G_mix m x w
        matrix -= (1 - p**2) * g * along + 2 * mix.real * (np.eye(3) - along) + 2 * mix.imag * turn
        source += p * axis * flow
    w = np.linalg.solve(matrix, source)
    absorbed = 2 * mix.real * (w - M * (M @ w)) + 2 * mix.imag * np.cross(M, w)
    expected = HBAR / (2 * E_CHARGE) * absorbed
    # Layers resist less than 1e-3 of the contacts.
    assert found.per_area == pytest.approx(expected, abs=5e-3 * float(np.linalg.norm(expected)))


def test_collinear_states_of_a_sweep_have_no_parts() -> None:
    read = {"DL": (lambda r: r.spin_transfer_torque("Co2", "Co1", "Cu").damping_like, "J/m^2")}
    found = hanle.sweep(
        pillar(), angle=hanle.angles("alpha", [60, 90, 120]), rotate="Co2", read=read
    ).DL.values.ravel()
    assert np.isnan(found).tolist() == [False, True, False]
    m = hanle.angles("alpha", [120]).directions[0]
    one = pillar(m).solve().spin_transfer_torque("Co2", "Co1", "Cu")
    assert found[2] == pytest.approx(float(one.damping_like), rel=1e-9)


def test_refused() -> None:
    result = pillar().solve()
    for arguments, message in (
        (("Co2", "Cu1"), 'polariser must be one of Co1; instead received "Cu1"'),
        (("Co2", "Co2"), 'polariser must be one of Co1; instead received "Co2"'),
        (("Co", "Co1"), "magnet must be one of Co1, Co2"),
        (("Co2", "Co1"), "metal must be named: one beside Co2"),
    ):
        with pytest.raises(InputError, match=message):
            result.spin_transfer_torque(*arguments)
