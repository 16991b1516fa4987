"""Wave functions at the interface with its spin-orbit coupling to all orders: one 2x2 equation per transverse mode.

In the frame n = z, spinors along m (first component: spin along +m, "dn"), k = k_perp (cos phi, sin phi):

    D = i (K + k_z) - kappa,     kappa = u0 + um sigma.m + h_R sigma.(k x n),     K = diag(K_dn, K_up)
    psi(0) = 2i k_z D^-1 / sqrt(k_z)          incoming from N with unit flux, both spins as columns
    psi(0) = 2i D^-1 K / sqrt(K)              incoming from F, bands with real K only
    psi'(-0) = i k_z (incoming - reflected),  psi'(+0) = psi'(-0) + kappa psi(0)

Source: Kim et al., 2017, Eqs (2)-(6), with the labels of (6) corrected; Appendix B for what stays unitary.
"""

from dataclasses import dataclass

import numpy as np

from hanle.boundary.scattering.amplitudes import ComplexArray
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.quadrature import Transverse
from hanle.pde.coefficients import direction
from hanle.pde.tensors import Array

_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)
#: Position of the spinor components.
DN, UP = 0, 1


@dataclass(frozen=True, eq=False)
class Matching:
    """Waves at z = 0 for all spins and both sides of incidence; leading axes (points, angles), then 2x2.

    Attributes:
        psi_N, psi_F: psi(0) [m^1/2], columns are incoming spins; 0 where the incoming wave is evanescent.
        slope_N, slope_F: d psi/dz at z = -0 [m^-1/2].
        kappa, rashba: the interface potential and its spin-orbit part [1/m].
        r, t, r_back, t_back: amplitudes from N (r, t) and from F (r', t'); columns of evanescent waves are 0.
        in_N, in_F: projectors on the waves that carry current, diagonals (points, 1, 2).
    """

    psi_N: ComplexArray
    psi_F: ComplexArray
    slope_N: ComplexArray
    slope_F: ComplexArray
    kappa: ComplexArray
    rashba: ComplexArray
    r: ComplexArray
    t: ComplexArray
    r_back: ComplexArray
    t_back: ComplexArray
    in_N: Array
    in_F: Array

    def flux_defect(self) -> float:
        """Largest element of S^dagger S - 1 and S S^dagger - 1 between waves that carry current."""
        kept_n, kept_f = self.in_N[..., :, None], self.in_F[..., :, None]
        s = np.concatenate(
            [
                np.concatenate([kept_n * self.r, kept_n * self.t_back], axis=-1),
                np.concatenate([kept_f * self.t, kept_f * self.r_back], axis=-1),
            ],
            axis=-2,
        )
        kept = np.broadcast_to(np.concatenate([self.in_N, self.in_F], axis=-1), s.shape[:-1])
        one = kept[..., None] * np.eye(4)
        dagger = np.conj(np.swapaxes(s, -1, -2))
        return float(max(np.abs(dagger @ s - one).max(), np.abs(s @ dagger - one).max()))


def spin_matrices(m: Array) -> ComplexArray:
    """sigma_x, sigma_y, sigma_z between spinors along +m and -m, (3, 2, 2)."""
    axis = direction("magnetisation", m).reshape(3)
    _, vectors = np.linalg.eigh(np.einsum("a,aij->ij", axis, _PAULI))
    basis = vectors[:, ::-1]
    return np.asarray(basis.conj().T @ _PAULI @ basis)


def match(interface: Interface, at: Transverse, angles: Array, m: Array) -> Matching:
    """Solve the matching.

    Args:
        interface: the model.
        at: points k_perp, (points,).
        angles: phi of k in the plane [rad], (angles,).
        m: magnetisation (3,) in the frame n = z.
    """
    k_z, up, dn = (wave[:, None] for wave in interface.waves(at))
    bands = np.stack([dn, up], axis=-1)
    spins = spin_matrices(m)
    across = np.stack([np.sin(angles), -np.cos(angles), np.zeros_like(angles)], axis=-1)
    size = interface.h_R * np.sqrt(at.k_perp2)
    rashba = size[:, None, None, None] * np.einsum("pa,aij->pij", across, spins)
    v_up, v_dn = interface.potentials
    kappa = rashba + np.diag([v_dn, v_up])
    inverse = _inverse(1j * (bands + k_z[..., None])[..., None] * np.eye(2) - kappa)
    in_normal = np.repeat((k_z.imag == 0).astype(float)[..., None], 2, axis=-1)
    in_magnet = (bands.imag == 0).astype(float)
    root_n, root_f = np.sqrt(np.abs(k_z))[..., None, None], np.sqrt(np.abs(bands))
    wave_n = k_z[..., None, None]
    psi_n = 2j * wave_n / root_n * inverse * in_normal[..., None, :]
    psi_f = 2j * inverse * (bands / root_f * in_magnet)[..., None, :]
    incoming = np.eye(2) * in_normal[..., None, :]
    return Matching(
        psi_N=psi_n,
        psi_F=psi_f,
        slope_N=1j * wave_n * (2 * incoming / root_n - psi_n),
        slope_F=-1j * wave_n * psi_f,
        kappa=kappa,
        rashba=rashba,
        r=root_n * psi_n - incoming,
        t=root_f[..., :, None] * psi_n,
        r_back=root_f[..., :, None] * psi_f - np.eye(2) * in_magnet[..., None, :],
        t_back=root_n * psi_f,
        in_N=in_normal,
        in_F=in_magnet,
    )


def _inverse(matrix: ComplexArray) -> ComplexArray:
    (a, b), (c, d) = (tuple(matrix[..., i, j] for j in (0, 1)) for i in (0, 1))
    adjugate = np.stack([np.stack([d, -b], axis=-1), np.stack([-c, a], axis=-1)], axis=-2)
    return np.asarray(adjugate / (a * d - b * c)[..., None, None])
