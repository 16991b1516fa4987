"""What an in-plane field does at the interface, to first order in h_R.

With T_s = |t'_s|^2, A = 1 + r, c = h_R e^2/(4 pi m) and sums per area over transverse modes, weight k_perp^2/|k_z|,

    a_up =  c tau_up S[Im A_dn T_up]     b_up =  c tau_up S[Re A_dn T_up]     b_lat_up = -c tau_up S'[T_up]
    a_dn =  c tau_dn S[Im A_up T_dn]     b_dn = -c tau_dn S[Re A_up T_dn]     b_lat_dn =  c tau_dn S'[T_dn]
    b_lat_N = -c tau_N S[|A_up|^2 - |A_dn|^2]
    gamma_s = c tau_s S[Im r_s T_s],     delta_s = -+ c tau_s S[Im r_s T_s] (up -, dn +)
    a, b, gamma, delta of N: minus the sum of those of up and dn, with tau_N: equal times give no current in N

S runs over real k_z, S' over imaginary k_z too: electrons of F that are totally reflected feel the interface.

Torque on the magnet, interface and bulk together, for a field E in the plane, Y = n x E, per area:

    T = Im(T_R) (Y - m (m.Y)) + Re(T_R) m x Y,    T_R = -(hbar/2e) sum_p [b_p + b_lat_p + i a_p]

Source: Kim et al., 2017, Eqs (14)-(16) with the sign of the physical field; (15) and the term delta corrected.
"""

from dataclasses import dataclass

import numpy as np

from hanle.boundary.scattering.amplitudes import Amplitudes, ComplexArray, Source
from hanle.boundary.scattering.coefficients import Drive, RashbaCoefficients
from hanle.boundary.scattering.model import RTOL, Interface
from hanle.boundary.scattering.quadrature import Transverse, mode_sum
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array


@dataclass(frozen=True)
class TorqueIntegrals:
    """Dimensionless I_p of T_R/area = h_R hbar e E k^3/(32 pi^2 m) sum_p tau_p I_p; real part field-like."""

    N: complex
    up: complex
    dn: complex


def drive_rows(found: Amplitudes) -> Array:
    """Integrands of all drives (10, points), without c tau."""
    weight = found.k_perp2 / np.abs(found.k_z)
    real = np.where(found.propagates, weight, 0.0)
    up, dn = found.A_up, found.A_dn
    return np.stack(
        [
            real * dn.imag * found.T_up,
            real * up.imag * found.T_dn,
            real * dn.real * found.T_up,
            real * up.real * found.T_dn,
            real * found.r_up.imag * found.T_up,
            real * found.r_dn.imag * found.T_dn,
            real * np.abs(up) ** 2,
            real * np.abs(dn) ** 2,
            weight * found.T_up,
            weight * found.T_dn,
        ]
    )


def drives(source: Source, rtol: float | None = None) -> tuple[Drive, Drive, Drive]:
    """Coefficients of N, up and dn [S/m]."""
    sums = source.total(drive_rows, rtol, "spin currents driven along the interface").value
    c = source.h_R * E_CHARGE**2 / (4 * np.pi * source.mass)
    a_up, a_dn, b_up, b_dn, along_up, along_dn, lattice_up, lattice_dn, all_up, all_dn = (
        float(c * s) for s in sums
    )
    normal, up, dn = source.tau_N, source.tau_up, source.tau_dn
    return (
        Drive(
            a=-normal * (a_up + a_dn),
            b=-normal * (b_up - b_dn),
            b_lat=-normal * (lattice_up - lattice_dn),
            gamma=-normal * (along_up + along_dn),
            delta=-normal * (along_dn - along_up),
        ),
        Drive(up * a_up, up * b_up, -up * all_up, up * along_up, -up * along_up),
        Drive(dn * a_dn, -dn * b_dn, dn * all_dn, dn * along_dn, dn * along_dn),
    )


def torque_per_field(given: RashbaCoefficients) -> ComplexArray:
    """T_R per area and field for N, up, dn [J/m^2 per V/m], (3,): real part field-like, imaginary damping-like."""
    parts = [np.asarray(d.b) + np.asarray(d.b_lat) + 1j * np.asarray(d.a) for d in given.drives]
    return np.asarray(-HBAR / (2 * E_CHARGE) * np.array(parts))


def torque_integrals(source: Source, rtol: float | None = None) -> TorqueIntegrals:
    """I_N, I_up, I_dn, which depend on neither h_R nor the times."""
    a_up, a_dn, b_up, b_dn, _, _, lattice_up, lattice_dn, all_up, all_dn = source.total(
        drive_rows, rtol, "torque integrals"
    ).value
    # - (hbar/2e) c tau S = h_R hbar e tau/(8 pi m) (- S), and S has the dimension of k^3/(4 pi).
    scale = -4 * np.pi / source.k**3
    normal = -(b_up - b_dn) - (lattice_up - lattice_dn) - 1j * (a_up + a_dn)
    return TorqueIntegrals(
        complex(scale * normal),
        complex(scale * (b_up - all_up + 1j * a_up)),
        complex(scale * (all_dn - b_dn + 1j * a_dn)),
    )


def interface_share(interface: Interface, rtol: float | None = None) -> tuple[Array, Array]:
    """The part of the torque that acts on the magnetisation at the interface (um), the rest being for the bulk.

    J_F - J(+0), with J_F = J(-0) + what the lattice gives; G = 1/D, and rho_s = |A_s|^2/k_z or T_s/|k_z| for waves
    from N or F. Known for the model only: amplitudes do not tell where in the magnet the spin goes.

    Returns:
        a, b: (3,) each for N, up, dn [S/m]; torque on the interface -(hbar/2e) [a (Y - m (m.Y)) + b m x Y].
    """
    up, dn = interface.potentials

    def rows(at: Transverse) -> Array:
        found = interface.amplitudes(at)
        k_z, wave_up, wave_dn = interface.waves(at)
        g_up, g_dn = 1 / (1j * (wave_up + k_z) - up), 1 / (1j * (wave_dn + k_z) - dn)
        weight = found.k_perp2 / np.abs(k_z)
        normal = np.abs(found.A_up) ** 2, np.abs(found.A_dn) ** 2
        none = np.zeros_like(weight)
        filled = (normal, (found.T_up, none), (none, found.T_dn))
        # One by one, since some differences cancel to rounding.
        flipped = [
            part for u, d in filled for part in (u * g_dn.imag, -d * g_up.imag, u * g_dn.real, d * g_up.real)
        ]
        return np.stack([weight * part for part in flipped])

    sums = mode_sum(interface.edges, rows, RTOL if rtol is None else rtol, "torque on the interface").value
    damping, turning = sums.reshape(3, 2, 2).sum(axis=-1).T
    scale = interface.h_R * E_CHARGE**2 / (2 * np.pi * interface.mass) * interface.um
    times = np.array([interface.tau_N, interface.tau_up, interface.tau_dn])
    return np.asarray(scale * times * damping), np.asarray(scale * times * turning)
