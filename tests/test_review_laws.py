"""Laws and steps that mutations survived in the tests of their authors.

interface with spin-dependent Seebeck effect   <-> two channels, each with its own conductance and Seebeck coefficient
error asked of m where fields lag              <-> m of precession about a field, and steps that grow in number
"""

import numpy as np
import pytest

import hanle
from hanle.boundary.circuit import Circuit
from hanle.boundary.thermoelectric_face import thermoelectric_contact

T0, G_UP, G_DN = 300.0, 7e14, 3e14
S_UP, S_DN = -22e-6, -9e-6


def test_thermoelectric_contact_is_two_channels() -> None:
    """j_s = -G_s S_s (T_above - T_below) and q = T_0 sum S_s j_s of the voltage; majority spins along -m = -z."""
    mean = (G_UP * S_UP + G_DN * S_DN) / (G_UP + G_DN)
    law = thermoelectric_contact(T0, Circuit(G_UP, G_DN, 0.0, 0.0), mean, S_UP - S_DN, (0, 0, 1))
    rng = np.random.default_rng(5)
    traces = rng.normal(size=(1, 1, 1, law.size)) * 1e-3
    jump = {
        name: traces[..., law.columns("above", name)] - traces[..., law.columns("below", name)]
        for name in ("u", "w", "T_e")
    }
    warmer, voltage = float(jump["T_e"].item()) * T0, float(jump["u"].item())
    spin = float(jump["w"][..., 2].item())
    up, dn = -G_UP * S_UP * warmer, -G_DN * S_DN * warmer
    heat = (
        (G_UP * S_UP**2 + G_DN * S_DN**2) * warmer - G_UP * S_UP * (voltage - spin) - G_DN * S_DN * (voltage + spin)
    )
    flux = law.flux(traces, np.zeros((1, 1, 1, 3, law.size)))[0, 0, 0]
    for side, sign in (("below", 1), ("above", -1)):
        assert flux[law.columns(side, "u")] == pytest.approx(sign * (up + dn), rel=1e-12)
        expected = [0.0, 0.0, sign * (dn - up)]
        assert flux[law.columns(side, "w")] == pytest.approx(expected, rel=1e-12, abs=1e-12 * abs(up))
        assert flux[law.columns(side, "T_e")] == pytest.approx(sign * T0 * heat, rel=1e-12)


def test_error_asked_of_m_where_fields_lag() -> None:
    """However loose the fields, steps follow m; without its error two tolerances took the same steps."""
    device = hanle.Device(
        hanle.stack([("YIG", "20 nm"), ("Pt", "4 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        field=(0, 0.3, 0),
        magnetisation={"YIG": (1, 0.2, 0)},
        interfaces={"YIG|Pt": hanle.Conductances(-1e12, 3e13, 0)},
    )
    rough, fine = (
        device.dynamics(
            until="40 ps",
            times=["40 ps"],
            magnets={"YIG": hanle.Macrospin()},
            lagging=True,
            error=error,
            field_error=0.9,
            mesh_options={"cells_per_length": 3.0},
        )
        for error in (1e-3, 1e-5)
    )
    assert fine.found.steps > 2 * rough.found.steps
    turned = np.linalg.norm(fine.m["YIG"][-1] - rough.m["YIG"][-1])
    assert 0 < turned < rough.found.steps * 1e-3
