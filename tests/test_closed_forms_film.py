"""The collinear film: pairs that must agree.

R                        <-> Eq. (15) as printed, in multiprecision            (stable form, thin and thick)
film with laws of CONVENTIONS written out <-> scipy's boundary-value solver    (signs of theta, Gi, omega, faces)
d -> 0, d -> inf, strong sink, Gi -> inf, no interface <-> their elementary limits
exact - O(theta^2)       <-> theta^4
dissipation of bulk and faces <-> electrical power
"""

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_bvp

from hanle.pde.closed_forms.channels import ac_length, channel_tensor, transverse_length, x_coth_minus_one
from hanle.pde.closed_forms.film import Film, Mixing, film_deficit, film_drho, film_response
from hanle.pde.closed_forms.film_profile import film_accumulation
from hanle.pde.closed_forms.resistivity import exact_correction, leading_correction, ordinary_hall, sigma_eff
from hanle.pde.errors import InputError
from hanle.pde.tensors import cross_matrix, unit

RHO, LAM, D, THETA = 8.3e-7, 1.6e-9, 4.7e-6, 0.11
OMEGA = 1.76e11 * 9.0
G = Mixing(s=-3.1e13, r=2.7e14, i=-1.3e14)
OTHER = Mixing(s=-4.0e12, r=8.1e13, i=6.0e13)
NONE = Mixing()
N = unit([0.48, -0.6, 0.64])

ROUNDING = 5e-15  # a few tens of operations in double precision
LIMIT = 1e-6  # distance from a limit taken at a parameter 1e-7 to 1e-9 away from it


def film(d=3.7e-9, omega=OMEGA, bottom=G, top=NONE):
    return Film(RHO, d, LAM, transverse_length(LAM, omega, D), bottom, top)


def printed_response(G, l, d, rho):
    """Zhang et al., 2019, Eq. (15), literally, with 60 digits."""
    with mpmath.workdps(60):
        G, l, d, rho = mpmath.mpc(G), mpmath.mpc(l), mpmath.mpf(d), mpmath.mpf(rho)
        top = 1 - rho * G * l * mpmath.coth(d / (2 * l))
        value = 2 * l / d * mpmath.tanh(d / (2 * l)) * top / (1 - 2 * rho * G * l * mpmath.coth(d / l))
        return complex(value), complex(1 - value)


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 0.7, 0.9999, 1.0001, 3.0, 45.0, 1e3, 1e5])
@pytest.mark.parametrize("conductance", [0.0, -2e13, G.perp, 1e3 * G.perp])
def test_response_equals_the_printed_formula(ratio, conductance):
    l = complex(transverse_length(LAM, OMEGA, D))
    value, deficit = printed_response(complex(conductance), l, ratio * LAM, RHO)
    assert abs(film_response(conductance, l, ratio * LAM, RHO) / value - 1) < ROUNDING
    assert abs(film_deficit(conductance, l, ratio * LAM, RHO) / deficit - 1) < ROUNDING


def test_x_coth_x_has_no_seam_and_no_overflow():
    x = np.array([1e-7, 1e-3j + 1e-3, 0.6 + 0.6j, 0.8 + 0.7j, 30 + 29j, 1e4])
    with mpmath.workdps(60):
        exact = [complex(mpmath.mpc(a) * mpmath.coth(mpmath.mpc(a)) - 1) for a in x]
    assert np.all(np.abs(x_coth_minus_one(x) / exact - 1) < ROUNDING)


