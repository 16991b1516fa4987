"""Records of magnets that conduct.

What must agree                                              why
second law of the record and of the medium                   one formula, written in two places
rates from a record and the golden rule by hand              the record only hands numbers on
CuFe and its measured spin relaxation                        the coupling of the library was found from it
a record, its table, the record of that table                nothing may be lost in files
"""

import tomllib
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from hanle.catalogue import describe, listing
from hanle.materials.conductors import Conductor
from hanle.materials.load import available, from_table, load, material, numbers
from hanle.materials.records import (
    FerromagneticMetal,
    Insulator,
    LocalMomentMetal,
    MagneticInsulator,
    NormalMetal,
    Record,
    Sourced,
    VolumeSublattice,
)
from hanle.materials.schemas import SCHEMAS
from hanle.materials.weiss import antiferromagnet, ferrimagnet, from_exchange, paramagnet
from hanle.materials.write import same, to_given
from hanle.pde.conducting_magnet import LocalMoments
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.toml import write_toml

E, HBAR, K_B = 1.602176634e-19, 1.054571817e-34, 1.380649e-23

FERRO: dict[str, Any] = {
    "kind": "ferromagnetic metal",
    "resistivity": "25 uOhm cm",
    "polarisation": 0.7,
    "diffusion_length": "4 nm",
    "diffusion_constant": "2 cm^2/s",
}
MOMENTS: dict[str, Any] = {
    "kind": "magnetic metal",
    "resistivity": "30 uOhm cm",
    "spin_hall_angle": 0.02,
    "diffusion_length": "20 nm",
    "density_of_states": "8e46 1/(J m^3)",
    "critical_temperature": "200 K",
    "sublattices": [{"spin": 2, "density": "4e28 1/m^3", "coupling": "2 meV nm^3"}],
}
MEDIUM: dict[str, Any] = {
    "conductivity": 4e6,
    "diffusion_constant": 2e-4,
    "diffusion_length": 4e-9,
    "magnetisation": (0, 0, 1),
}
KINDS = (NormalMetal, FerromagneticMetal, LocalMomentMetal, Insulator, MagneticInsulator)


def ferro(**changes: Any) -> FerromagneticMetal:
    record = from_table("X", FERRO | changes)
    assert isinstance(record, FerromagneticMetal)
    return record


def moments(table: dict[str, Any] | None = None, **changes: Any) -> LocalMomentMetal:
    record = from_table("X", (table or MOMENTS) | changes)
    assert isinstance(record, LocalMomentMetal)
    return record


def local(record: LocalMomentMetal) -> LocalMoments:
    return LocalMoments(record.moments, record.densities, record.couplings(record.nu), record.anisotropic)


def is_refused(build: Callable[..., Any], *args: Any, **given: Any) -> bool:
    try:
        build(*args, **given)
    except InputError:
        return True
    return False


def test_numbers_of_a_ferromagnet() -> None:
    record = ferro()
    assert (record.rho, record.P, record.lam, record.D) == (
        pytest.approx(2.5e-7),
        0.7,
        pytest.approx(4e-9),
        pytest.approx(2e-4),
    )
    assert record.nu == pytest.approx(4e6 / (2 * E**2 * 2e-4))
    assert (record.theta, record.alpha, record.amr, record.mu, record.g) == (0, 0, 0, 0, 2)
    assert (record.lam_J, record.lam_phi) == (np.inf, record.lam)
    full = ferro(
        exchange_length="1.5 nm", dephasing_length="2 nm", anomalous_hall_angle=-0.01, anisotropy="2 %",
        spin_hall_angle=0.03, mobility="3 cm^2/(V s)", saturation_magnetisation="800 kA/m",
    )  # fmt: skip
    assert (full.lam_J, full.lam_phi, full.mu) == tuple(map(pytest.approx, (1.5e-9, 2e-9, 3e-4)))
    assert (full.alpha, full.amr, full.theta) == (-0.01, 0.02, 0.03)
    assert full.saturation_magnetisation == Sourced(8e5, "magnetisation")


