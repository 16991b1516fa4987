"""Functions of the time for device files of the tests."""

import numpy as np


def wave(time: float) -> float:
    """A sine of 2 rad/ps."""
    return float(np.sin(2e12 * time))


def along_z(time: float) -> tuple[float, float, float]:
    """A field along z that wobbles [T]."""
    return 0.0, 0.0, 0.1 + 0.01 * float(np.sin(1e10 * time))