def solved_film(f, n, theta, E):
    """w(z) from the laws: J_z = sigma (w' - theta z x E), N.J = 2 [Gs w + Gr n x (n x w) + Gi n x w], N outward."""
    d, lam = float(f.d), float(f.lam)
    s = theta * np.array([-E[1], E[0], 0.0])

    def mixed(g, w):
        return 2 * RHO * (g.s * w + g.r * np.cross(n, np.cross(n, w)) + g.i * np.cross(n, w))

    def right(_, y):  # lengths in d, w in units of |s| d
        decay = y[:3] / lam**2 - OMEGA / D * np.cross(n, y[:3].T).T
        return np.vstack([y[3:], decay * d**2])

    def ends(a, b):
        low = -(a[3:] - direction) - d * mixed(f.bottom, a[:3])
        high = (b[3:] - direction) - d * mixed(f.top, b[:3])
        return np.concatenate([low, high])

    size = np.linalg.norm(s)
    direction = s / size
    answer = solve_bvp(right, ends, np.linspace(0, 1, 41), np.zeros((6, 41)), tol=1e-9, max_nodes=20000)
    assert answer.success
    return lambda z: (answer.sol(z / d)[:3] * size * d).T


@pytest.mark.parametrize("top", [NONE, OTHER])
def test_profile_and_mean_gradient_solve_the_laws(top):
    """Would catch any sign of theta, Gi, omega or of a normal, and a wrong mean gradient."""
    solver_error = 1e-7
    f, E = film(top=top), np.array([1.3e5, -0.4e5])
    z = np.linspace(0, float(f.d), 7)
    w = solved_film(f, N, THETA, E)(z)
    ours = film_accumulation(f, N, THETA, E, z)
    assert np.max(np.abs(ours - w)) < solver_error * np.max(np.abs(w))
    s = THETA * np.array([-E[1], E[0], 0.0])
    mean_gradient = (w[-1] - w[0]) / float(f.d)
    assert np.max(np.abs(f.response_tensor(N) @ s - mean_gradient)) < solver_error * np.max(np.abs(s))
    # <j_i> = sigma (1 - 2 theta^2) E_i + theta sigma eps_iaz <w'_a>
    j = ((1 - 2 * THETA**2) * E + THETA * np.array([mean_gradient[1], -mean_gradient[0]])) / RHO
    assert sigma_eff(f.deficit_tensor(N), RHO, THETA) @ E == pytest.approx(j, rel=1e-9)


def test_profile_spin_current_vanishes_at_vacuum_by_differences():
    """w'(d) = s at the free face; the one-sided difference has an error of second order in the step."""
    f, E, step = film(), np.array([1e5, 2e5]), 1e-3
    d = float(f.d)
    w = film_accumulation(f, N, THETA, E, d * (1 - step * np.arange(3)))
    slope = (3 * w[0] - 4 * w[1] + w[2]) / (2 * step * d)
    s = THETA * np.array([-E[1], E[0], 0.0])
    assert np.max(np.abs(slope - s)) < 10 * step**2 * np.max(np.abs(s))


def test_without_interface_and_field_one_tanh_remains():
    f = film(omega=0.0, bottom=Mixing())
    d = float(f.d)
    correction = leading_correction(f.deficit_tensor(N), THETA)
    assert correction.longitudinal == pytest.approx(
        THETA**2 * (2 - 2 * LAM / d * np.tanh(d / 2 / LAM)), rel=ROUNDING
    )
    assert correction.transverse == 0.0


@pytest.mark.parametrize(("d", "bulk"), [(1e-4 * LAM, 1.0), (1e9 * LAM, 2.0)])
def test_thin_and_thick_films(d, bulk):
    bare = exact_correction(film(d=d, bottom=Mixing()).deficit_tensor(N), THETA).longitudinal
    assert bare == pytest.approx(1 / (1 - bulk * THETA**2) - 1, rel=LIMIT)


def test_strong_sink_and_strong_exchange_field_pin_the_interface():
    d = 3.7e-9
    sink = film_response(-1e24, LAM, d, RHO)
    assert sink == pytest.approx(LAM / d * np.tanh(d / LAM), rel=LIMIT)
    Lam = complex(transverse_length(LAM, OMEGA, D))
    assert film_response(-1e24j, Lam, d, RHO) == pytest.approx(Lam / d * np.tanh(d / Lam), rel=LIMIT)


