"""Edges and wires: pairs that must agree.

wire    <-> scipy's boundary-value solver in cylindrical coordinates (signs on a curved surface, exact in theta)
wire    <-> its own printed form in multiprecision; a -> 0: no correction; a -> inf: bulk
bar     <-> finite volumes on its section, extrapolated; a wide bar <-> the film; theta^4
half space <-> the thick film and the film's own edge
"""

import mpmath
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.integrate import solve_bvp
from scipy.sparse.linalg import spsolve

from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.edges import (
    bar_correction,
    bar_correction_exact,
    half_space_accumulation,
    wire_correction,
    wire_response,
)
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.film_profile import film_accumulation
from hanle.pde.closed_forms.resistivity import exact_correction, leading_correction
from hanle.pde.errors import InputError
from hanle.pde.tensors import cross_matrix, unit

RHO, LAM, D, THETA = 2.4e-7, 2.2e-9, 6.1e-6, 0.3
OMEGA = 1.9e12
LAMBDA = complex(transverse_length(LAM, OMEGA, D))
SURFACE = Mixing(s=-2.0e13, r=3.1e14, i=-1.7e14)
N = unit([0.3, 0.7, -0.6])

ROUNDING = 5e-15


def printed_wire(G_perp, radius):
    """F and 1 - F of a round wire with 60 digits."""
    with mpmath.workdps(60):
        L, a = mpmath.mpmathify(LAMBDA), mpmath.mpf(radius)
        kappa = 2 * mpmath.mpf(RHO) * mpmath.mpmathify(complex(G_perp))
        bessel, slope = mpmath.besseli(1, a / L), mpmath.besseli(1, a / L, derivative=1)
        value = L / a * bessel / (slope - kappa * L * bessel)
        return complex(value), complex(1 - value)


@pytest.mark.parametrize("radius", [1e-5 * LAM, 0.3 * LAM, 0.999 * LAM, 4 * LAM, 60 * LAM, 3e3 * LAM])
@pytest.mark.parametrize("G_perp", [0.0, SURFACE.perp])
def test_wire_equals_the_printed_bessel_form(radius, G_perp):
    value, deficit = printed_wire(G_perp, radius)
    assert abs(wire_response(G_perp, LAMBDA, radius, RHO) / value - 1) < ROUNDING
    loss = 2 * THETA**2 * deficit.real
    assert wire_correction(G_perp, LAMBDA, radius, RHO, THETA) == pytest.approx(loss / (1 - loss), rel=ROUNDING)


def test_wire_solves_the_laws_in_cylindrical_coordinates():
    """Axes (r, phi, x): J_r^phi = sigma (w_phi' + theta E), x x e_r = e_phi, <j_x> = sigma [(1 - 2 theta^2) E
    - theta 2 w_phi(a)/a].

    With v = w' + w/r the equation w'' + w'/r - w/r^2 = M w reads v' = M w; a is the unit of length and E = 1.
    """
    solver_error = 1e-7
    radius = 1.7 * LAM
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])  # x cross, on (r, phi)
    decay = (radius / LAM) ** 2 * np.eye(2) - OMEGA / D * radius**2 * turn
    face = 2 * RHO * radius * (SURFACE.s * np.eye(2) + SURFACE.r * turn @ turn + SURFACE.i * turn)

    driven = np.array([0.0, THETA])

    def right(_, y):
        return np.vstack([y[2:], decay @ y[:2]])

    def ends(a, b):
        slope = b[2:] - b[:2]
        return np.concatenate([a[:2], slope + driven - face @ b[:2]])

    singular = np.diag([-1.0, -1.0, 0.0, 0.0])
    answer = solve_bvp(right, ends, np.linspace(0, 1, 41), np.zeros((4, 41)), S=singular, tol=1e-9, max_nodes=40000)
    assert answer.success
    conductivity = 1 - 2 * THETA**2 - 2 * THETA * answer.sol(1.0)[1]
    ours = wire_correction(SURFACE.perp, LAMBDA, radius, RHO, THETA)
    assert ours == pytest.approx(1 / conductivity - 1, rel=solver_error)


def test_thin_and_thick_wires():
    assert wire_correction(0.0, LAMBDA, 1e-6 * LAM, RHO, THETA) < 1e-12
    thick = wire_correction(SURFACE.perp, LAMBDA, 1e7 * LAM, RHO, THETA)
    assert thick == pytest.approx(1 / (1 - 2 * THETA**2) - 1, rel=1e-6)