def test_what_records_say_of_themselves() -> None:
    assert tuple(SCHEMAS) == tuple(kind.kind for kind in KINDS)
    assert [kind.conducts for kind in KINDS] == [True, True, True, False, False]
    assert [kind.magnetic for kind in KINDS] == [False, True, True, False, True]
    for kind in KINDS:
        assert set(kind.profiles) <= {field.name for field in fields(kind)} & set(SCHEMAS[kind.kind].keys)
        assert issubclass(kind, Conductor) == kind.conducts
    assert {"polarisation", "exchange_length", "dephasing_length"} <= set(FerromagneticMetal.profiles)


def test_record_and_medium_have_one_second_law() -> None:
    """Random P, theta and anisotropy, many of them near the bound."""
    random = np.random.default_rng(11)
    refused = 0
    for _ in range(300):
        theta, amr = random.uniform(-0.6, 0.6), random.uniform(-1.2, 2.5)
        bound = np.sqrt((1 - 2 * theta**2) * min(1 / (1 + 2 * amr / 3), 1 / (1 - amr / 3)))
        p = float(random.choice([-1, 1]) * bound * random.choice([0.5, 1 - 1e-6, 1 + 1e-6, 1.3]))
        shared = {"polarisation": p, "spin_hall_angle": theta, "anisotropy": amr}
        of_record = is_refused(ferro, **shared)
        assert of_record == is_refused(ferromagnet, "F", **shared, **MEDIUM), shared
        refused += of_record
    assert 100 < refused < 200


def test_library_ferromagnets_are_media() -> None:
    """Each record gives a medium with the properties that carry its names."""
    for name in ("Co", "CoFeB", "Fe", "Ni", "Py"):
        record = load(name)
        assert isinstance(record, FerromagneticMetal)
        bulk = ferromagnet(
            name,
            conductivity=record.sigma,
            polarisation=record.P,
            diffusion_constant=record.D,
            diffusion_length=record.lam,
            exchange_length=record.lam_J,
            dephasing_length=record.lam_phi,
            spin_hall_angle=record.theta,
            anomalous_hall_angle=record.alpha,
            anisotropy=record.amr,
            magnetisation=(0, 0, 1),
        )
        assert min(bulk.decay_lengths) == pytest.approx(min(record.lam, record.lam_phi))
        assert record.saturation_magnetisation is not None
        assert 4e5 < record.saturation_magnetisation.value < 2e6
    # R_s of Co and Fe is positive, of Ni negative; that of electrons in a field is negative.
    signs = [np.sign(load(name).alpha) for name in ("Co", "Fe", "Ni")]  # type: ignore[union-attr]
    assert signs == [-1, -1, 1]


def test_rates_of_impurities_by_hand() -> None:
    """Free spins at B = 0: S_x^2 = S(S + 1)/3, so 1/tau = (pi/hbar) n nu J^2 (2/3) S(S + 1) along every axis."""
    table = MOMENTS | {
        "critical_temperature": "0 K",
        "sublattices": [
            {"spin": 1.5, "density": "1e25 1/m^3", "coupling": "5 meV nm^3"},
            {"spin": 2.5, "density": "3e25 1/m^3", "reduced_coupling": -0.07},
        ],
    }
    record = moments(table)
    found = local(record).rates(record.nu, (0.0, 0.0, 0.0), 20.0, (0.0, 0.0, 1.0))
    j = (5e-3 * E * 1e-27, -0.07 / 8e46)
    expected = sum(
        np.pi / HBAR * n * 8e46 * k**2 * 2 / 3 * s * (s + 1)
        for n, k, s in zip((1e25, 3e25), j, (1.5, 2.5), strict=True)
    )
    assert float(found.par) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(record.couplings([8e46, 1.6e47]), [[j[0], j[1]], [j[0], j[1] / 2]], rtol=1e-9)


def test_iron_in_copper_relaxes_spin_as_measured() -> None:
    """(7.7 +- 0.9)e8 1/s per at. ppm at 25 K, Ritter & Silsbee, 1978; the library holds 100 at. ppm."""
    record = load("CuFe")
    assert isinstance(record, LocalMomentMetal)
    found = local(record).rates(record.nu, (0.0, 0.0, 0.0), 25.0, (0.0, 0.0, 1.0))
    assert float(found.par) / 100 == pytest.approx(7.7e8, rel=0.02)


