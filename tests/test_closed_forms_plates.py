"""Sheets: Corbino <-> quadrature of the film's tensor over directions; van der Pauw <-> its equation; limits."""

import numpy as np
import pytest

from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.plates import (
    corbino_film,
    corbino_resistance,
    hall_geometry_factor,
    isotropic_width,
    square_resistance,
    van_der_pauw,
)
from hanle.pde.closed_forms.resistivity import exact_correction, leading_correction
from hanle.pde.errors import InputError, SolveError
from hanle.pde.tensors import unit

RHO, LAM, D, T = 3.1e-7, 1.9e-9, 5e-6, 4e-9
FILM = Film(RHO, T, LAM, transverse_length(LAM, 2e12, D), Mixing(-2e13, 3e14, -1e14))
INNER, OUTER = 3e-6, 17e-6
N = unit([0.6, -0.2, 0.5])


def test_corbino_film_equals_the_average_of_radial_resistivities():
    """First-order perturbation with the radial current: the mean over directions of rho_L along each of them."""
    angle = 2 * np.pi * np.arange(12) / 12
    seen = np.stack(  # the axis in a frame whose x is the radial direction
        [
            np.cos(angle) * N[0] + np.sin(angle) * N[1],
            -np.sin(angle) * N[0] + np.cos(angle) * N[1],
            np.full_like(angle, N[2]),
        ],
        axis=-1,
    )
    mean = np.mean(leading_correction(FILM.deficit_tensor(seen), 0.12).longitudinal)
    bare, relative = corbino_film(FILM, N, 0.12, INNER, OUTER)
    assert relative == pytest.approx(mean, rel=1e-13)
    assert bare == pytest.approx(RHO / (2 * np.pi * T) * np.log(OUTER / INNER))


def test_corbino_with_the_field_along_z_is_exact_to_theta_fourth():
    """Isotropic sheet: rho_L (1 + beta^2) from the exact tensor differs by theta^4."""
    rest = []
    for theta in (0.06, 0.03):
        exact = exact_correction(FILM.deficit_tensor([0.0, 0.0, 1.0]), theta)
        rho_L, rho_T = RHO * (1 + exact.longitudinal), RHO * exact.transverse
        bare, relative = corbino_film(FILM, [0.0, 0.0, 1.0], theta, INNER, OUTER)
        rest.append(corbino_resistance(rho_L, rho_T, T, INNER, OUTER) / bare - 1 - relative)
    assert rest[0] / rest[1] == pytest.approx(16.0, rel=0.03)


def test_corbino_resistance_by_quadrature_of_the_radial_field():
    """E_phi = 0 fixes j_phi = -beta j_r; E_r is integrated from a to b."""
    rho_L, rho_T = 2.0e-7, 1.3e-7
    tensor = np.array([[rho_L, -rho_T], [rho_T, rho_L]])
    sigma = np.linalg.inv(tensor)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    r = INNER + (OUTER - INNER) * (nodes + 1) / 2
    voltage = np.sum(weights * (OUTER - INNER) / 2 / (2 * np.pi * r * T * sigma[0, 0]))
    assert corbino_resistance(rho_L, rho_T, T, INNER, OUTER) == pytest.approx(voltage, rel=1e-12)


def test_square_between_ohm_and_quantum_hall_limits():
    assert square_resistance(RHO, 0.0, T) == pytest.approx(RHO / T)
    assert square_resistance(1e-6 * RHO, -RHO, T) == pytest.approx(RHO / T)
    assert square_resistance(3.0, 4.0, 1.0) == pytest.approx(5.0)


@pytest.mark.parametrize("ratio", [1.0, 0.3, 1e-3, 1e-9])
def test_van_der_pauw_satisfies_its_equation(ratio):
    R_a, R_b = 40.0, 40.0 * ratio
    v = np.pi * T / van_der_pauw(R_a, R_b, T) * np.array([R_a, R_b])
    assert np.exp(-v[0]) == pytest.approx(-np.expm1(-v[1]), rel=1e-12)
    assert van_der_pauw(R_b, R_a, T) == van_der_pauw(R_a, R_b, T)


def test_symmetric_van_der_pauw():
    assert van_der_pauw(7.0, 7.0, T) == pytest.approx(np.pi * T * 7.0 / np.log(2))


def test_van_der_pauw_of_a_half_plane_with_contacts_on_its_edge():
    """Contacts at a < b < c < d on the edge: R = (rho/pi t) ln[(a-c)(b-d)/((a-d)(b-c))] and its cyclic partner."""
    a, b, c, d = 0.0, 1.0, 2.7, 3.1
    R_a = RHO / (np.pi * T) * np.log((c - a) * (d - b) / ((d - a) * (c - b)))
    R_b = RHO / (np.pi * T) * np.log((c - a) * (d - b) / ((b - a) * (d - c)))
    assert van_der_pauw(R_a, R_b, T) == pytest.approx(RHO, rel=1e-13)


def test_hall_factor_of_long_bars_and_its_range():
    assert hall_geometry_factor(12.0, 1.0, 0.1) == pytest.approx(1.0, abs=2e-8)
    assert hall_geometry_factor(1.0, 1.0, 0.0) == pytest.approx(1 - 16 / np.pi**2 * 0.2078796 * 0.8152181, rel=1e-6)
    with pytest.raises(InputError, match="length/width"):
        hall_geometry_factor(0.5, 1.0, 0.0)


def test_anisotropic_strips_keep_their_resistance():
    """Along x, rho_xx L/(W t); across it, rho_yy W/(L t)."""
    length, width, rho_xx, rho_yy = 9e-6, 2e-6, 1.2e-7, 3.4e-7
    scaled, rho = isotropic_width(width, rho_xx, rho_yy)
    assert rho * length / scaled == pytest.approx(rho_xx * length / width)
    assert rho * scaled / length == pytest.approx(rho_yy * width / length)


def test_impossible_rings_are_refused():
    with pytest.raises(InputError, match="inner, outer"):
        corbino_resistance(RHO, 0.0, T, OUTER, INNER)
    with pytest.raises(InputError, match="R_a, R_b"):
        van_der_pauw(1.0, -1.0, T)


def test_resistances_a_hundred_decades_apart_are_reported():
    with pytest.raises(SolveError, match="too many decades"):
        van_der_pauw(1.0, 1e-100, T)
