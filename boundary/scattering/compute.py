"""Coefficients of the interface condition from an interface: to first order in h_R, or from the exact matching.

`first_order` is the law of Kim et al., 2017: coefficients independent of the direction of m. `all_orders` gives the
same numbers without expansion where they still have a meaning, each at the direction where symmetry isolates it:

    a, b, b_lat, g_mix, flips        m along n: the response is isotropic in the plane
    gamma, delta                     m along Y = n x E
    g_up_plane, g_dn_plane           m in the plane (mean over its directions; the same for all)

For other m the exact response has more components than the law: `hanle.boundary.scattering.response`.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from hanle.boundary.scattering.amplitudes import Source
from hanle.boundary.scattering.coefficients import Drive, MemoryLoss, RashbaCoefficients
from hanle.boundary.scattering.landauer import circuit, memory_loss
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.quadrature import QuadratureError
from hanle.boundary.scattering.response import biased, driven, probabilities
from hanle.boundary.scattering.torque import drives
from hanle.boundary.scattering.validity import require_exact, require_first_order

_X, _Y, _Z = np.eye(3)


def first_order(
    source: Source, *, loss: bool = True, rtol: float | None = None, accept: Collection[str] = ()
) -> RashbaCoefficients:
    """Coefficients to first order in h_R; the flips of `loss` to second, their lowest order.

    Args:
        source: a model interface or a table of amplitudes.
        loss: whether to compute flips. They diverge where equal bands meet without any barrier.
        rtol: tolerance of the sums relative to the sums of absolute values; default 1e-11, or that of the table.
        accept: names of `hanle.boundary.scattering.validity` to go on in spite of.

    Raises:
        InputError, UnsupportedError: outside the validity.
        QuadratureError: a sum does not converge.
    """
    require_first_order(source, accept)
    up, dn, mixing = circuit(source, rtol)
    flips = MemoryLoss()
    if loss and source.h_R:
        try:
            flips = memory_loss(source, rtol)
        except QuadratureError as error:
            raise QuadratureError(f"{error}; without flips: loss=False") from error
    return RashbaCoefficients(*drives(source, rtol), up, dn, mixing, flips)


def all_orders(
    interface: Interface, *, loss: bool = True, rtol: float | None = None, accept: Collection[str] = ()
) -> RashbaCoefficients:
    """Coefficients from the exact matching, for the directions of m listed above; arguments as `first_order`."""
    require_exact(interface, accept)
    upright, flat, biases = driven(interface, _Z, rtol), driven(interface, _Y, rtol), biased(interface, _Z, rtol)
    # E along x: Y = y, and m x Y = -x for m = z.
    found = [
        Drive(
            a=float(upright.below[p, 2, 0]),
            b=-float(upright.below[p, 1, 0]),
            b_lat=-float(upright.lattice[p, 0, 0]),
            gamma=float(flat.below[p, 2, 0]),
            delta=float(flat.below[p, 0, 0]),
        )
        for p in range(3)
    ]
    bare = replace(interface, h_R=0.0)
    up, dn, _ = circuit(bare, rtol)
    # J^x = -2 Re g_mix w_x and J^y = -2 Im g_mix w_x
    mixing = complex(-biases.below[1, 1] / 2, -biases.below[2, 1] / 2)
    flips = _exact_loss(interface, (up, dn), rtol) if loss else MemoryLoss()
    return RashbaCoefficients(found[0], found[1], found[2], up, dn, mixing, flips)


def _exact_loss(interface: Interface, unperturbed: tuple[float, float], rtol: float | None) -> MemoryLoss:
    upright, flat = probabilities(interface, _Z, rtol), probabilities(interface, _X, rtol)
    changes = [float(found.passed_back[s, s]) - unperturbed[s] for found in (upright, flat) for s in (0, 1)]
    return MemoryLoss(
        float(upright.reflected[1, 0]),
        float(upright.passed_back[0, 1]),
        float(upright.passed_back[1, 0]),
        float(upright.reflected_back[1, 0]),
        *changes,
    )