def test_anisotropic_exchange() -> None:
    """Three couplings make tensors, of all sublattices; equal ones the rates of one number."""
    one = {"spin": 2, "density": "4e28 1/m^3"}
    equal = moments(sublattices=[one | {"coupling": ["2 meV nm^3"] * 3}])
    field, axis = (0.0, 0.0, 0.5), (0.0, 0.0, 1.0)
    tensor = local(equal).rates(equal.nu, field, 150.0, axis)
    plain = local(moments()).rates(equal.nu, field, 150.0, axis)
    assert equal.anisotropic
    assert float(tensor.par) == pytest.approx(float(plain.par), rel=1e-12)
    assert float(tensor.exchange) == pytest.approx(float(plain.exchange), rel=1e-12)
    mixed = moments(
        sublattices=[one | {"reduced_coupling": [0.1, 0.2, 0.3]}, one | {"coupling": "2 meV nm^3"}],
    )
    many = mixed.couplings([8e46, 4e46])
    assert many.shape == (2, 2, 3, 3)
    np.testing.assert_allclose(many[0, 0], np.diag([0.1, 0.2, 0.3]) / 8e46, rtol=1e-14)
    np.testing.assert_allclose(many[1, 0], 2 * many[0, 0], rtol=1e-14)
    np.testing.assert_allclose(many[1, 1], np.eye(3) * 2e-3 * E * 1e-27, rtol=1e-14)


def test_densities_are_the_weights_of_the_moments() -> None:
    """A ferrimagnetic metal: n_a = 3 n_b without any bulk_weight is the Weiss model with weights 3 : 1."""
    entries = [
        {"spin": 2.5, "density": "3e28 1/m^3", "reduced_coupling": 0.1},
        {"spin": 2, "density": "1e28 1/m^3", "reduced_coupling": 0.05},
    ]
    record = moments(sublattices=entries)
    expected = ferrimagnet((2.5, 2.0), (3.0, 1.0), 200.0)
    np.testing.assert_allclose(record.moments.exchange, expected.exchange, rtol=1e-12)
    with pytest.raises(InputError, match="in the ratio of the weights"):
        moments(sublattices=[entries[0] | {"bulk_weight": 1}, entries[1] | {"bulk_weight": 1}])


def test_records_from_others() -> None:
    changed = from_table("X", {"like": "Co", "polarisation": 0.3, "diffusion_constant": "5 cm^2/s"})
    assert isinstance(changed, FerromagneticMetal)
    assert (changed.P, changed.D, changed.density_of_states) == (0.3, pytest.approx(5e-4), None)
    assert changed.lam == load("Co").lam  # type: ignore[union-attr]
    hosts = {"kind": "magnetic metal", "critical_temperature": "0 K", "sublattices": MOMENTS["sublattices"]}
    doped = from_table("X", {"like": "Al"} | hosts)
    assert isinstance(doped, LocalMomentMetal)
    assert doped.lam == load("Al").lam  # type: ignore[union-attr]


def number(random: np.random.Generator, dimension: str, value: float) -> Sourced:
    """A number with random parts of its source."""
    at = float(random.uniform(1, 400)) if random.random() < 0.5 else None
    source = "me" if random.random() < 0.5 else "user"
    return Sourced(
        value, dimension, at, source, "note" if random.random() < 0.5 else "", bool(random.random() < 0.5)
    )


def random_conductor(random: np.random.Generator) -> dict[str, Any]:
    def some(dimension: str, low: float, high: float) -> Sourced:
        return number(random, dimension, float(np.exp(random.uniform(np.log(low), np.log(high)))))

    given: dict[str, Any] = {
        "resistivity": some("resistivity", 1e-8, 1e-5),
        "spin_hall_angle": number(random, "dimensionless", float(random.uniform(-0.3, 0.3))),
        "diffusion_length": some("length", 1e-10, 1e-5),
    }
    if random.random() < 0.5:
        given["density_of_states"] = some("density of states", 1e45, 1e48)
    else:
        given["diffusion_constant"] = some("diffusion constant", 1e-6, 1e-1)
    if random.random() < 0.5:
        given |= {"mobility": some("mobility", 1e-5, 1), "g_factor": some("dimensionless", 1.5, 3)}
    return given