def test_moments_along_y_hide_the_transverse_channel():
    y = [0.0, 1.0, 0.0]
    first = exact_correction(film().deficit_tensor(y), THETA)
    other = exact_correction(film(omega=-3 * OMEGA, bottom=Mixing(G.s, 9 * G.r, -7 * G.i)).deficit_tensor(y), THETA)
    assert first.longitudinal == pytest.approx(other.longitudinal, rel=ROUNDING)


def test_rho_L_does_not_depend_on_an_angle_in_the_xz_plane():
    angle = np.linspace(0, 2 * np.pi, 9)
    n = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)
    rho_L = leading_correction(film().deficit_tensor(n), THETA).longitudinal
    assert np.ptp(rho_L) < ROUNDING * rho_L[0]


def test_reversing_exchange_and_applied_field_flips_drho2_only():
    plus = film_drho(film(), THETA)
    minus = film_drho(film(omega=-OMEGA, bottom=Mixing(G.s, G.r, -G.i)), THETA)
    assert np.array(minus) == pytest.approx(np.array(plus) * [1, 1, -1], rel=ROUNDING)
    assert abs(plus[2]) > 1e-3 * plus[1]


def test_equation_13_for_any_direction():
    zero, one, two = film_drho(film(), THETA)
    correction = leading_correction(film().deficit_tensor(N), THETA)
    assert RHO * correction.longitudinal == pytest.approx(zero + one * (1 - N[1] ** 2), rel=1e-13)
    assert RHO * correction.transverse == pytest.approx(one * N[0] * N[1] + two * N[2], rel=1e-13)
    assert ordinary_hall(2e-3, N) == pytest.approx(-2e-3 * N[2])


def test_rotating_everything_about_z_rotates_the_conductivity():
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rotated = np.append(turn @ N[:2], N[2])
    before = sigma_eff(film().deficit_tensor(N), RHO, THETA)
    after = sigma_eff(film().deficit_tensor(rotated), RHO, THETA)
    assert np.max(np.abs(after - turn @ before @ turn.T)) < ROUNDING / RHO


def test_insulator_above_or_below_and_on_both_sides():
    below, above = film().deficits, film(bottom=Mixing(), top=G).deficits
    assert np.array(above) == pytest.approx(np.array(below), rel=ROUNDING)
    both = film(bottom=G, top=G)
    d, l, kappa = float(both.d), complex(both.Lam), 2 * RHO * G.perp
    elementary = 2 * l / d * np.tanh(d / 2 / l) / (1 - kappa * l * np.tanh(d / 2 / l))
    assert both.responses[1] == pytest.approx(elementary, rel=ROUNDING)


def test_exact_minus_leading_order_scales_as_theta_to_the_fourth():
    deficit = film(top=OTHER).deficit_tensor(N)
    theta = np.array([0.05, 0.025])
    pairs = [(exact_correction(deficit, t), leading_correction(deficit, t)) for t in theta]
    rest = np.array([np.subtract(exact, leading) for exact, leading in pairs]) / theta[:, None] ** 4
    assert rest[0] == pytest.approx(rest[1], rel=0.02)  # the next order is theta^2 = 2.5e-3 of it
    assert np.all(np.abs(rest) > 1e-3)


def test_exact_correction_equals_the_inverse_of_the_conductivity():
    deficit = film(top=OTHER).deficit_tensor(N)
    rho = np.linalg.inv(sigma_eff(deficit, RHO, 0.4))
    correction = exact_correction(deficit, 0.4)
    assert correction.longitudinal == pytest.approx(rho[0, 0] / RHO - 1, rel=1e-13)
    assert correction.transverse == pytest.approx(rho[1, 0] / RHO, rel=1e-12)
    assert correction.longitudinal == pytest.approx(exact_correction(deficit, -0.4).longitudinal, rel=ROUNDING)


