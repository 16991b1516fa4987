"""Normal metal: charge and vector spin with spin Hall effect, relaxation, Hanle precession, ordinary Hall effect.

    j_i   = sigma (1 - 2 theta^2) d_i u + theta sigma eps_{iak} d_k w^a  -  sigma mu eps_{ikl} d_k u B_l
    J_i^a = sigma d_i w^a               + theta sigma eps_{iak} d_k u    -  sigma mu eps_{ikl} d_k w^a B_l
    0 = div j,        0 = d_i J_i^a - (sigma/D) [ Gamma_ab w^b - (omega x w)^a ],      omega = (g mu_B/hbar) B

    u      V        minus the electrochemical potential per charge (E = grad u)
    w      V        half the spin accumulation, w = mu_s/(2e)
    sigma  S/m      Drude conductivity; the bulk resistivity is 1/[sigma (1 - 2 theta^2)]
    theta  1        spin Hall angle; theta > 0 (Pt): a charge current along +x sends spin +y along +z
    Gamma  1/s      relaxation: 1/tau_s = D/lambda^2, or a symmetric 3x3 tensor
    D      m^2/s    diffusion constant; sigma = 2 e^2 nu D with nu the density of states per spin
    mu     m^2/(Vs) mobility of the ordinary Hall term, omega_c tau = mu |B| (first order in it)
    B      T        magnetic field, any direction; moments in the metal add an exchange field to it in omega

Source: Zhang et al., 2019, Eqs (3)-(5) with the spin Hall terms of the diffusive theory; signs as in the notes of
`hanle.pde.fields`. The spin Hall cross terms are Onsager-Casimir antisymmetric: they dissipate nothing.
Validity: mean free path much shorter than thickness and lambda; theta^2 < 1/2; omega_c tau << 1.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import (
    Bulk,
    Coefficient,
    Deposit,
    Term,
    as_weight,
    matrix_terms,
    term,
)
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.effects import ORDINARY_HALL, SPIN_HALL
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.tensors import EPSILON, Array, cross_matrix, is_symmetric

#: Components of u and w in the field matrices of this medium.
_U = CHARGE_AND_SPIN.slice("u")
_W = CHARGE_AND_SPIN.slice("w")
_SIZE = (CHARGE_AND_SPIN.size, CHARGE_AND_SPIN.size)
_ONE = np.eye(3)
#: Part of the largest rate by which an eigenvalue may be negative: rounding of a tensor that leaves an axis alone.
ROUNDING = 1e-12


def normal_metal(
    *,
    conductivity: ArrayLike,
    diffusion_constant: ArrayLike,
    diffusion_length: ArrayLike | None = None,
    relaxation: ArrayLike | None = None,
    spin_hall_angle: ArrayLike = 0.0,
    field: ArrayLike = (0.0, 0.0, 0.0),
    exchange_field: ArrayLike = (0.0, 0.0, 0.0),
    g_factor: float = 2.0,
    mobility: ArrayLike = 0.0,
) -> Bulk:
    """Coefficients of a normal metal.

    Every argument may be a number, an array per cell (cells,), or a batch (batch, 1); vectors and tensors carry
    their components in trailing axes: `field` (..., 3) [T], `relaxation` (..., 3, 3) [1/s].

    Args:
        conductivity: sigma [S/m], > 0.
        diffusion_constant: D [m^2/s], > 0.
        diffusion_length: lambda [m], > 0; gives Gamma = D/lambda^2.
        relaxation: Gamma [1/s], symmetric with non-negative eigenvalues; instead of `diffusion_length`.
        spin_hall_angle: theta, theta^2 < 1/2.
        field: B [T].
        exchange_field: what moments in the metal add to B for the precession only [T].
        g_factor: electron g factor of the precession.
        mobility: mu [m^2/(V s)] of the ordinary Hall term; 0 leaves it out.

    Raises:
        InputError: a value outside its range, or both or neither of `diffusion_length` and `relaxation`.
    """
    sigma, diffusion = as_weight(conductivity), as_weight(diffusion_constant)
    theta, b = as_weight(spin_hall_angle), as_weight(field, 1)
    require_positive("conductivity", sigma, "S/m")
    require_positive("diffusion_constant", diffusion, "m^2/s")
    if np.any(theta**2 >= 0.5):
        raise InputError(
            "spin_hall_angle",
            "below 1/sqrt(2) in size",
            float(np.abs(theta).max()),
            "sigma (1 - 2 theta^2) must be > 0",
        )
    inertia = sigma / diffusion
    rates = _relaxation_matrix(diffusion, diffusion_length, relaxation)
    larmor = (g_factor * MU_B / HBAR) * (b + as_weight(exchange_field, 1))
    return Bulk(
        fields=CHARGE_AND_SPIN,
        A=(*_conduction(sigma, theta), *_ordinary_hall(sigma, as_weight(mobility), b)),
        R=(*_sink(inertia, rates), *_precession(inertia, larmor)),
        C=(_spin_term(inertia),),
        deposits={"lattice": spin_deposit(inertia[..., None, None] * rates)},
        decay_lengths=decay_lengths(diffusion, rates, larmor),
    )


def decay_lengths(diffusion: Array, rates: Array, larmor: Array) -> tuple[float, ...]:
    """The shortest length [m] over which spin decays or turns: 1/Re sqrt(Gamma/D + i omega/D)."""
    fastest = float(np.max(np.linalg.eigvalsh(rates), initial=0.0))
    turning = float(np.max(np.linalg.norm(larmor, axis=-1), initial=0.0))
    kappa = np.sqrt(complex(fastest, turning) / float(diffusion.min())).real
    return (float(1 / kappa),) if kappa > 0 else ()


def spin_deposit(matrix: Array) -> Deposit:
    """Rows x, y, z of a deposit [A/m^3] from the spin columns; `matrix` (batch, entities, points, 3, 3) [S/m^3]."""
    return Deposit(matrix_terms(matrix, rows=slice(0, 3), columns=_W, size=(3, _SIZE[1])))


def _conduction(sigma: Array, theta: Array) -> Coefficient:
    """sigma grad of every component, the -2 theta^2 of the charge law, and the spin Hall cross terms."""
    charge = np.zeros(_SIZE)
    charge[_U, _U] = 1.0
    terms = [Term(sigma, _ONE, np.eye(_SIZE[0]))]
    if np.any(theta):
        terms.append(Term(-2.0 * theta**2 * sigma, _ONE, charge, SPIN_HALL))
        for a in range(3):
            cross = np.zeros(_SIZE)
            cross[_U.start, _W.start + a] = cross[_W.start + a, _U.start] = 1.0
            terms.append(Term(theta * sigma, EPSILON[:, a, :], cross, SPIN_HALL))
    return tuple(terms)


def _ordinary_hall(sigma: Array, mobility: Array, field: Array) -> Coefficient:
    """-sigma mu (grad x B) on every component: spatial part [i, k] = eps_{ikl}, one term per component of B."""
    if not np.any(mobility):
        return ()
    return tuple(
        Term(-sigma * mobility * field[..., l], EPSILON[:, :, l], np.eye(_SIZE[0]), ORDINARY_HALL)
        for l in range(3)
        if np.any(field[..., l])
    )


def _spin_term(weight: Array) -> Term:
    fields = np.zeros(_SIZE)
    fields[_W, _W] = np.eye(3)
    return Term(weight, np.asarray(1.0), fields)


def _sink(inertia: Array, rates: Array) -> Coefficient:
    """(sigma/D) Gamma: one term where the relaxation is isotropic, one per tensor entry otherwise."""
    trace = rates[..., 0, 0]
    if np.array_equal(rates, trace[..., None, None] * np.eye(3)):
        return (_spin_term(inertia * trace),)
    return matrix_terms(inertia[..., None, None] * rates, rows=_W, columns=_W, size=_SIZE)


def _precession(inertia: Array, larmor: Array) -> Coefficient:
    """-(sigma/D) [omega x]: the balance contains + omega x w, so the sink R carries the minus sign."""
    terms = []
    for c, axis in enumerate(np.eye(3)):
        if np.any(larmor[..., c]):
            fields = np.zeros(_SIZE)
            fields[_W, _W] = -cross_matrix(axis)
            terms.append(term(inertia * larmor[..., c], 1.0, fields))
    return tuple(terms)


def _relaxation_matrix(diffusion: Array, length: ArrayLike | None, relaxation: ArrayLike | None) -> Array:
    """Gamma as (batch, entities, points, 3, 3) [1/s]."""
    if (length is None) == (relaxation is None):
        raise InputError("diffusion_length", "given, or else relaxation (one of the two)", (length, relaxation))
    if length is not None:
        lam = as_weight(length)
        require_positive("diffusion_length", lam, "m")
        return (diffusion / lam**2)[..., None, None] * np.eye(3)
    gamma = as_weight(np.asarray(relaxation, dtype=float), 2)
    if not is_symmetric(gamma):
        raise InputError("relaxation", "a symmetric 3x3 tensor [1/s]", gamma.reshape(-1, 3, 3)[0].tolist())
    slowest = float(np.linalg.eigvalsh(gamma).min())
    if slowest < -ROUNDING * np.abs(gamma).max():
        raise InputError("relaxation", "a tensor with non-negative rates [1/s]", slowest)
    return gamma


def require_positive(key: str, value: Array, unit: str) -> None:
    """InputError unless every entry is positive."""
    if not np.all(value > 0):
        raise InputError(key, f"positive [{unit}]", float(value.min()))
