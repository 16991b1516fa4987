"""Anisotropic exchange J_x, J_y, J_z from device files: every sort of magnet and of direction of its moments.

The reference is a normal metal with the relaxation tensor, and in the effective field, that the golden rule gives:
Gamma = 1/tau_0 + sum over sublattices of (k_x + k_y + k_z) 1 - diag(k_x, k_y, k_z) for moments along one of x, y, z;
along them k = (pi/hbar) n nu J^2 q, across (pi/2 hbar) n nu J^2 p; B - sum n J S_par/(g mu_B) m.
Where the three J are one it must be the film formula of isotropic exchange.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hanle
from hanle.config import dump, load, read_text
from hanle.materials.records import LocalMomentMetal, NormalMetal
from hanle.materials.sourced import Sourced
from hanle.materials.weiss import solve
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError
from hanle.toml import write_toml

Array = NDArray[np.float64]

#: The exact engine with two descriptions of one medium, relative.
SAME = 1e-10

COMMON: dict[str, Any] = {
    "kind": "magnetic metal",
    "resistivity": "2 uOhm m",
    "spin_hall_angle": 0.1,
    "spin_lifetime": "0.4 ps",
    "density_of_states": "2.1e46 1/(J m^3)",
    "g_factor": 2.1,
}
MAGNETS: dict[str, tuple[dict[str, Any], str]] = {
    "ferromagnet": (
        {
            "critical_temperature": "100 K",
            "sublattices": [
                {"spin": 2, "density": "8e27 1/m^3", "coupling": ["0.3 meV nm^3", "-0.8 meV nm^3", "1 meV nm^3"]}
            ],
        },
        "60 K",
    ),
    "antiferromagnet": (
        {
            "critical_temperature": "90 K",
            "sublattices": [
                {"spin": 1.5, "density": "4e27 1/m^3", "reduced_coupling": [0.12, 0.2, 0.05]},
                {"spin": 1.5, "density": "4e27 1/m^3", "reduced_coupling": [0.12, 0.2, 0.05]},
            ],
        },
        "50 K",
    ),
    "ferrimagnet": (
        {
            "critical_temperature": "120 K",
            "sublattices": [
                {"spin": 2.5, "density": "6e27 1/m^3", "coupling": ["0.4 meV nm^3", "0.9 meV nm^3", "0.7 meV nm^3"]},
                {"spin": 2, "density": "4e27 1/m^3", "coupling": ["1 meV nm^3", "0.2 meV nm^3", "-0.5 meV nm^3"]},
            ],
        },
        "70 K",
    ),
    "impurities": (
        {
            "critical_temperature": "0 K",
            "sublattices": [{"spin": 1.5, "density": "3e26 1/m^3", "reduced_coupling": [0.3, 0.1, 0.2]}],
        },
        "2 K",
    ),
}  # fmt: skip


def text(kind: str, field: Any, m: Any = None) -> str:
    """A film of one magnet as a device file."""
    table, temperature = MAGNETS[kind]
    given: dict[str, Any] = {
        "temperature": temperature,
        "field": [f"{float(b)!r} T" for b in field],
        "shape": {"kind": "stack", "layers": [["M", "5 nm"]]},
        "materials": {"M": COMMON | table},
    }
    return write_toml(given | ({} if m is None else {"magnetisation": {"M": list(m)}}))


def golden_rule(record: LocalMomentMetal, m: Array, field: Array, temperature: float) -> tuple[Array, Array]:
    """(Gamma (3, 3) [1/s], effective field (3,) [T]) for moments along an axis of the device."""
    state = solve(record.moments, float(field @ m), temperature)
    axis = int(np.abs(m).argmax())
    gamma, effective = np.eye(3) / record.tau_0, np.array(field)
    for i, sublattice in enumerate(record.sublattices):
        n = sublattice.density.value
        j = np.array([c.value / (record.nu if c.dimension == "dimensionless" else 1) for c in sublattice.principal])
        k = np.pi / (2 * HBAR) * n * record.nu * j**2 * float(state.p[..., i])
        k[axis] = np.pi / HBAR * n * record.nu * j[axis] ** 2 * float(state.q[..., i])
        gamma += k.sum() * np.eye(3) - np.diag(k)
        effective -= n * j[axis] * float(state.S_par[..., i]) / (record.g * MU_B) * m
    return gamma, effective


def reference(device: hanle.Device, m: Array) -> hanle.Result:
    """The same film of a normal metal."""
    record = device.materials["M"]
    assert isinstance(record, LocalMomentMetal)
    gamma, effective = golden_rule(record, m, np.asarray(device.field), float(device.temperature))
    metal = NormalMetal(
        name="M",
        resistivity=record.resistivity,
        spin_hall_angle=record.spin_hall_angle,
        density_of_states=Sourced(record.nu, "density of states"),
        g_factor=record.g_factor,
        relaxation=tuple(tuple(row) for row in gamma.tolist()),
    )
    return device.with_changes(materials={"M": metal}, field=effective, magnetisation={}).solve()


def assert_one_film(found: hanle.Result, expected: hanle.Result) -> None:
    scale = abs(float(expected.rho_L_change))
    assert abs(found.rho_L_change - expected.rho_L_change) < SAME * scale
    assert abs(found.rho_T - expected.rho_T) < SAME * scale * abs(float(expected.rho_L))
    points = np.array([[0, 0, 0.1], [0, 0, 2.2], [0, 0, 5]]) * 1e-9
    a, b = (r.spin_accumulation("M", points) for r in (found, expected))
    assert np.abs(a - b).max() < SAME * np.abs(b).max()


@pytest.mark.parametrize("kind", MAGNETS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_moments_along_the_field(kind: str, axis: int) -> None:
    m = np.eye(3)[axis]
    device = read_text(text(kind, 3.0 * m))
    assert_one_film(device.solve(), reference(device, m))


@pytest.mark.parametrize("kind", ["ferromagnet", "antiferromagnet", "ferrimagnet"])
@pytest.mark.parametrize("m", [(1, 0, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])
def test_moments_along_a_given_axis_in_an_oblique_field(kind: str, m: Any) -> None:
    device = read_text(text(kind, (0.3, -0.2, 0.9), m))
    assert_one_film(device.solve(), reference(device, np.array(m, dtype=float)))


def test_equal_principal_values_are_isotropic_exchange() -> None:
    """In any direction, also one that is no axis of the device."""
    entry = {"spin": 2, "density": "8e27 1/m^3"}
    m = np.array([0.4, -0.5, 0.7])
    results = [
        hanle.Device(
            hanle.stack([("M", "5 nm")]),
            {"M": COMMON | {"critical_temperature": "100 K", "sublattices": [entry | {"coupling": coupling}]}},
            temperature=60,
            magnetisation={"M": m},
        ).solve()
        for coupling in ("0.6 meV nm^3", ["0.6 meV nm^3"] * 3)
    ]
    assert_one_film(*results)


def test_lifetime_is_the_length_that_it_makes(tmp_path: Any) -> None:
    device = read_text(text("ferrimagnet", (0, 0, 1)))
    record = device.materials["M"]
    assert isinstance(record, LocalMomentMetal)
    length = COMMON | MAGNETS["ferrimagnet"][0] | {"diffusion_length": f"{(record.D * 0.4e-12) ** 0.5!r} m"}
    del length["spin_lifetime"]
    assert_one_film(device.with_changes(materials={"M": length}).solve(), device.solve())
    assert_one_film(load(dump(device, tmp_path / "device.toml")).solve(), device.solve())
    # tau_0 stays where D varies; a profile of the length replaces it
    shape = hanle.section("20 nm", [("M", "5 nm")])
    rho = 2e-6 * np.array([1.0, 3.0])

    def resistivity(points: Array) -> Array:
        return np.where(points[:, 1] < 0, *rho)

    def diffusion_length(points: Array) -> Array:
        return np.asarray(np.sqrt(0.4e-12 * record.D * rho[0] / resistivity(points)))

    varied = device.with_changes(shape=shape, profiles={"M.resistivity": resistivity})
    same = varied.with_changes(profiles={"M.resistivity": resistivity, "M.diffusion_length": diffusion_length})
    options: dict[str, Any] = {"mesh_options": {"cells_per_length": 3, "sizes": {"y": 2e-9}}}
    changes = [float(d.solve(**options).rho_L_change) for d in (varied, same)]
    assert changes[0] == pytest.approx(changes[1], rel=1e-8)
    with pytest.raises(InputError, match=r"M\.diffusion_length must be given, or else spin_lifetime"):
        device.with_changes(materials={"M": length | {"spin_lifetime": "1 ps"}})
    with pytest.raises(InputError, match=r"M\.spin_lifetime must be a time, positive"):
        device.with_changes(materials={"M": COMMON | MAGNETS["impurities"][0] | {"spin_lifetime": "0 ps"}})


def domains(points: Array) -> Array:
    """Opposite domains without a wall."""
    return np.where(points[:, 1:2] < 0, 1.0, -1.0) * [0, 0, 1.0]


def wall(points: Array) -> Array:
    angle = np.pi * (points[:, 1] / 20e-9 + 0.5)
    return np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)


def test_textures_must_keep_to_the_axes() -> None:
    device = read_text(text("antiferromagnet", (0, 0, 0))).with_changes(
        shape=hanle.section("20 nm", [("M", "5 nm")])
    )
    options: dict[str, Any] = {"mesh_options": {"cells_per_length": 3, "sizes": {"y": 2e-9}}}
    # Without a field both domains of an antiferromagnet are one medium.
    two, one = (
        float(device.with_changes(magnetisation={"M": m}).solve(**options).rho_L_change)
        for m in (domains, (0, 0, 1))
    )
    assert two == pytest.approx(one, rel=1e-8)
    must = r"M\.magnetisation must be a principal axis of couplings\[0\].*in textures everywhere"
    with pytest.raises(InputError, match=must):
        device.with_changes(magnetisation={"M": wall}).solve(**options)
    with pytest.raises(InputError, match=must):
        read_text(text("ferrimagnet", (0, 0, 1), (0, 1, 1))).solve()


def test_fields_off_the_axes_are_refused_where_the_moments_follow_them() -> None:
    for kind in ("impurities", "ferromagnet"):
        with pytest.raises(
            InputError, match=r"M\.magnetisation must be a principal axis of couplings.*are along B"
        ):
            read_text(text(kind, (0, 1, 1))).solve()
    # a scan leaves the axes
    device = read_text(text("impurities", (0, 0, 1)))
    with pytest.raises(InputError, match=r"M\.magnetisation must be a principal axis.*0\.866"):
        hanle.sweep(device, angle=hanle.angles("beta", [0, 30]), progress=False)
    found = hanle.sweep(device, angle=hanle.angles("beta", [0, 90]), progress=False)
    expected = [float(read_text(text("impurities", b)).solve().rho_L_change) for b in ((0, 0, 1), (0, 1, 0))]
    assert found.rho_L_change.values.ravel() == pytest.approx(expected, rel=1e-9)