def random_ferromagnet(random: np.random.Generator) -> FerromagneticMetal:
    given = random_conductor(random) | {"polarisation": number(random, "dimensionless", random.uniform(-0.6, 0.6))}
    optional = {
        "exchange_length": number(random, "length", 1.23456789e-9),
        "dephasing_length": number(random, "length", 2e-9 / 3),
        "anomalous_hall_angle": number(random, "dimensionless", -0.01 / 3),
        "anisotropy": number(random, "dimensionless", 0.02),
        "saturation_magnetisation": number(random, "magnetisation", 8e5 / 7),
    }
    return FerromagneticMetal(name="X", **given, **{k: v for k, v in optional.items() if random.random() < 0.5})


def random_moments(random: np.random.Generator, which: int) -> LocalMomentMetal:
    """A paramagnet, an antiferro- and a ferrimagnet, and three sublattices with an exchange matrix."""
    energies = tuple(
        tuple(K_B * e for e in row) for row in ((10.0, -300.0, 5.0), (-200.0, 20.0, 7.0), (5.0, 10.5, 1.0))
    )
    model, densities = (
        (paramagnet(1.5, 1.97), [1e25 / 3]),
        (antiferromagnet(2.5, 311.7), [2e28, 2e28]),
        (ferrimagnet((2.5, 1.0), (3.0, 2.0), 100 / 3), [3e28, 2e28]),
        (from_exchange((2.5, 2.5, 3.5), energies, (2.0, 3.0, 2.0), g_factor=1.99), [2e27, 3e27, 2e27]),
    )[which]
    sublattices = []
    for density in densities:
        kind, size = (("energy volume", 1e-49), ("dimensionless", 0.1))[random.integers(2)]
        x, y, z = (number(random, kind, float(size * random.normal())) for _ in range(3))
        coupling = (x, y, z) if random.random() < 0.5 else x
        sublattices.append(VolumeSublattice(number(random, "volume density", density), coupling))
    return LocalMomentMetal(name="X", moments=model, sublattices=tuple(sublattices), **random_conductor(random))


def test_random_records_return_from_files() -> None:
    random = np.random.default_rng(5)
    records: list[Record] = [random_ferromagnet(random) for _ in range(40)]
    records += [random_moments(random, k % 4) for k in range(40)]
    for record in records:
        given = to_given(record)
        assert isinstance(given, dict)
        back = material(tomllib.loads(write_toml(given)), "m")
        if isinstance(back, LocalMomentMetal):
            # The facts are read from the table; this record was built without.
            assert [fact.value for fact in back.facts[1:]] == list(back.moments.spins)
            back = replace(back, facts=())
        assert same(back, record), given


@pytest.mark.parametrize("name", available())
def test_library_returns_from_files(name: str) -> None:
    """By name, and number for number when one of them is changed."""
    record = load(name)
    assert to_given(record) == name
    table = {"kind": record.kind} | SCHEMAS[record.kind].write(record)
    back = material(tomllib.loads(write_toml(table)), "m")
    assert same(back, record)
    assert numbers(back) == numbers(record)


def test_catalogue_shows_every_record() -> None:
    lines = listing().splitlines()
    for name in available():
        assert any(line.split()[0] == name and load(name).kind in line for line in lines if line)
        shown = describe(name)
        assert all(key in shown for key in numbers(load(name)))
        assert "[user" not in shown
        assert "[]" not in shown
    cobalt, yig = (" ".join(describe(name).split()) for name in ("Co", "YIG"))
    assert "resistivity 150 nOhm m at 300 K [estimate] typical of films" in cobalt
    assert "polarisation 0.46 at 4.2 K [bass2016, estimate] bulk asymmetry" in cobalt
    assert "saturation_magnetisation 1.4 MA/m at 300 K [kittel2005]" in cobalt
    assert "sublattices[1].reduced_coupling 0.1 [zhang2019, estimate]" in yig
    # The source of a number, and a work that only a note names.
    assert "@article{bass2016" in cobalt
    assert "@misc{zahnd2018" in cobalt


def without(table: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != key}


