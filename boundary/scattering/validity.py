"""What the first order in h_R does not cover: large h_R, and electrons bound to the interface.

An attractive interface potential binds spin s, at momenta in the plane beyond the Fermi surfaces of both sides, if

    v_s + kappa_N + kappa_s < 0 at the edge of the larger one,    kappa^2 = k_perp^2 - edge,   v = u0 -+ um

(Kim et al., 2017, count scattering states only and do not mention it: with equal Fermi surfaces u0 < |um| is enough.)
Such a band carries current along the interface and a torque of its own, of the order of those of the scattering states.
Spin-orbit coupling binds too, as soon as h_R k_perp outweighs the same sum; to first order that does not count.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from hanle.boundary.scattering.amplitudes import Source
from hanle.boundary.scattering.model import Interface
from hanle.pde.errors import InputError, UnsupportedError, unknown_name

#: Names of what can be accepted.
LARGE, BOUND, BOUND_BY_COUPLING = "large h_R", "bound states", "bound states of h_R"
NAMES = (LARGE, BOUND, BOUND_BY_COUPLING)
#: Largest h_R to first order, and errors of the coefficients against the exact matching.
LARGEST = 0.2
ERRORS = (
    "single coefficients 1 % at 0.05, 3 % at 0.1, 10 % at 0.2, 40 % at 0.4, sums that cancel three times that, "
    "all of them more where exchange is weak and there is no barrier"
)


@dataclass(frozen=True)
class BoundState:
    """Electrons at the Fermi energy bound to the interface.

    Attributes:
        spin: "up", "dn", or "both" where spin-orbit coupling mixes them.
        k_perp: radius of their Fermi line [1/m]; for "both" a lower bound.
        excess: by how much the attraction outweighs the decay into both sides [1/m].
    """

    spin: str
    k_perp: float
    excess: float


def bound_states(interface: Interface) -> tuple[BoundState, ...]:
    """Bands bound by the potentials u0, um alone."""
    found = []
    normal = float(interface.edges[0])
    for spin, edge, v in zip(("up", "dn"), interface.edges[1:], interface.potentials, strict=True):
        lowest = max(normal, float(edge), 0.0)
        excess = -v - np.sqrt(lowest - normal) - np.sqrt(lowest - edge)
        if excess > 0:
            # kappa_N + kappa_s = -v and kappa_s^2 - kappa_N^2 = normal - edge
            decay = (-v + (normal - float(edge)) / v) / 2
            found.append(BoundState(spin, float(np.sqrt(normal + decay**2)), float(excess)))
    return tuple(found)


def bound_by_coupling(interface: Interface) -> BoundState | None:
    """A band that h_R binds at least for one direction of m and k, or None; it grows from the edge of all bands."""
    lowest = max(float(interface.edges.max()), 0.0)
    normal, up, dn = np.sqrt(lowest - interface.edges)
    own = normal + (up + dn) / 2 + interface.u0 - abs(interface.um + (dn - up) / 2)
    excess = abs(interface.h_R) * np.sqrt(lowest) - own
    return BoundState("both", float(np.sqrt(lowest)), float(excess)) if excess > 0 and interface.h_R else None


def require_first_order(source: Source, accept: Collection[str] = ()) -> None:
    """Refuse what the first order does not cover, unless its name is in `accept`.

    Raises:
        InputError: |h_R| > LARGEST.
        UnsupportedError: bound states.
    """
    _require_names(accept)
    if abs(source.h_R) > LARGEST and LARGE not in accept:
        must = f"between -{LARGEST} and {LARGEST} to first order in h_R (errors: {ERRORS})"
        raise InputError("h_R", must, source.h_R, f'use all_orders, or accept=("{LARGE}",)')
    if isinstance(source, Interface):
        _refuse_bound(bound_states(source), BOUND, accept)


def require_exact(interface: Interface, accept: Collection[str] = ()) -> None:
    """Refuse bound states, of the potentials and of h_R: the sums run over scattering states only."""
    _require_names(accept)
    _refuse_bound(bound_states(interface), BOUND, accept)
    extra = bound_by_coupling(interface)
    if extra and not bound_states(interface):
        _refuse_bound((extra,), BOUND_BY_COUPLING, accept)


def _refuse_bound(found: tuple[BoundState, ...], name: str, accept: Collection[str]) -> None:
    if found and name not in accept:
        first = found[0]
        raise UnsupportedError(
            f"electrons bound to the interface (spin {first.spin}, Fermi line at k_perp = {first.k_perp:.4g} 1/m, "
            f"attraction {first.excess:.3g} 1/m too strong), whose current and torque are not in the sums over "
            f'scattering states: raise u0 by that much, or leave them out with accept=("{name}",)'
        )


def _require_names(accept: Collection[str]) -> None:
    for name in accept:
        if name not in NAMES:
            raise unknown_name("accept", name, NAMES)
