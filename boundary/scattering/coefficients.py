"""The numbers of an interface with spin-orbit coupling that the interface condition needs, computed or given.

With n from N to F, traces at the two sides, w_F = m.w in F, w_perp the part of w_N across m, Y_N = n x grad_t u_N and
Y_up, Y_dn = n x grad_t(u_F -+ w_F), "up" the majority (spin along -m):

    j_n    =  (g_up + g_dn)(u_F - u_N) - (g_up - g_dn)(w_F - m.w_N) + sum_p delta_p m.Y_p
    J_par  = -(g_up - g_dn)(u_F - u_N) + (g_up + g_dn)(w_F - m.w_N) + sum_p gamma_p m.Y_p
    J_n(N) = m J_par - 2 Re g_mix w_perp - 2 Im g_mix m x w_N + sum_p [a_p (Y_p - m (m.Y_p)) + b_p m x Y_p]
    torque per area on m  = -(hbar/2e) [J_n(N)_perp + sum_p b_lat_p m x Y_p]
    torque on the lattice = +(hbar/2e) sum_p b_lat_p m x Y_p

and the flips of `MemoryLoss`. Per population p = N, up, dn [S/m], for the relaxation times of the metals:

    a      damping-like: what N loses of Y across m; the same at both sides
    b      field-like, on the side of N
    b_lat  field-like, handed over by the lattice at the interface
    gamma  along m;   delta  charge. Both 0 where the reflection amplitudes are real

Source: Kim et al., 2017, corrected: Eqs (14)-(16), (A10), (A18).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.pde.errors import InputError
from hanle.pde.quantity import parse

#: Names of the populations and of the entries of a `Drive`.
POPULATIONS = ("N", "up", "dn")
DRIVES = ("a", "b", "b_lat", "gamma", "delta")
FLIPS = ("G_NN", "G_Nu_Fd", "G_Nd_Fu", "G_FF")
CONDUCTANCES = ("g_up", "g_dn")
HEAT = ("electrons", "lattice")


@dataclass(frozen=True, eq=False)
class Drive:
    """What the in-plane field acting on one population does at the interface; each [S/m] or "3e3 S/m", any sign."""

    a: ArrayLike = 0.0
    b: ArrayLike = 0.0
    b_lat: ArrayLike = 0.0
    gamma: ArrayLike = 0.0
    delta: ArrayLike = 0.0

    def __post_init__(self) -> None:
        _read_units(self, DRIVES, "conductivity")


@dataclass(frozen=True, eq=False)
class MemoryLoss:
    """Second order in h_R [S/m^2]; the flips are for m along n and count f = (1 + (m.n)^2)/2 elsewhere.

    Attributes:
        G_NN, G_FF: flips on reflection, >= 0.
        G_Nu_Fd: between the majority spin in N and the minority in F; G_Nd_Fu: the other way round; >= 0.
        g_up_normal, g_dn_normal: change of g_up, g_dn for m along n, <= 0 or >= 0.
        g_up_plane, g_dn_plane: the same for m in the plane; linear in (m.n)^2 between.
    """

    G_NN: ArrayLike = 0.0
    G_Nu_Fd: ArrayLike = 0.0
    G_Nd_Fu: ArrayLike = 0.0
    G_FF: ArrayLike = 0.0
    g_up_normal: ArrayLike = 0.0
    g_dn_normal: ArrayLike = 0.0
    g_up_plane: ArrayLike = 0.0
    g_dn_plane: ArrayLike = 0.0

    def __post_init__(self) -> None:
        _read_units(self, tuple(self.__dataclass_fields__), "conductance per area")
        for key in FLIPS:
            _require(key, getattr(self, key), least=0.0)
        for key in ("g_up_normal", "g_dn_normal", "g_up_plane", "g_dn_plane"):
            _require(key, getattr(self, key))


@dataclass(frozen=True, eq=False)
class RashbaCoefficients:
    """Everything the interface condition needs; every entry a number, a string with unit, or an array per facet.

    Attributes:
        N, up, dn: drives of the three populations [S/m].
        g_up, g_dn: conductances of majority and minority [S/m^2], >= 0; bare (Landauer) unless `drift` changed them.
        g_mix: mixing conductance seen from N [S/m^2], real part >= 0; also a pair of strings (real, imaginary).
        loss: flips at the interface. Leave it out where g_mix or a fitted memory loss contains them already.
        electrons, lattice: thermal conductances of both [W/(m^2 K)], as those of `hanle.boundary.circuit.Circuit`.

    Raises:
        InputError: a number that is not finite, or a conductance below 0.
    """

    N: Drive = field(default_factory=Drive)
    up: Drive = field(default_factory=Drive)
    dn: Drive = field(default_factory=Drive)
    g_up: ArrayLike = 0.0
    g_dn: ArrayLike = 0.0
    g_mix: NDArray[np.complexfloating] | complex = 0.0
    loss: MemoryLoss = field(default_factory=MemoryLoss)
    electrons: float | str | None = None
    lattice: float | str | None = None

    def __post_init__(self) -> None:
        _read_units(self, CONDUCTANCES, "conductance per area")
        _read_units(self, HEAT, "thermal conductance per area")
        for key in HEAT:
            _require(key, getattr(self, key) or 0.0, least=0.0, unit="W/(m^2 K)")
        if isinstance(self.g_mix, str) or (isinstance(self.g_mix, tuple | list) and len(self.g_mix) == 2):
            parts = (self.g_mix,) if isinstance(self.g_mix, str) else self.g_mix
            mixing = complex(*(parse(part, "conductance per area", "g_mix") for part in parts))
            object.__setattr__(self, "g_mix", mixing)
        for population in POPULATIONS:
            for key in DRIVES:
                _require(f"{population}.{key}", getattr(getattr(self, population), key), unit="S/m")
        for key in CONDUCTANCES:
            _require(key, getattr(self, key), least=0.0)
        mixing = _numbers("g_mix", self.g_mix, complex)
        _require("Re g_mix", mixing.real, least=0.0)
        _require("Im g_mix", mixing.imag)

    @property
    def drives(self) -> tuple[Drive, Drive, Drive]:
        """The drives of N, up and dn."""
        return self.N, self.up, self.dn


def _read_units(record: object, keys: tuple[str, ...], dimension: str) -> None:
    """Replace strings by numbers in SI."""
    for key in keys:
        if isinstance(given := getattr(record, key), str):
            object.__setattr__(record, key, parse(given, dimension, key))


def _require(key: str, given: ArrayLike, least: float = -np.inf, unit: str = "S/m^2") -> None:
    values = _numbers(key, given, float)
    if not np.all(np.isfinite(values)):
        raise InputError(key, f"finite [{unit}]", given)
    if np.any(values < least):
        raise InputError(key, f"0 or positive [{unit}]", float(values.min()), "this law would create energy")


def _numbers(key: str, given: ArrayLike, kind: type) -> NDArray[Any]:
    try:
        return np.asarray(given, dtype=kind)
    except (TypeError, ValueError) as error:
        raise InputError(key, "a number, a string with unit or an array", type(given).__name__) from error
