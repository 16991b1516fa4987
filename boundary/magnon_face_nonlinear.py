"""Metal against a magnetic insulator with thermal magnons, for any spin accumulation and temperatures.

With n from the metal N to the insulator F, T = T_0 (1 + t), mu_s = 2 e w, mu_m = 2 e w_m, and i (spin that N loses) and
qdot (energy from the electrons of N to the magnons) of `hanle.boundary.magnons.currents`, each side gains

    N, spin        -(2e/hbar) i                                  F, magnons   (2e/hbar) m.i
    N, electrons   -qdot + mu_s.i/hbar - h_ep T_0 (t_e - t_p^F)  F, heat      qdot - mu_m (m.i)/hbar
    N, lattice     -h_pp T_0 (t_p^N - t_p^F)                     F, lattice   what the lattice terms of N lose

so energy is conserved: what spin and magnons lose at their potentials is heat. For small drives it is the law of
`hanle.boundary.magnon_face`.
Source: Bender & Tserkovnyak, 2015, with the sign of the second term of Eq. (2) corrected.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnon_face import MAGNET, MAGNET_FIELDS, METAL, METAL_FIELDS
from hanle.boundary.magnons.currents import MU_M, T_E, T_M, currents
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import require_temperature
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.pde.coefficients import Coefficient, Deposit, FaceLaw, Side, Term, as_weight, direction, whole_matrix
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array, outer

_SIZE = METAL_FIELDS.size + MAGNET_FIELDS.size
_W, _TE, _TPN, _WM, _TM, _TPF = slice(0, 3), 3, 4, 5, 6, 7
#: Angular momentum per area and time [J/m^2] to current density [A/m^2].
_CHARGE = 2 * E_CHARGE / HBAR


def nonlinear_magnon_face(
    magnet: str, exchange: MagnonExchange, temperature: ArrayLike, magnetisation: ArrayLike
) -> FaceLaw:
    """The law between a metal (role "metal") and an insulator with magnons (role "magnet"), for `hanle.pde.newton`.

    Args:
        magnet: name of the insulator, for the deposits.
        exchange: parameters, numbers, per facet (facets,), or a batch (batch, 1).
        temperature: T_0 [K], from which t counts.
        magnetisation: m, (..., 3) with the same leading axes; normalised here.

    Deposits [A/m^2, spin in charge units], rows x, y, z: as `hanle.boundary.magnon_face.magnon_face`.

    Raises:
        InputError: T_0 <= 0. Later, of the linearisations: T <= 0, more magnons than half the saturation density.
        CondensationError: of the linearisations: the magnon potential reaches the gap.
    """
    require_temperature("temperature", temperature)
    t0, m, given = as_weight(temperature), direction("magnetisation", magnetisation), _weights(exchange)
    conduct = _lattice(given, t0)

    def touch(traces: Array, gradients: Array) -> FaceLaw:
        value, slopes = _exchanged(given, t0, m, traces)
        value = value + np.einsum("...ij,...j->...i", conduct, traces)
        slopes = slopes + conduct
        along = outer(m) @ slopes[..., _W, :], np.einsum("...ij,...j->...i", outer(m), value[..., _W])
        across = slopes[..., _W, :] - along[0], value[..., _W] - along[1]
        handed = {f"torque:{magnet}": across, f"magnons:{magnet}": along}
        return FaceLaw(
            sides=_SIDES,
            G=whole_matrix(slopes),
            g=_sources(value, slopes, traces),
            deposits={
                name: Deposit(whole_matrix(-slope), sources=_sources(-flow, -slope, traces))
                for name, (slope, flow) in handed.items()
            },
        )

    return FaceLaw(sides=_SIDES, at=touch)


_SIDES = (Side(METAL, METAL_FIELDS), Side(MAGNET, MAGNET_FIELDS))


def _exchanged(exchange: MagnonExchange, t0: Array, m: Array, traces: Array) -> tuple[Array, Array]:
    """Gains (..., 8) through magnons and elastic scattering, and their derivatives (..., 8, 8)."""
    mu_s, mu_m = 2 * E_CHARGE * traces[..., _W], 2 * E_CHARGE * traces[..., _WM]
    found = currents(exchange, m, mu_s, mu_m, t0 * (1 + traces[..., _TM]), t0 * (1 + traces[..., _TE]))
    by = np.zeros((*found.i.shape[:-1], 4, _SIZE))
    by[..., _W] = 2 * E_CHARGE * found.jacobian[..., :3]
    by[..., _WM] = 2 * E_CHARGE * found.jacobian[..., MU_M]
    by[..., _TM] = t0[..., None] * found.jacobian[..., T_M]
    by[..., _TE] = t0[..., None] * found.jacobian[..., T_E]
    spin, energy, spin_by, energy_by = found.i, found.qdot, by[..., :3, :], by[..., 3, :]
    carried, carried_by = np.sum(m * spin, axis=-1), np.einsum("...i,...ij->...j", m, spin_by)
    value, slopes = np.zeros((*spin.shape[:-1], _SIZE)), np.zeros((*spin.shape[:-1], _SIZE, _SIZE))
    value[..., _W], slopes[..., _W, :] = -_CHARGE * spin, -_CHARGE * spin_by
    value[..., _WM], slopes[..., _WM, :] = _CHARGE * carried, _CHARGE * carried_by
    value[..., _TE] = -energy + np.sum(mu_s * spin, axis=-1) / HBAR
    slopes[..., _TE, :] = -energy_by + np.einsum("...i,...ij->...j", mu_s, spin_by) / HBAR
    slopes[..., _TE, _W] += _CHARGE * spin
    value[..., _TM] = energy - mu_m * carried / HBAR
    slopes[..., _TM, :] = energy_by - mu_m[..., None] * carried_by / HBAR
    slopes[..., _TM, _WM] -= _CHARGE * carried
    return value, slopes


def _lattice(exchange: MagnonExchange, t0: Array) -> Array:
    """Heat to the lattice of F from lattice and electrons of N, (..., 8, 8)."""
    found = np.zeros((1, 1, 1, _SIZE, _SIZE))
    for conductance, warm in ((exchange.h_pp, _TPN), (exchange.h_ep, _TE)):
        difference = np.zeros(_SIZE)
        difference[warm], difference[_TPF] = 1.0, -1.0
        found = found - (as_weight(conductance) * t0)[..., None, None] * np.outer(difference, difference)
    return found


def _sources(value: Array, slopes: Array, traces: Array) -> Coefficient:
    """What is left at zero of a law with this value and these derivatives at the traces."""
    rest = value - np.einsum("...ij,...j->...i", slopes, traces)
    return tuple(t for t in _rows(rest) if np.any(t.weight))


def _rows(values: Array) -> Coefficient:
    rows = values.shape[-1]
    return tuple(Term(as_weight(values[..., k]), np.asarray(1.0), np.eye(rows)[k]) for k in range(rows))


def _weights(exchange: MagnonExchange) -> MagnonExchange:
    """The parameters as (batch, facets, points)."""
    spectrum = exchange.spectrum
    if isinstance(spectrum, Parabolic):
        spectrum = Parabolic(as_weight(spectrum.stiffness), as_weight(spectrum.gap))
    return replace(
        exchange,
        spectrum=spectrum,
        g_r=as_weight(exchange.g_r),
        g_i=as_weight(exchange.g_i),
        spin_density=as_weight(exchange.spin_density),
        inelastic_scale=as_weight(exchange.inelastic_scale),
        h_pp=as_weight(exchange.h_pp),
        h_ep=as_weight(exchange.h_ep),
    )