def bar_by_finite_volumes(width, d, cells):
    """rho_L/rho - 1 to O(theta^2): w on cells x cells of the section, E = 1 along x.

    J_i^a = d_i w^a + theta eps_iax: the driven components are J_z^y = w^y_,z - theta and J_y^z = w^z_,y + theta.
    """
    h_y, h_z = width / cells, d / cells
    own = np.full(cells, -2.0)
    own[[0, -1]] = -1.0
    laplace = sp.diags([np.ones(cells - 1), own, np.ones(cells - 1)], [-1, 0, 1])
    eye = sp.identity(cells)
    M = np.eye(3) / LAM**2 - OMEGA / D * cross_matrix(N)
    # order of unknowns: component, y, z
    operator = sp.kron(np.eye(3), sp.kron(laplace / h_y**2, eye) + sp.kron(eye, laplace / h_z**2))
    operator = (operator - sp.kron(M, sp.identity(cells**2))).tocsc()
    source = np.zeros((3, cells, cells))  # natural faces: w^y_,z = theta on z faces, w^z_,y = -theta on y faces
    source[1, :, 0] += THETA / h_z
    source[1, :, -1] -= THETA / h_z
    source[2, 0, :] -= THETA / h_y
    source[2, -1, :] += THETA / h_y
    w = spsolve(operator, source.ravel()).reshape(3, cells, cells)
    mean_y_z = np.mean(w[1, :, -1] - w[1, :, 0] + THETA * h_z) / d
    mean_z_y = np.mean(w[2, -1, :] - w[2, 0, :] - THETA * h_y) / width
    # j_x/sigma = 1 - 2 theta^2 + theta (w^y_,z - w^z_,y)
    return 2 * THETA**2 - THETA * (mean_y_z - mean_z_y)


def test_bar_in_an_oblique_field_against_finite_volumes():
    """Second order in the cell size: two grids extrapolate to an error of fourth order."""
    width, d = 9.0e-9, 3.1e-9
    coarse, fine = (bar_by_finite_volumes(width, d, cells) for cells in (24, 48))
    extrapolated = fine + (fine - coarse) / 3
    ours = bar_correction(width, d, LAM, LAMBDA, N, THETA)
    extrapolation_error = 3e-5
    assert ours == pytest.approx(extrapolated, rel=extrapolation_error)
    assert abs(coarse / ours - 1) > 1e-4


def test_wide_bar_is_the_film_and_thin_bar_has_no_correction():
    film = Film(RHO, 3e-9, LAM, LAMBDA)
    wide = bar_correction(1.0, 3e-9, LAM, LAMBDA, N, THETA)
    assert wide == pytest.approx(leading_correction(film.deficit_tensor(N), THETA).longitudinal, rel=1e-7)
    bare = exact_correction(Film(RHO, 3e-9, LAM, LAM).deficit_tensor(N), THETA).longitudinal
    assert bar_correction_exact(1.0, 3e-9, LAM, THETA) == pytest.approx(bare, rel=1e-7)
    assert bar_correction(1e-6 * LAM, 1e-6 * LAM, LAM, LAMBDA, N, THETA) < 1e-12


def test_exact_bar_minus_leading_order_scales_as_theta_to_the_fourth():
    arguments = (7e-9, 3e-9, LAM)
    theta = np.array([0.04, 0.02])
    rest = bar_correction_exact(*arguments, theta) - bar_correction(*arguments, LAM, N, theta)
    assert rest[0] / rest[1] == pytest.approx(16.0, rel=0.01)


def test_half_space_is_the_free_side_of_a_thick_film():
    """The film's top at z = d: depth d - z, inward normal -z, so s of the half space is minus that of the film."""
    d, E = 80 * LAM, np.array([1.2e5, -0.3e5])
    depth = np.array([0.0, 0.4, 2.0]) * LAM
    film = film_accumulation(Film(RHO, d, LAM, LAMBDA, SURFACE), N, THETA, E, d - depth)
    source = -THETA * np.array([-E[1], E[0], 0.0])
    ours = half_space_accumulation(depth, LAM, LAMBDA, N, source)
    assert np.max(np.abs(ours - film)) < 1e-13 * np.max(np.abs(film))


def test_impossible_spin_hall_angle_is_refused():
    with pytest.raises(InputError, match="theta"):
        wire_correction(0.0, LAM, 1e3 * LAM, RHO, 0.9)
