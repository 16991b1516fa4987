"""Functions of the time for device files of the tests."""

import numpy as np


def wave(time: float) -> float:
    """A sine of 2 rad/ps."""
    return float(np.sin(2e12 * time))


def turning(time: float) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """m and dm/dt on a wide cone about z."""
    angle, omega = 1e11 * time, 1e11
    m = 0.6 * np.cos(angle), 0.6 * np.sin(angle), 0.8
    return m, (-omega * m[1], omega * m[0], 0.0)


def along_z(time: float) -> tuple[float, float, float]:
    """A field along z that wobbles [T]."""
    return 0.0, 0.0, 0.1 + 0.01 * float(np.sin(1e10 * time))