def sub(**changes: Any) -> dict[str, Any]:
    entry = MOMENTS["sublattices"][0] | changes
    return MOMENTS | {"sublattices": [{key: value for key, value in entry.items() if value is not None}]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (FERRO | {"polarisation": 1.0}, "X.polarisation must be between -1 and 1 (|P| < 1); instead received 1.0"),
    (FERRO | {"polarisation": "70 nm"}, "X.polarisation must be a plain number"),
    (FERRO | {"polarisation": 0.9, "anisotropy": 1.0}, "X.polarisation must be below 0.7746 in size"),
    (FERRO | {"anisotropy": 3.0}, "X.anisotropy must be between -1.5 and 3; instead received 3.0"),
    (FERRO | {"spin_hall_angle": 0.8}, "X.spin_hall_angle must be below 1/sqrt(2)"),
    (FERRO | {"diffusion_length": "0 nm"}, "X.diffusion_length must be a length, positive"),
    (FERRO | {"exchange_length": "-1 nm"}, 'X.exchange_length must be a length, positive; instead received "-1 nm"'),
    (FERRO | {"dephasing_length": 2}, 'did you mean "2 nm"'),
    (FERRO | {"saturation_magnetisation": "0 A/m"}, "X.saturation_magnetisation must be a magnetisation, positive"),
    (FERRO | {"polarization": 0.5}, 'did you mean "polarisation"?'),
    (FERRO | {"relaxation": []}, "X.relaxation must be one of"),
    (FERRO | {"density_of_states": "1e47 1/(J m^3)"}, "X.density_of_states must be given, or else diffusion_constant"),
    (without(FERRO, "polarisation"), "X.polarisation must be given"),
    (without(FERRO, "diffusion_length"), "X.diffusion_length must be given"),
    (FERRO | {"kind": "ferromagnetic metl"}, 'did you mean "ferromagnetic metal"?'),
    ({"like": "Coo"}, 'X.like must be one of'),
    (without(MOMENTS, "critical_temperature"), "X.critical_temperature must be given"),
    (without(MOMENTS, "diffusion_length"), "X.diffusion_length must be given"),
    (without(MOMENTS, "sublattices"), "X.sublattices must be given"),
    (MOMENTS | {"moment_g_factor": 0}, "X.moment_g_factor must be a plain number, positive"),
    (MOMENTS | {"moment_gfactor": 2}, 'did you mean "moment_g_factor"?'),
    (sub(density="-1 1/nm^3"), "X.sublattices[0].density must be >= 0"),
    (sub(density=None), "X.sublattices[0].density must be given"),
    (sub(areal_density="1 1/nm^2"), 'X.sublattices[0].areal_density must be one of'),
    (sub(coupling=["1 meV nm^3"] * 2), "X.sublattices[0].coupling must be one number, or three along x, y and z"),
    (sub(coupling=["1 meV nm^3", "1 meV nm^3", "1 meV"]), "X.sublattices[0].coupling[2] must be an energy times"),
    (sub(reduced_coupling=0.1), "X.sublattices[0].coupling must be given, or else reduced_coupling"),
    (sub(spin=0.7), "X.sublattices[0].spin must be a positive multiple of 1/2"),
    (MOMENTS | {"sublattices": MOMENTS["sublattices"] * 3}, "X.exchange must be given for more than two"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "message"), REFUSED)
def test_refuses_with_the_cure(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        from_table("X", table)
    assert message in str(caught.value)


def test_records_built_in_python_are_checked_too() -> None:
    record = moments()
    one = record.sublattices[0]
    density, j, reduced = one.density, Sourced(1e-49, "energy volume"), Sourced(0.1, "dimensionless")
    with pytest.raises(InputError, match="one for each spin"):
        replace(record, sublattices=(one, one))
    with pytest.raises(InputError, match=r"sublattices\[0\]\.coupling must be nu J"):
        replace(record, sublattices=(VolumeSublattice(density, density),))
    with pytest.raises(InputError, match="three numbers of one kind"):
        replace(record, sublattices=(VolumeSublattice(density, (j, j, reduced)),))
    empty = VolumeSublattice(Sourced(0.0, "volume density"), j)
    assert replace(record, sublattices=(empty,)).densities == (0.0,)
    with pytest.raises(InputError, match="leave an empty sublattice out"):
        replace(record, moments=antiferromagnet(2.0, 200.0), sublattices=(one, empty))
