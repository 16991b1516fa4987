"""Charge to spin in results of devices. What must agree and why:

- T_par/T_0                     spins that relax at the rates of Zhang et al., 2025, Eq. (60), integrated in time
- any coupling to the moments   the rates change, the ratio does not: the steady state only has one chemical potential
- up <-> down                   the ratio changes its sign; equal densities of states: no conversion
- no charge, any spin           N_s = nu_s mu_s of each spin, neutral, as inverted by hand
- m(x), P_nu(x)                 follow position
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

import hanle
from hanle.config import dump, load, read_text
from hanle.materials.load import load as library
from hanle.materials.load import material
from hanle.materials.records import FerromagneticMetal, LocalMomentMetal, NormalMetal
from hanle.materials.write import same, to_given
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError
from hanle.report import rows

Array = NDArray[np.float64]

#: Round-off of chains of a few operations.
ROUNDING = 1e-12
#: Left over after this many relaxation times: e^-40.
TIMES, LEFT = 40.0, 1e-15

METAL: dict[str, Any] = {
    "kind": "magnetic metal",
    "resistivity": "0.9 uOhm m",
    "spin_hall_angle": 0.05,
    "spin_lifetime": "0.7 ps",
    "density_of_states": "3e46 1/(J m^3)",
    "density_of_states_polarisation": 0.4,
    "critical_temperature": "100 K",
    "sublattices": [{"spin": 2, "density": "2e28 1/m^3", "coupling": "0.05 meV nm^3"}],
}
M = np.array([1.0, 2.0, -2.0]) / 3
FILM = hanle.stack([("M", "4 nm"), ("Pt", "3 nm")])


def device(changes: Any = None, **options: Any) -> hanle.Device:
    given: dict[str, Any] = {"temperature": 60.0, "field": (0, 0, 0.3), "magnetisation": {"M": M}} | options
    return hanle.Device(FILM, {"M": METAL | (changes or {}), "Pt": "Pt"}, **given)


def test_ratio_is_where_relaxing_spins_end() -> None:
    """Both spins exchange electrons at d_t N_s = W (mu_other - mu_s), mu = N/nu; T_par of the medium sets W."""
    found = device().solve().charge_to_spin("M")
    up, dn = found.densities_of_states[:, 0]
    assert (up + dn) / 2 == pytest.approx(3e46, rel=ROUNDING)
    rate = float(found.relaxation_rate[0])
    w = rate / (1 / up + 1 / dn)
    generator = w * np.array([[-1 / up, 1 / dn], [1 / up, -1 / dn]])
    n_up, n_dn = expm(generator * TIMES / rate) @ [0.3, 0.7]
    assert found.ratio[0] == pytest.approx((n_up - n_dn) * -M, rel=1e-12, abs=LEFT)
    # Eq. (60) at once: charge without spin turns into spin at the rate 1/T_0.
    start = (generator @ [0.5, 0.5]) @ [1, -1]
    assert -found.conversion_rate[0] == pytest.approx(start, rel=ROUNDING)
    assert found.conversion_rate[0] / rate == pytest.approx(float(found.ratio[0] @ M), rel=ROUNDING)
    assert found.mean == pytest.approx(found.ratio[0], rel=ROUNDING)


def test_ratio_knows_no_coupling_and_rates_are_those_of_the_record() -> None:
    ratios, extra = [], []
    for coupling in (0.02, 0.04):
        entry = METAL["sublattices"][0] | {"coupling": f"{coupling} meV nm^3"}
        found = device({"sublattices": [entry]}).solve().charge_to_spin("M")
        ratios.append(found.ratio)
        extra.append(float(found.relaxation_rate[0]) - 1 / 0.7e-12)
    assert ratios[0] == pytest.approx(ratios[1], rel=ROUNDING)
    # tau_0 is the same in both, and the golden rule goes with J^2
    assert extra[1] / extra[0] == pytest.approx(4.0, rel=1e-6)
    assert extra[0] > 1e-4 * (1 / 0.7e-12)


def test_exchange_of_spins_turns_the_sign_and_equal_densities_convert_nothing() -> None:
    one, other, none = (
        device({"density_of_states_polarisation": p}).solve().charge_to_spin("M") for p in (0.4, -0.4, 0.0)
    )
    assert one.ratio == pytest.approx(-0.4 * M[None], rel=ROUNDING)
    assert other.ratio == pytest.approx(-one.ratio, rel=ROUNDING)
    assert other.conversion_rate == pytest.approx(-one.conversion_rate, rel=ROUNDING)
    assert other.densities_of_states == pytest.approx(one.densities_of_states[::-1], rel=ROUNDING)
    assert not np.any(none.ratio)
    assert not np.any(none.conversion_rate)
    full = device({"density_of_states_polarisation": 1.0}).solve().charge_to_spin("M")
    assert full.ratio == pytest.approx(-M[None], rel=ROUNDING)


@pytest.mark.parametrize("electrons", [0.0, 3e24])
def test_spin_density_is_that_of_two_bands(electrons: float) -> None:
    """Along -m: mu_up, mu_dn from N_0 and mu_s as two equations; across it the mean density of states."""
    result = device().solve(current_density="1e11 A/m^2")
    points = np.array([[0, 0, 0.3], [0, 0, 1.9], [0, 0, 3.99]]) * 1e-9
    found = result.spin_density("M", points, electrons)
    mu = E_CHARGE * result.spin_accumulation("M", points)
    nu_up, nu_dn = 3e46 * 1.4, 3e46 * 0.6
    potentials = np.linalg.solve([[nu_up, nu_dn], [1, -1]], np.stack([np.full(3, electrons), mu @ -M]))
    along = nu_up * potentials[0] - nu_dn * potentials[1]
    scale = np.abs(found).max()
    assert np.abs(found @ -M - along).max() < ROUNDING * scale
    across = np.eye(3) - np.outer(M, M)
    assert np.abs((found - 3e46 * mu) @ across).max() < ROUNDING * scale
    assert np.abs(mu @ M).max() > 0.01 * np.abs(mu).max() > 0


def test_spin_density_of_normal_metals() -> None:
    result = device({"density_of_states_polarisation": 0.0}).solve()
    pt = library("Pt")
    assert isinstance(pt, NormalMetal)
    points = np.array([[0, 0, 4.0], [0, 0, 7.0]]) * 1e-9
    mu = E_CHARGE * result.spin_accumulation("Pt", points)
    assert result.spin_density("Pt", points) == pytest.approx(pt.nu * mu, rel=ROUNDING)
    inside = points - 1e-9
    equal = 3e46 * E_CHARGE * result.spin_accumulation("M", inside[:1])
    assert result.spin_density("M", inside[:1]) == pytest.approx(equal, rel=ROUNDING)


def test_textures_and_profiles_follow_position() -> None:
    """A section on the elements: m turns and P_nu grows along y."""
    width = 20e-9

    def m(points: Array) -> Array:
        angle = np.pi * points[:, 1] / width
        return np.stack([0 * angle, np.sin(angle), np.cos(angle)], axis=-1)

    def polarisation(points: Array) -> Array:
        return np.asarray(0.3 + 0.4 * points[:, 1] / width)

    shape = hanle.section(width, [("M", "4 nm"), ("Pt", "3 nm")])
    magnet = device(magnetisation={"M": m}).with_changes(
        shape=shape, profiles={"M.density_of_states_polarisation": polarisation}
    )
    result = magnet.solve(mesh_options={"cells_per_length": 3, "sizes": {"y": 2e-9}})
    found = result.charge_to_spin("M")
    assert found.points == pytest.approx(result.current_density("M")[0], rel=ROUNDING)
    expected = -polarisation(found.points)[:, None] * m(found.points)
    assert np.abs(found.ratio - expected).max() < ROUNDING
    # the volume mean: the integral of each component, by the midpoint rule over cells of at most 2 nm
    y = (np.arange(2000) + 0.5) / 2000 * width - width / 2
    line = np.stack([0 * y, y, 0 * y], axis=-1)
    mean = (-polarisation(line)[:, None] * m(line)).mean(axis=0)
    assert np.abs(found.mean - mean).max() < 0.01
    # each point belongs to the cell around it
    some = found.points[::7] + np.array([0, 1e-13, -1e-13])
    density = result.spin_density("M", some, 1e30)
    assert density == pytest.approx(1e30 * found.ratio[::7], rel=1e-3, abs=1e24)
    arrays = magnet.with_changes(
        magnetisation={"M": m(found.points)},
        profiles={"M.density_of_states_polarisation": polarisation(found.points)},
    )
    again = arrays.solve(mesh=result.mesh).charge_to_spin("M")
    assert again.ratio == pytest.approx(found.ratio, rel=ROUNDING, abs=ROUNDING)


def test_batches_of_a_sweep() -> None:
    from hanle.sweeps import states_of

    free = device(magnetisation={})
    _, states = states_of(free, angle=hanle.angles("gamma", [0, 30, 200]), field=[0.5])
    found = free.solve(conditions=states).charge_to_spin("M")
    directions = hanle.angles("gamma", [0, 30, 200]).directions
    assert found.ratio == pytest.approx(-0.4 * directions[:, None], abs=ROUNDING)
    assert found.relaxation_rate.shape == found.conversion_rate.shape == (3, 1)


def test_drift_diffusion_magnets_answer_too() -> None:
    """Co: 1/T_par = D (1 - P^2)/lambda_sf^2."""
    magnet = device().with_changes(
        materials={"M": {"like": "Co", "density_of_states_polarisation": -0.7}, "Pt": "Pt"}
    )
    found = magnet.solve().charge_to_spin("M")
    co = magnet.materials["M"]
    assert isinstance(co, FerromagneticMetal)
    assert found.ratio == pytest.approx(0.7 * M[None], rel=ROUNDING)
    assert found.relaxation_rate == pytest.approx([co.D * (1 - co.P**2) / co.lam**2], rel=1e-9)


def test_files_and_reports_hold_the_number(tmp_path: Any) -> None:
    record = material(METAL, "M")
    assert isinstance(record, LocalMomentMetal)
    assert same(material(to_given(record), "M"), record)
    given = device(profiles={"M.density_of_states_polarisation": 0.25})
    back = load(dump(given, tmp_path / "device.toml"))
    assert same(back.materials["M"], given.materials["M"])
    found = {row.name: row.value for row in rows(back.solve())}
    for axis, value in zip("xyz", -0.25 * M, strict=True):
        assert found[f"charge_to_spin_{axis}(M)"] == pytest.approx(value, rel=ROUNDING)
    without = {n: v for n, v in METAL.items() if n != "density_of_states_polarisation"}
    silent = device().with_changes(materials={"M": without, "Pt": "Pt"}).solve()
    assert not any(row.name.startswith("charge_to_spin") for row in rows(silent))


def test_moments_without_direction_have_no_ratio() -> None:
    """Free moments at B = 0: both spins are alike."""
    free = METAL | {"critical_temperature": "0 K"}
    result = device().with_changes(materials={"M": free, "Pt": "Pt"}, field=(0, 0, 0), magnetisation={}).solve()
    assert not any(row.name.startswith("charge_to_spin") for row in rows(result))
    with pytest.raises(InputError, match=r"magnetisation\.M must be a vector that is not zero"):
        result.charge_to_spin("M")


def test_what_is_not_known_is_refused() -> None:
    without = {n: v for n, v in METAL.items() if n != "density_of_states_polarisation"}
    result = device().with_changes(materials={"M": without, "Pt": "Pt"}).solve()
    with pytest.raises(InputError, match=r"materials\.M\.density_of_states_polarisation must be given"):
        result.charge_to_spin("M")
    with pytest.raises(InputError, match=r"materials\.M\.density_of_states_polarisation must be given"):
        result.spin_density("M", np.zeros((1, 3)))
    result = device().solve()
    with pytest.raises(InputError, match=r"region .*Pt.*M"):
        result.charge_to_spin("Pt")
    with pytest.raises(InputError, match=r"region .*Co"):
        result.spin_density("Co", np.zeros((1, 3)))
    with pytest.raises(InputError, match=r"electrons must be a finite number, or one per point"):
        result.spin_density("M", np.zeros((1, 3)), [1e24, 1e24])
    with pytest.raises(InputError, match=r"density_of_states_polarisation must be between -1 and 1"):
        device({"density_of_states_polarisation": 1.2})
    with pytest.raises(InputError, match=r"profiles\.M\.density_of_states_polarisation must be between -1 and 1"):
        device(profiles={"M.density_of_states_polarisation": -1.5}).solve().charge_to_spin("M")
    with pytest.raises(InputError, match=r"Pt.*density_of_states_polarisation"):
        read_text('[shape]\nkind = "stack"\nlayers = [["Pt", "3 nm"]]\n'
                  '[materials.Pt]\nlike = "Pt"\ndensity_of_states_polarisation = 0.2\n')  # fmt: skip
