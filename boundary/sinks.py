"""Outer faces that take spin: a large reservoir of normal metal behind a contact.

w = 0 on the face        (without a law N.J = 0: the contact passes charge and reflects spin)
"""

import numpy as np

from hanle.pde.coefficients import FaceLaw, Side
from hanle.pde.fields import SPIN, FieldSet

METAL = "metal"


def spin_sink() -> FaceLaw:
    """The law of an outer face of a metal (role "metal") at which its spin accumulation vanishes."""
    return FaceLaw(sides=(Side(METAL, FieldSet((SPIN,))),), given={"w": np.zeros(3)})
