"""Heat and spin across collinear stacks: thermal spin injection, spin-dependent Seebeck and Peltier effect.

Two currents, up the majority of m = +, per layer

    j_s = sigma_s (u_s' - S_s T'),   s = up, dn,   u_up/dn = u -+ w,     Q = kappa T' - T_0 (S_up j_up + S_dn j_dn)
    j' = 0,   Q' = 0,   J' = c w/l^2 for J = j_dn - j_up, the spin current along m

With c = sigma (1 - P^2), h = (S_up - S_dn)/2, K = kappa + T_0 c h^2 and S = (sigma_up S_up + sigma_dn S_dn)/sigma,

    J  = -P j + c (kappa/K) w' + c h (Q + S T_0 j)/K,      w'' = (K/kappa) w/l^2
    T_right - T_left = [(Q + S T_0 j) d - T_0 c h (w_right - w_left)]/K
    u_right - u_left = j d/sigma + P (w_right - w_left) + S (T_right - T_left)

An interface is the same for unit thickness without relaxation: G, P, kappa [W/(m^2 K)], S and h. Its m is that of the
ferromagnet beside it. Spin current does not leave the ends. Electrons only, linear about T_0.

    u, w   V       minus the electrochemical potential, half the spin accumulation along m = +
    Q, j   W/m^2, A/m^2    against q, and along +z as j
    T      K       T - T_0

Two half-infinite metals F | N with T' given far in F, no current (Slachter et al., 2010, in these signs):

    w = -c h T' / [(c/l) (kappa/K)^{1/2} + sigma_N/l_N]

Source: Slachter et al., 2010; Bauer, Saitoh & van Wees, 2012; derived here with the reaction of spin on heat.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hanle.pde.tensors import Array


@dataclass(frozen=True)
class Element:
    """A layer, or an interface (thickness 1, length infinite).

    Attributes:
        conductance: sigma [S/m], or G of an interface [S/m^2].
        heat: kappa [W/(K m)], or of an interface [W/(m^2 K)].
        polarisation: P of the spin that is the majority of m = +: changes sign with m.
        seebeck: S [V/K].
        spin_dependent: S_up - S_dn [V/K], up the majority of m = +: changes sign with m.
        thickness, length: d and l [m].
    """

    conductance: float
    heat: float
    polarisation: float = 0.0
    seebeck: float = 0.0
    spin_dependent: float = 0.0
    thickness: float = 1.0
    length: float = np.inf

    @property
    def reversed(self) -> "Element":
        """With the magnetisation turned over."""
        numbers = {**vars(self), "polarisation": -self.polarisation, "spin_dependent": -self.spin_dependent}
        return Element(**numbers)

    @property
    def c(self) -> float:
        """sigma (1 - P^2)."""
        return self.conductance * (1 - self.polarisation**2)

    @property
    def h(self) -> float:
        """(S_up - S_dn)/2."""
        return self.spin_dependent / 2

    def heat_at(self, temperature: float) -> float:
        """K."""
        return self.heat + temperature * self.c * self.h**2


@dataclass(frozen=True)
class Answer:
    """What a stack does.

    Attributes:
        heat: Q [W/m^2].
        warming: T_right - T_left [K].
        voltage: u_right - u_left [V].
        accumulation: w at the joints, ends among them [V].
    """

    heat: float
    warming: float
    voltage: float
    accumulation: Array


def respond(
    elements: Sequence[Element],
    temperature: float,
    current: float,
    heat: float | None = None,
    warming: float | None = None,
) -> Answer:
    """The stack under a current, and a heat flow or a difference of temperatures.

    Args:
        elements: from left to right.
        temperature: T_0 [K].
        current: j [A/m^2].
        heat, warming: Q, or T_right - T_left; one of the two.
    """
    n = len(elements)
    # Unknown: w at n + 1 joints, then Q; rows: J in balance at each joint, then Q or the difference of temperatures.
    matrix, load = np.zeros((n + 2, n + 2)), np.zeros(n + 2)
    for k, element in enumerate(elements):
        near, far = _slopes(element, temperature)
        total, c, h = element.heat_at(temperature), element.c, element.h
        for joint, other, sign in ((k, k + 1, 1.0), (k + 1, k, -1.0)):
            # J at the left end counts with +, at the right end with -.
            matrix[joint, joint] -= near
            matrix[joint, other] += far
            matrix[joint, n + 1] += sign * c * h / total
            load[joint] -= sign * (-element.polarisation + c * h * element.seebeck * temperature / total) * current
        matrix[n + 1, [k, k + 1]] += temperature * c * h / total * np.array([1.0, -1.0])
        matrix[n + 1, n + 1] += element.thickness / total
        load[n + 1] -= element.seebeck * temperature * current * element.thickness / total
    if heat is not None:
        matrix[n + 1], load[n + 1] = np.eye(n + 2)[n + 1], heat
    else:
        load[n + 1] += warming or 0.0
    scale = np.append(np.ones(n + 1), np.abs(matrix).max() / 1e3)
    found = np.linalg.solve(matrix * scale, load) * scale
    w, flow = found[: n + 1], float(found[n + 1])
    rise, fall = 0.0, 0.0
    for k, element in enumerate(elements):
        total, jump = element.heat_at(temperature), float(w[k + 1] - w[k])
        driven = (flow + element.seebeck * temperature * current) * element.thickness
        warmed = (driven - temperature * element.c * element.h * jump) / total
        rise += warmed
        fall += current * element.thickness / element.conductance + element.polarisation * jump
        fall += element.seebeck * warmed
    return Answer(flow, rise, fall, w)


def injected(magnet: Element, metal: Element, temperature: float, slope: float) -> float:
    """w at F | N, both half-infinite, without current [V]; slope: T' far in F [K/m]."""
    ratio = np.sqrt(magnet.heat / magnet.heat_at(temperature))
    return float(
        -magnet.c * magnet.h * slope / (magnet.c / magnet.length * ratio + metal.conductance / metal.length)
    )


def _slopes(element: Element, temperature: float) -> tuple[float, float]:
    """c (kappa/K) w' at the left end per -w there, and per w at the right end."""
    ratio = element.heat / element.heat_at(temperature)
    strength = element.c * ratio / element.thickness
    x = element.thickness / (element.length * np.sqrt(ratio))
    if x == 0:
        return strength, strength
    return float(strength * x / np.tanh(x)), float(strength * x / np.sinh(x))
