"""Metal against metal by circuit theory: jumps of potential and spin accumulation, mixing conductance, memory loss.

With n from the normal metal N to the ferromagnet F, m the magnetisation, D x = x_F - x_N, w_N and w_F = m.w there:

    j      =  G (D u - P D w)                                                       the same on both sides
    J_N    =  m J(0) - 2 Re G_mix w_perp - 2 Im G_mix m x w                         n.J on the side of N
    J_F    =  m J(d)                                                                n.J on the side of F
    J(0)   =  (1 - P^2) G [ s D w - t w_N ] - P j,   J(d) = (1 - P^2) G [ s D w + t w_F ] - P j
    s = delta/sinh(delta),   t = delta tanh(delta/2),   G = G_up + G_dn,   P = (G_up - G_dn)/G

    G_up, G_dn  S/m^2  conductances of the majority (spin along -m) and of the minority
    G_mix       S/m^2  complex mixing conductance seen from N; real part >= 0, imaginary part reactive
    delta       1      spin memory loss: thickness over spin diffusion length of a fictitious layer with conductance G
                       per area and polarisation P, solved exactly; it takes (1 - P^2) G t (w_N + w_F)

delta = 0 is J = G D w - (G_up - G_dn) D u. delta -> infinity makes the interface a perfect sink of the longitudinal
spin, w_N = w_F = 0, which charge passes with G. The transverse spin of N is absorbed by the magnet; F returns none,
which holds where F is thicker than its exchange and dephasing lengths. Where F resolves them, use `transparent`.
Against an insulating magnet G_up = G_dn = 0 and the law is that of `hanle.boundary.b_layer` with G_s = 0,
G_r = Re G_mix, G_i = -Im G_mix.

Resistances of Valet & Fert, 1993, are r_b* = 1/[G (1 - P^2)] and gamma = P; channels per area are h/e^2 times the
conductances: see the constructors of `Circuit`.
Sources: Brataas, Nazarov & Bauer, 2000; Kim et al., 2017 (the law without its spin-orbit terms); memory loss as in
Bass & Pratt, 2007; it takes longitudinal spin only, what transverse spin loses is part of G_mix.
Second law: G_up, G_dn, Re G_mix, delta >= 0.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.boundary.sharvin import Bare, sharvin_factors
from hanle.pde.coefficients import Deposit, FaceLaw, Side, as_weight, direction, whole_matrix
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array, cross_matrix, outer

NORMAL, FERROMAGNET = "normal", "ferromagnet"
BELOW, ABOVE = "below", "above"
#: Attributes of `Circuit` that couple heat to charge and spin [V/K].
SEEBECK = ("seebeck", "spin_dependent_seebeck")
#: Receiver of the spin that an interface loses to its lattice.
MEMORY_LOSS = "lattice:interface"
#: |m_below x m_above| up to which two magnetisations count as collinear.
COLLINEAR = 1e-9

#: e^2/h [S], the conductance of one channel.
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)

_U = CHARGE_AND_SPIN.slice("u").start
_W = CHARGE_AND_SPIN.slice("w")
_N = CHARGE_AND_SPIN.size
_SIDES = (slice(0, _N), slice(_N, 2 * _N))


@dataclass(frozen=True, eq=False)
class Circuit:
    """Conductances of an interface, each a number or an array per facet or batch; in a device also strings with unit.

    Made from these numbers, or by `from_resistance` (AR, P), `valet_fert` (AR*, gamma, delta) and `from_channels`.

    Attributes:
        G_up, G_dn: of the majority (spin along -m) and the minority [S/m^2], >= 0.
        G_mix: complex mixing conductance [S/m^2], real part >= 0.
        memory_loss: delta, >= 0.
        electrons, lattice: thermal conductances of both [W/(m^2 K)], >= 0, of devices that solve for heat. None for the
            electrons: by the law of Wiedemann and Franz, L_0 T_0 (G_up + G_dn); for the lattices: one temperature.
        seebeck, spin_dependent_seebeck: S and S_s of the interface [V/K]; see `hanle.boundary.thermoelectric_face`.
    """

    G_up: ArrayLike
    G_dn: ArrayLike
    G_mix: NDArray[np.complexfloating] | complex = 0.0
    memory_loss: ArrayLike = 0.0
    electrons: Any = None
    lattice: Any = None
    seebeck: Any = 0.0
    spin_dependent_seebeck: Any = 0.0

    @classmethod
    def from_resistance(
        cls,
        area_resistance: ArrayLike | str,
        polarisation: ArrayLike = 0.0,
        G_mix: Any = 0.0,
        memory_loss: ArrayLike = 0.0,
    ) -> "Circuit":
        """From a contact resistance AR and the polarisation of its conductance.

        Args:
            area_resistance: AR = 1/(G_up + G_dn) [Ohm m^2], > 0, or a string with unit: what charge meets where w does
                not jump. Where no spin current flows it meets the larger r_b* of `valet_fert`.
            polarisation: gamma = P = (G_up - G_dn)/(G_up + G_dn), between -1 and 1.
        """
        resistance, p = (
            _in_si("area_resistance", area_resistance, "resistance area"),
            np.asarray(polarisation, float),
        )
        if not np.all(resistance > 0):
            raise InputError("area_resistance", "positive [Ohm m^2]", float(resistance.min()), "0 is `transparent`")
        if not np.all(np.abs(p) <= 1):
            raise InputError("polarisation", "between -1 and 1", float(p.flat[np.abs(p).argmax()]))
        return cls((1 + p) / (2 * resistance), (1 - p) / (2 * resistance), G_mix, memory_loss)

    @classmethod
    def valet_fert(
        cls, r_b: ArrayLike | str, gamma: ArrayLike, G_mix: Any = 0.0, delta: ArrayLike = 0.0
    ) -> "Circuit":
        """From the numbers of giant magnetoresistance: r_up = 2 r_b (1 - gamma), r_dn = 2 r_b (1 + gamma).

        Valet & Fert, 1993; tables such as that of Bass, 2016, quote 2 AR* = 2 r_b, gamma and delta.

        Args:
            r_b: r_b* = AR* = (AR_up + AR_dn)/4 [Ohm m^2], > 0, or a string with unit.
            gamma: (AR_dn - AR_up)/(AR_up + AR_dn), between -1 and 1 exclusive; > 0 where the majority passes better.
                What beta is to the bulk (`polarisation` of a ferromagnetic metal).
            delta: spin memory loss.
        """
        resistance, asymmetry = _in_si("r_b", r_b, "resistance area"), np.asarray(gamma, dtype=float)
        if not np.all(resistance > 0):
            raise InputError("r_b", "positive [Ohm m^2]", float(resistance.min()), "0 is `transparent`")
        if not np.all(np.abs(asymmetry) < 1):
            worst = float(asymmetry.flat[np.abs(asymmetry).argmax()])
            raise InputError("gamma", "between -1 and 1 (|gamma| < 1)", worst)
        return cls.from_resistance(resistance * (1 - asymmetry**2), asymmetry, G_mix, delta)

    @classmethod
    def from_channels(
        cls, g_up: ArrayLike | str, g_dn: ArrayLike | str, g_mix: Any = 0.0, memory_loss: ArrayLike = 0.0
    ) -> "Circuit":
        """From numbers of open channels per area: G = (e^2/h) g. Brataas, Nazarov & Bauer, 2000.

        Args:
            g_up, g_dn: sums of the transmission of each spin per area [1/m^2], >= 0, or strings ("8 1/nm^2").
            g_mix: sum of 1 - r_up r_dn* per area [1/m^2]: complex, a string, or a pair (real, imaginary) of strings.

        Numbers of scattering theory hold Sharvin resistances: see `without_sharvin`.
        """
        up, dn = (_in_si(key, g, "areal density") for key, g in (("g_up", g_up), ("g_dn", g_dn)))
        mix = _mixing_in_si("g_mix", g_mix, "areal density")
        for key, value in (("g_up", up), ("g_dn", dn), ("g_mix", mix.real)):
            if not np.all(value >= 0):
                must = "0 or positive [1/m^2]" if key != "g_mix" else "of a real part >= 0 [1/m^2]"
                raise InputError(key, must, float(value.min()), "this interface would create energy")
        # [()]: numbers stay numbers
        return cls(QUANTUM * up, QUANTUM * dn, (QUANTUM * mix)[()], memory_loss)

    def with_heat(
        self, electrons: Any = None, lattice: Any = None, seebeck: Any = 0.0, spin_dependent_seebeck: Any = 0.0
    ) -> "Circuit":
        """The same with other numbers of heat; arguments as the attributes, in a device also strings with unit."""
        return replace(
            self,
            electrons=electrons,
            lattice=lattice,
            seebeck=seebeck,
            spin_dependent_seebeck=spin_dependent_seebeck,
        )

    def without_sharvin(self, sharvin_normal: ArrayLike, sharvin_up: ArrayLike, sharvin_dn: ArrayLike) -> "Circuit":
        """The same for drift diffusion, from numbers of scattering theory (Landauer), which hold Sharvin resistances.

        Nothing in this package applies this by itself: ask for it if the numbers are bare, and only then. Conductances
        from spin pumping or resistances measured in multilayers already are what drift diffusion needs.

        Args:
            sharvin_normal: Sharvin conductance of N per spin [S/m^2].
            sharvin_up, sharvin_dn: Sharvin conductances of the majority and the minority of F [S/m^2].

        Raises:
            InputError: as `hanle.boundary.sharvin.sharvin_factors`.
        """
        mix = _mixing_in_si("G_mix", self.G_mix, "conductance per area")
        up, dn = (_in_si(key, getattr(self, key), "conductance per area") for key in ("G_up", "G_dn"))
        bare = Bare(up, dn, mix, ("G_up", "G_dn", "G_mix"))
        z_up, z_dn, z = sharvin_factors(bare, sharvin_normal, sharvin_up, sharvin_dn)
        return replace(self, G_up=up / z_up, G_dn=dn / z_dn, G_mix=np.divide(mix, z))


def normal_ferromagnet(magnet: str, given: Circuit, magnetisation: ArrayLike) -> FaceLaw:
    """The law between a normal metal (role "normal") and a ferromagnet (role "ferromagnet").

    Args:
        magnet: name of the ferromagnet, for the deposits.
        given: numbers, per facet (facets,), or a batch (batch, 1).
        magnetisation: m, (..., 3) with the same leading axes; normalised here.

    Deposits [A/m^2, spin in charge units], rows x, y, z: `torque:<magnet>`, the transverse spin that N loses, and
    `lattice:interface`, the longitudinal spin that memory loss takes.

    Raises:
        InputError: the second law is broken; the message names the conductance.
    """
    _require_dissipative(f"interface to {magnet}", given)
    m = direction("magnetisation", magnetisation)
    mix = np.asarray(given.G_mix, dtype=complex)
    real, imaginary = (as_weight(part)[..., None, None] for part in (mix.real, mix.imag))
    transverse = -2 * real * (np.eye(3) - outer(m)) - 2 * imaginary * cross_matrix(m)
    longitudinal, lost = _collinear(given, m)
    return FaceLaw(
        sides=(Side(NORMAL, CHARGE_AND_SPIN), Side(FERROMAGNET, CHARGE_AND_SPIN)),
        G=whole_matrix(longitudinal + _on_normal(transverse, 2 * _N, _W.start)),
        deposits={
            f"torque:{magnet}": Deposit(whole_matrix(_on_normal(-transverse, 3))),
            MEMORY_LOSS: Deposit(whole_matrix(lost)),
        },
    )


def normal_normal(area_resistance: ArrayLike, memory_loss: ArrayLike = 0.0) -> FaceLaw:
    """The law between two normal metals (roles "below" and "above", in any order): the same for every spin axis.

    Args:
        area_resistance: 1/G of the contact [Ohm m^2], > 0; `transparent` is the law without a jump.
        memory_loss: delta, >= 0.
    """
    given = Circuit.from_resistance(area_resistance, memory_loss=memory_loss)
    _require_dissipative("interface", given)
    law, loss = _channel_matrix(given)
    lead = law.shape[:-2]
    # No polarisation: u and each component of w jump by themselves.
    pairs = law.reshape(*lead, 2, 2, 2, 2)
    kinds = np.array([np.diag([1.0, 0, 0, 0]), np.diag([0, 1.0, 1.0, 1.0])])
    whole = np.einsum("...acbc,cij->...aibj", pairs, kinds).reshape(*lead, 2 * _N, 2 * _N)
    lost = np.einsum("...b,kj->...kbj", loss[..., 0, 1::2], np.eye(3, _N, k=_W.start)).reshape(*lead, 3, 2 * _N)
    return FaceLaw(sides=_between(), G=whole_matrix(whole), deposits={MEMORY_LOSS: Deposit(whole_matrix(lost))})


def collinear_ferromagnets(given: Circuit, below: ArrayLike, above: ArrayLike) -> FaceLaw:
    """The law between two ferromagnets (roles "below" and "above") with parallel or opposite magnetisations.

    G_up belongs to the spin that is the majority below, along -m of that side. The longitudinal channels only: the
    transverse spin of either side does not cross, so G_mix must be 0 and no torque is handed over at this face.

    Args:
        given: G_up, G_dn and the memory loss.
        below, above: the magnetisations, (..., 3).

    Raises:
        UnsupportedError: magnetisations that are not collinear.
    """
    _require_dissipative("interface", given)
    if np.any(np.asarray(given.G_mix)):
        raise InputError("G_mix", "0 between two ferromagnets", given.G_mix, "no transverse spin crosses here")
    low, high = direction("magnetisation below", below), direction("magnetisation above", above)
    if np.any(np.linalg.norm(np.cross(low, high), axis=-1) > COLLINEAR):
        raise UnsupportedError(
            "an interface between two ferromagnets with magnetisations that are not collinear: put a thin normal metal "
            "between them, or use a transparent interface, through which the transverse spin diffuses"
        )
    matrix, lost = _collinear(given, low)
    return FaceLaw(sides=_between(), G=whole_matrix(matrix), deposits={MEMORY_LOSS: Deposit(whole_matrix(lost))})


def transparent() -> FaceLaw:
    """Two metals (roles "below" and "above") without any jump: u and all of w are continuous."""
    return FaceLaw(sides=_between(), tie=CHARGE_AND_SPIN.names)


def _between() -> tuple[Side, Side]:
    return Side(BELOW, CHARGE_AND_SPIN), Side(ABOVE, CHARGE_AND_SPIN)


def _channel_matrix(given: Circuit) -> tuple[Array, Array]:
    """(4x4 law, 1x4 loss) on (u, w) of both sides, w along the axis; (batch, entities, points) in front."""
    up, dn, delta = (as_weight(g) for g in (given.G_up, given.G_dn, given.memory_loss))
    total, difference = up + dn, up - dn
    # (1 - P^2) G and P^2 G, which are 0 where nothing conducts.
    series = np.divide(4 * up * dn, total, out=np.zeros_like(total), where=total > 0)
    bound = total - series
    series, delta, total, difference, bound = np.broadcast_arrays(series, delta, total, difference, bound)
    safe = np.where(delta > 0, delta, 1.0)
    # delta/sinh(delta) without overflow
    passing = np.where(delta > 0, 2 * safe * np.exp(-safe) / -np.expm1(-2 * safe), 1.0)
    sink = series * delta * np.tanh(delta / 2)
    jump = np.stack([np.stack([total, -difference], -1), np.stack([-difference, bound + series * passing], -1)], -2)
    zero = np.zeros_like(sink)
    shunt = sink[..., None, None] * np.diag([0.0, 1.0, 0.0, 1.0])
    law = np.block([[-jump, jump], [jump, -jump]]) - shunt
    return law, np.stack([zero, sink, zero, sink], -1)[..., None, :]


def _collinear(given: Circuit, axis: Array) -> tuple[Array, Array]:
    """(8x8 law, 3x8 loss) of the channels along an axis."""
    law, loss = _channel_matrix(given)
    pick = np.zeros((*axis.shape[:-1], 4, 2 * _N))
    for side, own in enumerate(_SIDES):
        pick[..., 2 * side, own.start + _U] = 1.0
        pick[..., 2 * side + 1, own.start + _W.start : own.stop] = axis
    return np.swapaxes(pick, -1, -2) @ law @ pick, axis[..., :, None] @ (loss @ pick)


def _on_normal(matrix: Array, rows: int, start: int = 0) -> Array:
    """A 3x3 matrix on the spin of the first side, in rows `start`, ... of a matrix with all columns."""
    whole = np.zeros((*matrix.shape[:-2], rows, 2 * _N))
    whole[..., start : start + 3, _W] = matrix
    return whole


def _require_dissipative(place: str, given: Circuit) -> None:
    mixing = np.asarray(given.G_mix, dtype=complex).real
    for key, unit_of, values in (
        ("G_up", " S/m^2", given.G_up),
        ("G_dn", " S/m^2", given.G_dn),
        ("Re G_mix", " S/m^2", mixing),
        ("memory_loss", "", given.memory_loss),
    ):
        least = float(np.min(np.asarray(values, dtype=float)))
        if not least >= 0:
            raise InputError(
                f"{key} of the {place}", "0 or positive", f"{least:.6g}{unit_of}", "this law would create energy"
            )


def _in_si(key: str, given: ArrayLike | str, dimension: str) -> Array:
    return np.asarray(parse(given, dimension, key) if isinstance(given, str) else given, dtype=float)


def _mixing_in_si(key: str, given: Any, dimension: str) -> NDArray[np.complex128]:
    """A complex number or array; a string, or a pair (real, imaginary) of them."""
    if isinstance(given, str) or (isinstance(given, (tuple, list)) and len(given) == 2):
        return np.asarray(
            complex(*(parse(g, dimension, key) for g in ([given] if isinstance(given, str) else given)))
        )
    return np.asarray(given, dtype=complex)
