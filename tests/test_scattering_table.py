"""Amplitudes as numbers on a grid: a table of the model's own amplitudes must give the model's coefficients.

table of a model               <-> the model; error falls with the fourth power of the spacing
phases of t', unitary mixtures <-> no influence; |r|^2 + |t'|^2 is used as given, nothing is interpolated
too coarse, an edge not named  <-> refused, not smoothed over
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import e as charge

from hanle.boundary.scattering.compute import first_order
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.quadrature import QuadratureError, Transverse
from hanle.boundary.scattering.table import AmplitudeTable, grid
from hanle.boundary.scattering.torque import drive_rows
from hanle.pde.errors import InputError

EV = charge
TIMES = {"tau_N": 1.1e-14, "tau_up": 2.3e-14, "tau_dn": 0.7e-14}
MODEL = Interface(E_F=5 * EV, J=0.9 * EV, U_N=0.6 * EV, u0=3e9, um=-1.2e9, h_R=0.05, **TIMES)
NO_NORMAL = Interface(E_F=2.5 * EV, J=1 * EV, U_N=4 * EV, u0=1e9, um=5e8, h_R=0.05, **TIMES)
#: Spline through 64 points of each interval; of the changes of g, which are small differences, more is left.
SPLINE, DIFFERENCE = 2e-5, 1e-4


def table(model, points, edges=None, k_perp=None):
    """The model's amplitudes, t' with arbitrary phases."""
    own = np.sqrt(model.edges[model.edges > 0])
    k = grid(own, points) if k_perp is None else k_perp
    limits = np.unique(np.concatenate([[0.0], own**2]))
    number = np.searchsorted(limits, k**2)
    low, high = limits[number - 1], limits[number]
    found = model.amplitudes(Transverse(low, high, k**2 - low, high - k**2))
    phase = np.exp(1j * np.linspace(0, 40, k.size))
    return AmplitudeTable(
        k,
        float(model.edges[0]),
        own if edges is None else edges,
        found.r_up,
        found.r_dn,
        np.sqrt(found.T_up) * phase,
        np.sqrt(found.T_dn) * phase**2,
        h_R=model.h_R,
        scale=model.k,
        **TIMES,
    )


def flat(found):
    """All numbers but those of second order."""
    drives = [getattr(d, key) for d in found.drives for key in ("a", "b", "b_lat", "gamma", "delta")]
    return np.array(drives), np.array([found.g_up, found.g_dn, found.g_mix])


@pytest.mark.parametrize("model", [MODEL, NO_NORMAL], ids=["metals", "insulating-normal"])
def test_table_of_the_model(model):
    exact, found = first_order(model), first_order(table(model, 64), rtol=1e-3)
    for expected, given in zip(flat(exact), flat(found), strict=True):
        assert np.abs(given - expected).max() <= SPLINE * np.abs(expected).max()
    for key, value in vars(exact.loss).items():
        assert getattr(found.loss, key) == pytest.approx(value, rel=DIFFERENCE)


def test_error_falls_with_the_fourth_power():
    exact = MODEL.total(drive_rows)
    errors = []
    for points in (32, 64, 128):
        found = table(MODEL, points).total(drive_rows, rtol=1.0)
        errors.append(np.abs(found.value - exact.value).max() / exact.magnitude.max())
        assert np.all(np.abs(found.value - exact.value) <= 4 * found.error + 1e-9 * found.magnitude)
    assert np.log2(errors[0] / errors[1]) > 3.5
    assert np.log2(errors[1] / errors[2]) > 3.5


def test_a_coarse_table_is_refused():
    with pytest.raises(QuadratureError, match="use more points"):
        first_order(table(MODEL, 10))


def test_an_edge_that_is_not_named_shows():
    """Without that of the minority, the square root is taken for a smooth function."""
    named = np.sqrt(MODEL.edges[:2])
    whole = grid(np.sqrt(MODEL.edges), 40)
    with pytest.raises(QuadratureError, match="half of its points"):
        first_order(table(MODEL, 0, edges=named, k_perp=whole), rtol=1e-5)


def test_broken_unitarity_is_named():
    good = table(MODEL, 16)
    k = np.searchsorted(good.k_perp, 0.5 * good.k)
    worse = good.r_dn.copy()
    worse[k] *= 1.001
    with pytest.raises(InputError, match=re.escape(f"at k_perp = {good.k_perp[k]:.5g} 1/m")):
        replace(good, r_dn=worse)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: {"k_perp": t.k_perp[::-1]}, "k_perp must be ascending"),
        (lambda t: {"r_up": t.r_up[:-1]}, "r_up must be 48 numbers"),
        (lambda t: {"edges": [0.3e10, 2e10]}, "edges must be a list that contains sqrt"),
        (lambda t: {"edges": [-1.0]}, "edges must be wave numbers"),
        (lambda t: {"edges": [*t.edges, 2e10]}, "at least 8 points"),
        (lambda t: {"edges": [t.k]}, "k_perp must be between the edges"),
    ],
)
def test_unusable_tables_are_named(change, named):
    good = table(MODEL, 16)
    with pytest.raises(InputError, match=named):
        replace(good, **change(good))


def test_large_h_R_is_refused_for_tables_too():
    with pytest.raises(InputError, match="h_R must be between"):
        first_order(replace(table(MODEL, 16), h_R=0.3))
