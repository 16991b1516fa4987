"""Magnons and heat across a stack of layers, m = +y and no precession: exact, by admittances of the layers.

In a layer A U'' = R U with A > 0 and R >= 0 symmetric. With R v = k^2 A v, V^T A V = 1, the fluxes that enter at the
low and at the high face are

    [J_low ]   [ C -S ] [U_low ]        C = A V diag(k coth k d) V^T A
    [J_high] = [-S  C ] [U_high]        S = A V diag(k csch k d) V^T A,        1/d in both where k = 0

A contact with the form U^T M U adds M, a metal film with the spin Hall effect E as an unknown (w along y, E along x):

    high face  - theta sigma E,    low face  + theta sigma E
    I = sigma (1 - 2 theta^2) d E + theta sigma (w_high - w_low)

What enters all faces of a node adds up to what is fed in there. Fluxes of heat are Q = -q [W/m^2] per relative
temperature t = (T - T_0)/T_0, those of spin A/m^2 per V; I in A/m. Needs mpmath (pip install "hanle[test]").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array

#: A field at a face of a layer: (layer, "low" or "high", field), or (layer, "E").
Node = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer: names of fields, A and R (n, n), thickness [m]; of a metal film sigma [S/m] and theta too."""

    name: str
    fields: tuple[str, ...]
    conduct: Array
    relax: Array
    thickness: float
    sigma: float = 0.0
    theta: float = 0.0

    @property
    def nodes(self) -> list[Node]:
        """Fields at the low, then at the high face."""
        return [(self.name, end, f) for end in ("low", "high") for f in self.fields]


@dataclass(frozen=True, eq=False)
class Stack:
    """Layers and contacts: (nodes, M) with M symmetric and positive."""

    layers: Sequence[Layer]
    contacts: Sequence[tuple[Sequence[Node], Array]]
    nodes: list[Node] = field(init=False)

    def __post_init__(self) -> None:
        found = [n for layer in self.layers for n in layer.nodes]
        found += [(layer.name, "E") for layer in self.layers if layer.theta]
        object.__setattr__(self, "nodes", found)

    def place(self, nodes: Sequence[Node]) -> list[int]:
        """Rows of nodes."""
        return [self.nodes.index(n) for n in nodes]

    def solve(self, held: Mapping[Node, float], digits: int = 40) -> tuple[Array, Array]:
        """(unknowns, what is fed in), each per node: some held, the others free.

        Args:
            digits: of the working precision: w_m in thin layers and T in thick ones are small differences.
        """
        import mpmath  # type: ignore[import-untyped]

        with mpmath.workdps(digits):
            matrix = self._matrix(mpmath)
            free = [k for k, n in enumerate(self.nodes) if n not in held]
            known = {self.nodes.index(n): mpmath.mpf(value) for n, value in held.items()}
            block, load = mpmath.matrix(len(free)), mpmath.matrix(len(free), 1)
            for a, i in enumerate(free):
                load[a] = -mpmath.fsum(matrix[i, k] * value for k, value in known.items())
                for b, j in enumerate(free):
                    block[a, b] = matrix[i, j]
            found = mpmath.lu_solve(block, load)
            unknowns = mpmath.matrix([known[k] if k in known else found[free.index(k)] for k in range(matrix.rows)])
            fed = matrix * unknowns
            return tuple(np.array([float(x) for x in v]) for v in (unknowns, fed))  # type: ignore[return-value]

    def _matrix(self, mp: Any) -> Any:
        """What is fed in per unknown."""
        total = mp.zeros(len(self.nodes))
        for nodes, form in [*((x.nodes, _admittance(mp, x)) for x in self.layers), *self.contacts]:
            for a, i in enumerate(self.place(nodes)):
                for b, j in enumerate(self.place(nodes)):
                    total[i, j] += form[a, b]
        for layer in (x for x in self.layers if x.theta):
            low, high, e = self.place([(layer.name, "low", "w"), (layer.name, "high", "w"), (layer.name, "E")])
            sigma, theta = mp.mpf(layer.sigma), mp.mpf(layer.theta)
            total[e, e] = sigma * (1 - 2 * theta**2) * mp.mpf(layer.thickness)
            for row, column, sign in ((e, high, 1), (low, e, 1), (e, low, -1), (high, e, -1)):
                total[row, column] = sign * theta * sigma
        return total


def _admittance(mp: Any, layer: Layer) -> Any:
    """(2n, 2n) what enters at the faces."""
    n, d = len(layer.fields), mp.mpf(layer.thickness)
    root = mp.cholesky(mp.matrix(layer.conduct.tolist()))
    rates, v = mp.eigsy(root**-1 * mp.matrix(layer.relax.tolist()) * (root**-1).T)
    modes, form = root * v, mp.zeros(2 * n)
    for k in range(n):
        x = mp.sqrt(abs(rates[k])) * d
        near, far = (x * mp.coth(x), x / mp.sinh(x)) if x > mp.eps**0.25 else (1 + x**2 / 3, 1 - x**2 / 6)
        for i, j in np.ndindex(n, n):
            part = modes[i, k] * modes[j, k] / d
            for row, column, size in ((i, j, near), (n + i, n + j, near), (i, n + j, -far), (n + i, j, -far)):
                form[row, column] += part * size
    return form


def exchange_form(
    temperature: float, g: float, seebeck: float, kappa: float, h_pp: float = 0.0, h_ep: float = 0.0
) -> Array:
    """M of metal | insulator for (w, T_e, T_p) of the metal and (w_m, T_m, T_p) of the insulator.

    Args:
        temperature: T_0 [K]; g [1/m^2], seebeck S [J/(K m^2)], kappa, h_pp, h_ep [W/(K m^2)].
    """
    x, d = np.array([1.0, 0, 0, -1, 0, 0]), np.array([0, -1.0, 0, 0, 1, 0])
    lattice, crossing = np.array([0, 0, 1.0, 0, 0, -1]), np.array([0, 1.0, 0, 0, 0, -1])
    mixed = 2 * E_CHARGE * seebeck / HBAR * np.outer(x, d)
    total = 4 * E_CHARGE**2 * g / HBAR * np.outer(x, x) - temperature * (mixed + mixed.T)
    for h, v in ((kappa, d), (h_pp, lattice), (h_ep, crossing)):
        total = total + h * temperature * np.outer(v, v)
    return total
