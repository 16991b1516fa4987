"""Metallic ferromagnet by drift diffusion: spin-polarised conduction, transverse dephasing, and what m does to charge.

    j_i   = sigma (1 - 2 theta^2) [1 + a_perp + (a_par - a_perp) m m]_ik d_k u + alpha sigma (m x grad u)_i
            - P sigma m_a d_i w^a + theta sigma eps_{iak} d_k w^a             - sigma mu eps_{ikl} d_k u B_l
    J_i^a = sigma d_i w^a - P sigma m_a d_i u + theta sigma eps_{iak} d_k u   - sigma mu eps_{ikl} d_k w^a B_l
    0 = div j
    0 = d_i J_i^a - sigma (1 - P^2)/lambda_sf^2 (m.w) m_a - sigma/lambda_phi^2 (w_perp)_a
            + sigma/lambda_J^2 (m x w)_a + (sigma/D) (omega x w)_a,                 omega = (g mu_B/hbar) B

    u, w, sigma, theta, mu, B, D      as in `hanle.pde.metal`
    m           1   axis of the magnetisation; the spins of the majority point along -m
    P           1   (sigma_majority - sigma_minority)/sigma
    lambda_sf   m   length over which m.w decays
    lambda_phi  m   dephasing length of the transverse spin, without loss if infinite
    lambda_J    m   exchange length: the exchange field along +m turns w by omega_J = D/lambda_J^2
    alpha       1   anomalous Hall angle sigma_AH/sigma; rho_T = -rho alpha/(1 + alpha^2) m_z, the sign that the
                    ordinary Hall effect of electrons has in a field along m
    a_par, a_perp   1 + a_par = 1/(1 + 2 A/3), 1 + a_perp = 1/(1 - A/3) with A = (rho_par - rho_perp)/rho and
                    rho = (rho_par + 2 rho_perp)/3, the resistivity at w = 0 averaged over the directions of m

Transverse spin goes like exp(-q z) with q^2 = 1/lambda_phi^2 - i/lambda_J^2 for w_x + i w_y about m = z.
Sources: Valet & Fert, 1993 (two channels); Zhang, Levy & Fert, 2002 and Petitjean et al., 2012 (transverse spin);
McGuire & Potter, 1975 (anisotropic magnetoresistance). Spin Hall, anomalous Hall and Larmor terms dissipate nothing.
Second law: |P| < 1 and P^2 < (1 - 2 theta^2) min(1 + a_par, 1 + a_perp).
Validity: textures that vary slowly over lambda_J and lambda_phi; one spin Hall angle for any direction of m; the
anomalous Hall and anisotropy terms act on the charge current only.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import (
    Bulk,
    Coefficient,
    Term,
    as_weight,
    direction,
    matrix_terms,
)
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.effects import ANISOTROPY, ANOMALOUS_HALL
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal, require_positive, spin_deposit
from hanle.pde.tensors import EPSILON, Array, cross_matrix, outer

_U = CHARGE_AND_SPIN.slice("u")
_W = CHARGE_AND_SPIN.slice("w")
_SIZE = (CHARGE_AND_SPIN.size, CHARGE_AND_SPIN.size)


def ferromagnet(
    magnet: str,
    *,
    conductivity: ArrayLike,
    polarisation: ArrayLike,
    diffusion_constant: ArrayLike,
    diffusion_length: ArrayLike,
    magnetisation: ArrayLike,
    exchange_length: ArrayLike = np.inf,
    dephasing_length: ArrayLike = np.inf,
    spin_hall_angle: ArrayLike = 0.0,
    anomalous_hall_angle: ArrayLike = 0.0,
    anisotropy: ArrayLike = 0.0,
    field: ArrayLike = (0.0, 0.0, 0.0),
    g_factor: float = 2.0,
    mobility: ArrayLike = 0.0,
) -> Bulk:
    """Coefficients of a metallic ferromagnet.

    Every argument may be a number, an array per cell (cells,), or a batch (batch, 1); vectors carry their components
    in a trailing axis, so a texture is `magnetisation` (cells, 3).

    Args:
        magnet: name of the magnet, for the deposits.
        conductivity: sigma [S/m], > 0.
        polarisation: P, between -1 and 1.
        diffusion_constant: D [m^2/s], > 0: precession in `field` and storage of spin.
        diffusion_length: lambda_sf [m], > 0.
        magnetisation: m, any length but zero; normalised here.
        exchange_length: lambda_J [m], > 0; infinite without exchange field.
        dephasing_length: lambda_phi [m], > 0; infinite without dephasing.
        spin_hall_angle: theta.
        anomalous_hall_angle: alpha = sigma_AH/sigma.
        anisotropy: A = (rho_par - rho_perp)/rho, between -3/2 and 3.
        field: B [T].
        g_factor: electron g factor of the precession about `field`.
        mobility: mu [m^2/(V s)] of the ordinary Hall term.

    Deposits [A/m^3, spin in charge units]: `lattice`, the longitudinal loss, and `torque:<magnet>`, what exchange
    field and dephasing hand to the magnet, perpendicular to m. Precession about `field` hands spin to neither.

    Spin Hall, Hall and anisotropy terms are tagged as perturbative, so that the reference is a magnet whose charge
    law does not know m; the polarisation belongs to the reference.

    Raises:
        InputError: a value outside its range, or coefficients that break the second law.
    """
    sigma, p, theta = as_weight(conductivity), as_weight(polarisation), as_weight(spin_hall_angle)
    alpha, diffusion, b = as_weight(anomalous_hall_angle), as_weight(diffusion_constant), as_weight(field, 1)
    m = direction("magnetisation", magnetisation)
    along, across = anisotropic_parts(as_weight(anisotropy))
    for key, value, size in (("conductivity", sigma, "S/m"), ("diffusion_constant", diffusion, "m^2/s")):
        require_positive(key, value, size)
    _require_dissipative(p, theta, np.minimum(along, across))
    flips = (1 - p**2) * _inverse_square("diffusion_length", diffusion_length)
    dephasing = _inverse_square("dephasing_length", dephasing_length)
    exchange = _inverse_square("exchange_length", exchange_length)
    # Written so that flips = dephasing leaves an isotropic tensor without rounding: then this is a normal metal.
    decay = _tensor(dephasing) * np.eye(3) + _tensor(flips - dephasing) * outer(m)
    turning = -_tensor(sigma * exchange) * cross_matrix(m)
    metal = normal_metal(
        conductivity=sigma,
        diffusion_constant=diffusion,
        relaxation=_tensor(diffusion) * decay,
        spin_hall_angle=theta,
        field=b,
        g_factor=g_factor,
        mobility=mobility,
    )
    drude = (1 - 2 * theta**2) * sigma
    return replace(
        metal,
        A=(
            *metal.A,
            *_polarised(-p * sigma, m),
            *_anomalous_hall(alpha * sigma, m),
            *_anisotropic(drude * (across - 1), drude * (along - across), m),
        ),
        R=(*metal.R, *matrix_terms(turning, rows=_W, columns=_W, size=_SIZE)),
        deposits={
            "lattice": spin_deposit(_tensor(sigma * flips) * outer(m)),
            f"torque:{magnet}": spin_deposit(_tensor(sigma * dephasing) * (np.eye(3) - outer(m)) + turning),
        },
        decay_lengths=_decay_lengths(
            diffusion_length, dephasing, exchange, g_factor * MU_B / HBAR * np.linalg.norm(b, axis=-1) / diffusion
        ),
    )


def _inverse_square(key: str, length: ArrayLike) -> Array:
    """1/length^2 as a weight [1/m^2]; 0 where the length is infinite."""
    given = np.asarray(length, dtype=float)
    if np.any(np.isnan(given)):
        raise InputError(key, "a length [m]", "NaN", "look for missing values in the arrays given")
    require_positive(key, given, "m")
    return as_weight(1 / given**2)


def anisotropic_parts(ratio: Array) -> tuple[Array, Array]:
    """rho/rho_par and rho/rho_perp of (rho_par - rho_perp)/rho; InputError where one is not positive."""
    if np.any((ratio <= -1.5) | (ratio >= 3)):
        worst = float(ratio.flat[np.abs(ratio - 0.75).argmax()])
        raise InputError(
            "anisotropy",
            "between -1.5 and 3",
            worst,
            "(rho_par - rho_perp)/rho with rho = (rho_par + 2 rho_perp)/3; both resistivities must be positive",
        )
    return 1 / (1 + 2 * ratio / 3), 1 / (1 - ratio / 3)


def _require_dissipative(p: Array, theta: Array, least: Array) -> None:
    """Refuse what makes the symmetric part of A singular or negative."""
    if np.any(np.abs(p) >= 1):
        raise InputError("polarisation", "between -1 and 1 (|P| < 1)", float(p.flat[np.abs(p).argmax()]))
    p, theta, least = np.broadcast_arrays(p, theta, least)
    excess = p**2 - (1 - 2 * theta**2) * least
    if np.any(excess >= 0):
        worst = int(excess.argmax())
        must = "such that P^2 + 2 theta^2 < 1"
        if np.any(least != 1):
            must = "such that P^2 < (1 - 2 theta^2) rho/max(rho_par, rho_perp)"
        received = f"P = {p.flat[worst]:.6g}, theta = {theta.flat[worst]:.6g}"
        raise InputError("polarisation and spin_hall_angle", must, received, "this metal would create energy")


def _tensor(weight: Array) -> Array:
    """A weight with two axes of components."""
    return weight[..., None, None]


def _charge(weight: Array, spatial: Array, tag: str) -> Term:
    fields = np.zeros(_SIZE)
    fields[_U, _U] = 1.0
    return Term(weight, spatial, fields, tag)


def _polarised(weight: Array, m: Array) -> Coefficient:
    """weight m_a between u and w^a, both ways."""
    terms = []
    for a in range(3):
        if np.any(weight * m[..., a]):
            fields = np.zeros(_SIZE)
            fields[_U.start, _W.start + a] = fields[_W.start + a, _U.start] = 1.0
            terms.append(Term(weight * m[..., a], np.eye(3), fields))
    return tuple(terms)


def _anomalous_hall(weight: Array, m: Array) -> Coefficient:
    """weight (m x grad u): spatial part [i, k] = eps_{ilk}, one term per component of m."""
    return tuple(
        _charge(weight * m[..., l], EPSILON[:, l, :], ANOMALOUS_HALL)
        for l in range(3)
        if np.any(weight * m[..., l])
    )


def _anisotropic(everywhere: Array, along: Array, m: Array) -> Coefficient:
    """everywhere grad u + along m (m.grad u): one term per entry of the symmetric tensor m m."""
    terms = [_charge(everywhere, np.eye(3), ANISOTROPY)] if np.any(everywhere) else []
    for i in range(3):
        for k in range(i, 3):
            weight = along * m[..., i] * m[..., k]
            if np.any(weight):
                spatial = np.zeros((3, 3))
                spatial[i, k] = spatial[k, i] = 1.0
                terms.append(_charge(weight, spatial, ANISOTROPY))
    return tuple(terms)


def _decay_lengths(diffusion_length: Any, dephasing: Array, exchange: Array, larmor: Array) -> tuple[float, ...]:
    """The shortest longitudinal and transverse decay lengths [m]; the latter where there is one."""
    longitudinal = float(np.min(diffusion_length))
    turning = float(np.max(exchange)) + float(np.max(np.abs(larmor)))
    kappa = np.sqrt(complex(float(np.max(dephasing)), turning)).real
    transverse = (float(1 / kappa),) if kappa > 0 else ()
    return (longitudinal, *transverse) if np.isfinite(longitudinal) else transverse
