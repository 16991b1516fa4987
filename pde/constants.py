"""Physical constants in SI (CODATA, from scipy). Electrons carry -E_CHARGE."""

from math import pi

from scipy import constants as _codata

E_CHARGE: float = _codata.e
HBAR: float = _codata.hbar
K_B: float = _codata.k
MU_B: float = _codata.physical_constants["Bohr magneton"][0]
#: Number of Lorenz [V^2/K^2]: kappa_e = LORENZ sigma T.
LORENZ: float = pi**2 / 3 * (K_B / E_CHARGE) ** 2
