"""Magnets that move: what their motion adds to the laws of their faces and, where they conduct, of their inside.

Seen from a frame that turns with m, the spins of a metal feel the field of this turning. The transverse part of a face
law therefore acts on

    w - p,      p = (hbar/2e) m x dm/dt      [V]

in place of w: that is spin pumping, and since the torque comes from the same law, what flows back is in the solution.
Torque in which the lattice takes part has a partner as well (Onsager): the motion drives a sheet current

    K_i^c  +=  p_a D_a^ic,      D: what `lattice:spin-orbit` gets per tangential gradient i of the trace c

besides the one that follows from w - p. Inside a magnet exchange and dephasing act on w - p in the same way, relaxation
and the precession about B on w. The metal gains the power -tau . (m x dm/dt) from the magnet.
Source: Tserkovnyak et al., 2002; Bender & Tserkovnyak, 2015, Eq. (11) with n = -m.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import Bulk, Coefficient, Deposit, FaceLaw, Term, as_weight, direction
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError, UnsupportedError, unknown_name
from hanle.pde.problem import Face, Problem
from hanle.pde.tensors import Array

#: Roles of the side on which a magnet takes and gives transverse spin.
METALS = ("metal", "normal")
#: Receiver of what the lattice gives a magnet by spin-orbit coupling, negative; see `hanle.boundary.rashba`.
LATTICE = "lattice:spin-orbit"
#: Part of |dm/dt| that may be along m.
ALONG = 1e-9


@dataclass(frozen=True, eq=False)
class Motion:
    """m, (..., 3), normalised where it is used, and dm/dt [1/s] of the same shape, perpendicular to m.

    Leading axes are those of a weight: none, or (batch, 1).
    """

    m: ArrayLike
    rate: ArrayLike


def pumped(law: FaceLaw, motion: Motion) -> FaceLaw:
    """The law of a face whose magnet moves.

    Args:
        law: of the magnet at rest in the direction m of `motion`: `b_layer`, `normal_ferromagnet`,
            `rashba_interface`, `magnon_face`, or any that sees w_perp of the metal through G and Q'.

    Raises:
        UnsupportedError: a law that is not linear.
        InputError: no side with spin is called one of METALS, or a rate along m.
    """
    if law.at is not None:
        raise UnsupportedError("a face law that is not linear, of a magnet that moves; use a linear one")
    columns, p = _metal(law), turning(motion)
    lattice = law.deposits.get(LATTICE, Deposit()).gradients
    handed = {
        name: replace(one, sources=(*one.sources, *_acting(one.values, columns, p)))
        for name, one in law.deposits.items()
    }
    return replace(
        law,
        g=(*law.g, *_acting(law.G, columns, p)),
        k=(*law.k, *_acting(law.Qt, columns, p), *_returned(lattice, p)),
        deposits=handed,
    )


def pumped_inside(bulk: Bulk, magnet: str, motion: Motion) -> Bulk:
    """The law of a region in which a magnet takes torque and moves: `ferromagnet` and media like it."""
    receiver, p = f"torque:{magnet}", turning(motion)
    sink, columns = bulk.deposits[receiver], bulk.fields.slice("w")
    taken = _acting(sink.values, columns, p)
    size = bulk.fields.size
    kept = tuple(Term(-t.weight, t.spatial, np.eye(size, 3, -columns.start) @ t.fields, t.tag) for t in taken)
    moved = replace(sink, sources=(*sink.sources, *taken))
    return replace(bulk, F=(*bulk.F, *kept), deposits={**bulk.deposits, receiver: moved})


def moving(problem: Problem, motions: Mapping[str, Motion]) -> Problem:
    """The problem of magnets that move; it was made for the directions in `motions`.

    Args:
        motions: magnet -> how it moves; others are at rest.

    Raises:
        InputError: a magnet that takes torque nowhere.
        UnsupportedError: laws that are not linear.
    """
    problem.require_linear()
    faces, regions = dict(problem.faces), dict(problem.regions)
    for magnet, motion in motions.items():
        for name in places_of(problem, magnet):
            if name in faces:
                faces[name] = Face(pumped(faces[name].law, motion), faces[name].sides)
            else:
                regions[name] = pumped_inside(regions[name], magnet, motion)
    return replace(problem, faces=faces, regions=regions)


def places_of(problem: Problem, magnet: str) -> tuple[str, ...]:
    """Faces and regions in which a magnet takes torque; InputError where there is none."""
    handed = {name: face.law.deposits for name, face in problem.faces.items()}
    handed |= {name: bulk.deposits for name, bulk in problem.regions.items()}
    found = tuple(name for name, deposits in handed.items() if f"torque:{magnet}" in deposits)
    if not found:
        names = {n for deposits in handed.values() for n in deposits if n.startswith("torque:")}
        raise unknown_name("magnet", magnet, {n.removeprefix("torque:") for n in names})
    return found


def turning(motion: Motion) -> Array:
    """p = (hbar/2e) m x dm/dt, (batch, 1, 1, 3) [V]; InputError for a rate along m."""
    m, rate = direction("magnetisation", motion.m), as_weight(motion.rate, 1)
    along = np.abs(np.einsum("...a,...a->...", m, rate))
    if np.any(along > ALONG * np.linalg.norm(rate, axis=-1)):
        raise InputError("rate", "perpendicular to m", float(along.max()), "m keeps its length")
    return np.asarray(HBAR / (2 * E_CHARGE) * np.cross(m, rate))


def _metal(law: FaceLaw) -> slice:
    """Columns of the spin of the metal."""
    for side in law.sides:
        if side.role in METALS and "w" in side.fields:
            return law.columns(side.role, "w")
    roles = tuple(side.role for side in law.sides)
    raise InputError("face law", f"with spin on a side called one of {METALS}", roles)


def _acting(coefficient: Coefficient, columns: slice, p: Array) -> Coefficient:
    """What a coefficient makes of -p in the place of w."""
    return tuple(
        Term(-t.weight * p[..., a], t.spatial, t.fields[:, columns.start + a], t.tag)
        for t in coefficient
        for a in range(3)
        if np.any(t.fields[:, columns.start + a]) and np.any(p[..., a])
    )


def _returned(lattice: Coefficient, p: Array) -> Coefficient:
    """Sheet currents p_a D_a of a deposit per gradient."""
    return tuple(
        Term(t.weight * p[..., a], t.spatial, t.fields[a], t.tag)
        for t in lattice
        for a in range(3)
        if np.any(t.fields[a]) and np.any(p[..., a])
    )
