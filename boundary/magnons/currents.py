"""Exchange through magnons for any spin accumulation, magnon potential below the gap and temperatures."""

from dataclasses import dataclass

from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Currents:
    """What crosses from N to F at each state, (...) the shape of the states.

    Attributes:
        i: angular momentum per area and time that N loses [J/m^2], (..., 3); N.J = -(2e/hbar) i.
        qdot: energy from the electrons of N to the magnons [W/m^2], (...).
        jacobian: derivatives of (i_x, i_y, i_z, qdot) with respect to (mu_s x, y, z [J], mu_m [J], T_m, T_e [K]),
            (..., 4, 6).
        turning: derivatives of the same with respect to m, (..., 4, 3), on vectors across m: turning @ m = 0.
    """

    i: Array
    qdot: Array
    jacobian: Array
    turning: Array
