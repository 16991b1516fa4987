"""Magnons and heat across a stack of layers, m = +y and no precession: exact, by admittances of the layers.

In a layer A U'' = R U with A > 0 and R >= 0 symmetric. With R v = k^2 A v, V^T A V = 1, the fluxes that enter at the
low and at the high face are

    [J_low ]   [ C -S ] [U_low ]        C = A V diag(k coth k d) V^T A
    [J_high] = [-S  C ] [U_high]        S = A V diag(k csch k d) V^T A,        1/d in both where k = 0

A contact with the form U^T M U adds M, a metal film with the spin Hall effect E as an unknown (w along y, E along x):

    high face  - theta sigma E,    low face  + theta sigma E
    I = sigma (1 - 2 theta^2) d E + theta sigma (w_high - w_low)

What enters all faces of a node adds up to what is fed in there. Fluxes of heat are Q = -q [W/m^2] per relative
temperature t = (T - T_0)/T_0, those of spin A/m^2 per V; I in A/m.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import eigh

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

    @property
    def admittance(self) -> Array:
        """(2n, 2n) what enters at the faces."""
        rates, v = eigh(self.relax, self.conduct)
        x = np.sqrt(np.maximum(rates, 0.0)) * self.thickness
        x = np.where(x > 1e-7, x, 1e-7)
        modes = self.conduct @ v
        near, far = ((modes * w) @ modes.T / self.thickness for w in (x / np.tanh(x), x / np.sinh(x)))
        return np.block([[near, -far], [-far, near]])


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

    @property
    def matrix(self) -> Array:
        """What is fed in per unknown."""
        total = np.zeros((len(self.nodes),) * 2)
        for nodes, form in [*((x.nodes, x.admittance) for x in self.layers), *self.contacts]:
            total[np.ix_(self.place(nodes), self.place(nodes))] += form
        for layer in (x for x in self.layers if x.theta):
            low, high, e = self.place([(layer.name, "low", "w"), (layer.name, "high", "w"), (layer.name, "E")])
            turned = layer.theta * layer.sigma
            total[e, e] = layer.sigma * (1 - 2 * layer.theta**2) * layer.thickness
            total[e, high] = total[low, e] = turned
            total[e, low] = total[high, e] = -turned
        return total

    def solve(self, held: Mapping[Node, float], fed: Mapping[Node, float] | None = None) -> tuple[Array, Array]:
        """(unknowns, what is fed in), each per node: some held, others fed, the rest free."""
        matrix, u, load = self.matrix, np.zeros(len(self.nodes)), np.zeros(len(self.nodes))
        for node, value in held.items():
            u[self.nodes.index(node)] = value
        for node, value in (fed or {}).items():
            load[self.nodes.index(node)] = value
        free = [k for k, n in enumerate(self.nodes) if n not in held]
        rhs = (load - matrix @ u)[free]
        block = matrix[np.ix_(free, free)]
        scale = 1 / np.sqrt(np.diag(block))
        u[free] = scale * np.linalg.solve(scale[:, None] * block * scale, scale * rhs)
        return u, matrix @ u


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