def test_thin_film_keeps_its_tiny_deficit():
    """Subtracting two responses would leave no digit here; the multiprecision value has them all."""
    d = 1e-7 * LAM
    _, deficit = printed_response(0.0, LAM, d, RHO)
    assert film_deficit(0.0, LAM, d, RHO) == pytest.approx(deficit, rel=ROUNDING)
    assert abs(deficit) < 1e-14


def test_power_balance():
    """<j>.E d = sigma (1 - 2 theta^2) E^2 d + dissipation in the bulk and at the faces, by Gauss quadrature."""
    f, E = film(top=OTHER), np.array([1.1e5, 0.7e5])
    d = float(f.d)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    z, step = (nodes + 1) * d / 2, 1e-5 * d
    w = film_accumulation(f, N, THETA, E, z)
    slope = (film_accumulation(f, N, THETA, E, z + step) - film_accumulation(f, N, THETA, E, z - step)) / (2 * step)
    bulk = (np.sum(slope**2, axis=-1) + np.sum(w**2, axis=-1) / LAM**2) @ weights * d / 2 / RHO
    faces = 0.0
    for g, end in ((f.bottom, 0.0), (f.top, d)):
        w_end = film_accumulation(f, N, THETA, E, end)
        tensor = g.s * np.eye(3) + g.r * cross_matrix(N) @ cross_matrix(N) + g.i * cross_matrix(N)
        faces -= 2 * w_end @ tensor @ w_end
    drude = (1 - 2 * THETA**2) * (E @ E) * d / RHO
    power = E @ sigma_eff(f.deficit_tensor(N), RHO, THETA) @ E * d
    difference_error = 1e-8  # of the central difference, relative to the correction
    assert power - drude == pytest.approx(bulk + faces, rel=difference_error)


def test_equal_channels_have_no_angular_dependence():
    l = transverse_length(LAM, 0.0, D)
    f = Film(RHO, 3e-9, LAM, l)
    assert abs(film_drho(f, THETA)[1]) < 1e-16 * RHO
    assert film_drho(f, THETA)[2] == 0.0


def test_ac_length_continues_the_static_one():
    """Along the axis, i Omega acts like precession: Lambda(omega = Omega) = l(Omega)."""
    assert ac_length(LAM, OMEGA, D) == pytest.approx(transverse_length(LAM, OMEGA, D), rel=ROUNDING)


def test_channel_tensor_reproduces_precession():
    """f_perp = e^{-i phi} is the rotation by +phi about n."""
    phi = 0.3
    turned = channel_tensor(1.0, np.exp(-1j * phi), [0.0, 0.0, 1.0]) @ np.array([1.0, 0.0, 0.0])
    assert turned == pytest.approx([np.cos(phi), np.sin(phi), 0.0])


def test_arrays_broadcast():
    d = np.array([1e-9, 2e-9, 5e-9])[:, None]
    Lam = transverse_length(LAM, np.array([0.0, OMEGA]), D)
    f = Film(RHO, d, LAM, Lam, G)
    table = exact_correction(f.deficit_tensor(N), THETA)
    assert table.longitudinal.shape == (3, 2)
    single = exact_correction(film(d=2e-9).deficit_tensor(N), THETA)
    assert table.longitudinal[1, 1] == pytest.approx(single.longitudinal, rel=ROUNDING)


def test_inputs_that_break_the_second_law_are_refused():
    with pytest.raises(InputError, match=r"Mixing\.s"):
        Mixing(s=1.0)
    with pytest.raises(InputError, match=r"Mixing\.r"):
        Mixing(s=0.0, r=-1.0)
    with pytest.raises(InputError, match=r"Film\.lam"):
        Film(RHO, 1e-9, 0.0, LAM)
    with pytest.raises(InputError, match="theta"):
        exact_correction(film().deficit_tensor(N), 0.8)
