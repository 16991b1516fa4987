"""Physical constants in SI (CODATA, from scipy). Electrons carry -E_CHARGE."""

from scipy import constants as _codata

E_CHARGE: float = _codata.e
HBAR: float = _codata.hbar
K_B: float = _codata.k
MU_B: float = _codata.physical_constants["Bohr magneton"][0]
