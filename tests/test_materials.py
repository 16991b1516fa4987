"""Records and the loader: derived numbers by hand, one message per way to be wrong."""

import copy
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from hanle.materials.load import from_table, load, material, numbers
from hanle.materials.rates import conductance_scale
from hanle.materials.records import (
    FixedConductances,
    MagneticInsulator,
    NormalMetal,
    Sourced,
    Sublattice,
)
from hanle.materials.weiss import ferromagnet, paramagnet
from hanle.pde.errors import InputError, UnsupportedError

E = 1.602176634e-19

METAL: dict[str, Any] = {
    "resistivity": "1e-6 Ohm m",
    "spin_hall_angle": 0.1,
    "diffusion_length": "3 nm",
    "density_of_states": "3.9e46 1/(J m^3)",
}
INSULATOR: dict[str, Any] = {
    "kind": "magnetic insulator",
    "critical_temperature": "100 K",
    "sublattices": [{"spin": 2, "areal_density": "3.125e18 1/m^2", "reduced_coupling": 0.08}],
}
FIXED: dict[str, Any] = {
    "kind": "magnetic insulator",
    "G_s": "-1e13 S/m^2",
    "G_r": "4e14 S/m^2",
    "G_i": "-2e13 S/m^2",
}


def _metal(**changes: Any) -> NormalMetal:
    record = from_table("X", METAL | changes)
    assert isinstance(record, NormalMetal)
    return record


def _insulator(table: dict[str, Any]) -> MagneticInsulator:
    record = from_table("F", table)
    assert isinstance(record, MagneticInsulator)
    return record


def test_derived_numbers_of_a_metal() -> None:
    """The film of Zhang et al., 2019, Fig. 4: D = 1/(2 e^2 nu rho) = 5.0e-4 m^2/s, tau_s = 18 fs."""
    metal = _metal(mobility="20 cm^2/(V s)")
    assert metal.sigma == pytest.approx(1e6)
    assert metal.D == pytest.approx(1 / (2 * E**2 * 3.9e46 * 1e-6))
    assert metal.D == pytest.approx(5.0e-4, rel=2e-3)
    assert metal.tau_s == pytest.approx(1.8e-14, rel=3e-3)
    assert (metal.lam, metal.theta, metal.g) == (pytest.approx(3e-9), 0.1, 2.0)
    assert metal.mu == pytest.approx(2e-3)
    np.testing.assert_allclose(metal.relaxation_rates, np.eye(3) / metal.tau_s)


def test_diffusion_constant_and_density_of_states_are_one_input() -> None:
    first = _metal()
    table = {key: value for key, value in METAL.items() if key != "density_of_states"}
    second = from_table("X", table | {"diffusion_constant": f"{first.D!r} m^2/s"})
    assert isinstance(second, NormalMetal)
    assert second.nu == pytest.approx(first.nu, rel=1e-14)
    assert _metal().mu == 0.0


def test_tensor_of_relaxation_rates() -> None:
    table = {key: value for key, value in METAL.items() if key != "diffusion_length"}
    rates = [["2 1/ps", "0.5 1/ps", "0 1/ps"], ["0.5 1/ps", "3 1/ps", "0 1/ps"], ["0 1/ps", "0 1/ps", "4 1/ps"]]
    metal = from_table("X", table | {"relaxation": rates})
    assert isinstance(metal, NormalMetal)
    expected = np.array([[2, 0.5, 0], [0.5, 3, 0], [0, 0, 4]]) * 1e12
    np.testing.assert_allclose(metal.relaxation_rates, expected)
    with pytest.raises(UnsupportedError, match="use relaxation_rates"):
        _ = metal.lam
    with pytest.raises(UnsupportedError, match="use relaxation_rates"):
        _ = metal.tau_s


def test_values_keep_their_source() -> None:
    given = {"value": "2 nm", "temperature": "10 K", "source": "mine2025", "note": "spin valve", "estimate": True}
    length = _metal(diffusion_length=given).diffusion_length
    assert length == Sourced(2e-9, "length", 10.0, "mine2025", "spin valve", True)
    assert str(length) == "2 nm"
    assert numbers(_metal())["resistivity"].source == "user"


def test_records_are_frozen_and_changed_by_copy() -> None:
    metal = _metal()
    with pytest.raises(FrozenInstanceError):
        metal.name = "Y"  # type: ignore[misc]
    thicker = replace(metal, diffusion_length=Sourced(4e-9, "length"))
    assert (metal.lam, thicker.lam) == (pytest.approx(3e-9), 4e-9)


def test_rates_of_an_insulator_depend_on_nu_j_only() -> None:
    """With nu J given, G0 does not depend on the metal: rates scale as 1/nu; with J given, as nu."""
    reduced = _insulator(INSULATOR)
    in_joules = copy.deepcopy(INSULATOR)
    in_joules["sublattices"][0] = {"spin": 2, "areal_density": "3.125e18 1/m^2", "coupling": "2 meV nm^3"}
    absolute = _insulator(in_joules)
    nu = 3.9e46
    one, two = reduced.rates(nu, 1.0, [10.0, 200.0]), reduced.rates(2 * nu, 1.0, [10.0, 200.0])
    np.testing.assert_allclose(two.par, one.par / 2)
    np.testing.assert_allclose(two.exchange, one.exchange / 2)
    np.testing.assert_allclose(absolute.rates(2 * nu, 1.0, 10.0).perp, 2 * absolute.rates(nu, 1.0, 10.0).perp)
    np.testing.assert_allclose(absolute.couplings(nu), [2e-3 * E * 1e-27])
    many = np.array([nu, 3 * nu])
    for record in (reduced, absolute):
        whole = record.rates(many, 1.0, 10.0)
        for name in ("par", "perp", "difference", "exchange"):
            single = [float(getattr(record.rates(n, 1.0, 10.0), name)) for n in many]
            np.testing.assert_allclose(getattr(whole, name), single, rtol=1e-14)
    saturated = reduced.rates(nu, 0.0, 0.5)
    g0 = float(conductance_scale(3.125e18, 0.08))
    assert float(E**2 * nu * saturated.difference) == pytest.approx(4 * g0, rel=1e-8)


def test_fixed_conductances() -> None:
    record = _insulator(FIXED)
    assert record.conductances is not None
    assert record.conductances.G_r.value == pytest.approx(4e14)
    assert set(numbers(record)) == {"G_s", "G_r", "G_i"}
    with pytest.raises(UnsupportedError, match="use conductances"):
        record.rates(3.9e46, 0.0, 300.0)
    # Only G_r - G_s >= 0 is asked for: G_r alone may be negative.
    assert _insulator(FIXED | {"G_r": "-0.5e13 S/m^2"}).conductances is not None


def test_more_than_two_sublattices_and_given_exchange() -> None:
    table = copy.deepcopy(INSULATOR)
    table["sublattices"] = table["sublattices"] * 3
    z = 3 * 1.380649e-23 * 100.0 / 6 / E * 1e3 / 2
    table["exchange"] = [[f"{0.0 if i == j else z} meV" for j in range(3)] for i in range(3)]
    record = _insulator(table)
    assert record.moments is not None
    assert record.moments.critical_temperature == pytest.approx(100.0, rel=1e-9)
    one = _insulator(INSULATOR).rates(3.9e46, 1.0, 50.0)
    np.testing.assert_allclose(record.rates(3.9e46, 1.0, 50.0).par, 3 * one.par, rtol=1e-9)


def test_library_against_numbers_known_otherwise() -> None:
    """Orders of magnitude a reader can check: Al spin lifetime near 100 ps, G_r of YIG|Pt of some 1e14 S/m^2."""
    aluminium, platinum, yig = load("Al"), load("Pt"), load("YIG")
    assert isinstance(aluminium, NormalMetal)
    assert 5e-11 < aluminium.tau_s < 3e-10
    assert isinstance(platinum, NormalMetal)
    assert platinum.theta > 0
    assert isinstance(yig, MagneticInsulator)
    found = yig.rates(platinum.nu, 0.0, 300.0)
    assert 1e14 < float(E**2 * platinum.nu * found.difference) < 7e14
    assert abs(E**2 * platinum.nu / 1.0546e-34 * found.exchange) < 1e14


def test_material_takes_name_table_or_record() -> None:
    platinum = material("Pt", "materials.heavy")
    assert material(platinum, "materials.heavy") is platinum
    changed = material({"like": "Pt", "diffusion_length": "2 nm"}, "materials.heavy")
    assert isinstance(changed, NormalMetal)
    assert changed.name == "materials.heavy"
    assert changed.lam == pytest.approx(2e-9)
    assert changed.theta == load("Pt").theta  # type: ignore[union-attr]


def test_what_is_given_replaces_its_alternative() -> None:
    """A diffusion constant laid over a record with a density of states, and G over a set of moments."""
    changed = from_table("X", {"like": "Pt", "diffusion_constant": "1 cm^2/s"})
    assert isinstance(changed, NormalMetal)
    assert changed.D == pytest.approx(1e-4)
    assert changed.density_of_states is None
    fixed = from_table("F", {"like": "YIG", "G_s": "0 S/m^2", "G_r": "4e14 S/m^2", "G_i": "0 S/m^2"})
    assert isinstance(fixed, MagneticInsulator)
    assert fixed.moments is None


def _without(table: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != key}


def _sub(**changes: Any) -> dict[str, Any]:
    entry = INSULATOR["sublattices"][0] | changes
    return INSULATOR | {"sublattices": [{key: value for key, value in entry.items() if value is not None}]}


ASYMMETRIC = [["2 1/ps", "1 1/ps", "0 1/ps"], ["0 1/ps", "2 1/ps", "0 1/ps"], ["0 1/ps", "0 1/ps", "2 1/ps"]]
NEGATIVE = [["1 1/ps", "2 1/ps", "0 1/ps"], ["2 1/ps", "1 1/ps", "0 1/ps"], ["0 1/ps", "0 1/ps", "2 1/ps"]]
TENSOR = _without(METAL, "diffusion_length")

REFUSED: list[tuple[dict[str, Any], str]] = [
    (METAL | {"diffusion_length": 1.5}, 'X.diffusion_length must be a length; instead received 1.5 (no unit)'),
    (METAL | {"diffusion_length": "-3 nm"}, 'X.diffusion_length must be a length, positive; instead received "-3 nm"'),
    (METAL | {"resistivity": "0 Ohm m"}, "X.resistivity must be a resistivity, positive"),
    (METAL | {"g_factor": -2}, "X.g_factor must be a plain number, positive"),
    (METAL | {"spin_hall_angle": -0.8}, "X.spin_hall_angle must be below 1/sqrt(2) = 0.707 in size"),
    (METAL | {"spin_hall_angle": 0.5**0.5}, "the bulk resistivity rho_D/(1 - 2 theta^2) must be > 0"),
    (METAL | {"difusion_length": "3 nm"}, 'did you mean "diffusion_length"?'),
    (METAL | {"kind": "normal metl"}, 'did you mean "normal metal"?'),
    (METAL | {"like": "Ptt"}, 'did you mean "Pt"?'),
    (METAL | {"diffusion_constant": "1 cm^2/s"}, "X.density_of_states must be given, or else diffusion_constant"),
    (_without(METAL, "density_of_states"), "neither is given"),
    (_without(METAL, "diffusion_length"), "X.diffusion_length must be given, or else relaxation"),
    (_without(METAL, "resistivity"), "X.resistivity must be given"),
    (TENSOR | {"relaxation": ASYMMETRIC}, "X.relaxation must be a symmetric 3x3 tensor"),
    (TENSOR | {"relaxation": NEGATIVE}, "X.relaxation must be positive definite; instead received -1"),
    (TENSOR | {"relaxation": [["1 1/ps"]]}, "X.relaxation must be a 3x3 tensor"),
    (TENSOR | {"relaxation": "1 1/ps"}, "X.relaxation must be a 3x3 list of rates"),
    (METAL | {"resistivity": {"valeu": "1 uOhm m"}}, 'X.resistivity.valeu must be one of'),
    (METAL | {"resistivity": {"note": "none"}}, "X.resistivity.value must be given"),
    (METAL | {"resistivity": {"value": "1 uOhm m", "temperature": 300}}, 'X.resistivity.temperature must be'),
    (METAL | {"resistivity": {"value": "1 uOhm m", "temperature": "-3 K"}}, "temperature must be a temperature > 0 K"),
    (METAL | {"resistivity": {"value": "1 uOhm m", "source": 3}}, "X.resistivity.source must be a string"),
    (METAL | {"resistivity": {"value": "1 uOhm m", "estimate": "yes"}}, "X.resistivity.estimate must be true or false"),
    (_without(INSULATOR, "critical_temperature"), "X.critical_temperature must be given"),
    (INSULATOR | {"critical_temperature": "-5 K"}, "X.critical_temperature must be a temperature >= 0 K"),
    (INSULATOR | {"sublattices": []}, "X.sublattices must be a list of tables"),
    (INSULATOR | {"sublattices": ["a"]}, "X.sublattices[0] must be a table"),
    (INSULATOR | {"sublattices": INSULATOR["sublattices"] * 3}, "X.exchange must be given for more than two"),
    (INSULATOR | {"exchange": [["9 meV"]]}, "X.critical_temperature must be what the exchange gives"),
    (INSULATOR | {"exchange": "9 meV"}, "X.exchange must be a list of rows"),
    (INSULATOR | {"G_s": "0 S/m^2"}, "X must be either a set of moments or the conductances"),
    (_sub(spin=0.3), "X.sublattices[0].spin must be a positive multiple of 1/2"),
    (_sub(areal_density="-1 1/nm^2"), "X.sublattices[0].areal_density must be >= 0"),
    (_sub(coupling="1 meV nm^3"), "X.sublattices[0].coupling must be given, or else reduced_coupling"),
    (_sub(reduced_coupling=None), "X.sublattices[0].coupling must be given, or else reduced_coupling"),
    (_sub(bulk_weight=0), "X.sublattices[0].bulk_weight must be a plain number, positive"),
    (_sub(spinn=2), "X.sublattices[0].spinn must be one of"),
    (FIXED | {"G_s": "1e13 S/m^2"}, 'X.G_s must be <= 0; instead received "1e+13 S/m^2"'),
    (FIXED | {"G_r": "-2e13 S/m^2"}, "X.G_r must be >= G_s = -1e+13 S/m^2"),
    (_without(FIXED, "G_i"), "X.G_i must be given"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "message"), REFUSED)
def test_refuses_with_the_cure(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        from_table("X", table)
    assert message in str(caught.value)


def test_refuses_unknown_names_and_kinds_of_material() -> None:
    with pytest.raises(InputError, match='did you mean "Pt"'):
        load("Ptt")
    with pytest.raises(InputError, match=r"materials\.heavy must be one of"):
        material("Platinum", "materials.heavy")
    with pytest.raises(InputError, match=r"materials\.heavy must be a library name, a table or a record"):
        material(3, "materials.heavy")  # type: ignore[arg-type]


def test_records_built_in_python_are_checked_too() -> None:
    one = Sourced(5e18, "areal density")
    conductances = FixedConductances(*(Sourced(0.0, "conductance per area") for _ in range(3)))
    with pytest.raises(InputError, match='did you mean "length"'):
        Sourced(1.0, "lenght")
    with pytest.raises(InputError, match="finite"):
        Sourced(float("nan"), "length")
    with pytest.raises(InputError, match="neither"):
        MagneticInsulator("F")
    with pytest.raises(InputError, match="both"):
        MagneticInsulator("F", paramagnet(2.0), (Sublattice(one, Sourced(0.1, "dimensionless")),), conductances)
    with pytest.raises(InputError, match="one for each spin"):
        MagneticInsulator("F", ferromagnet(2.0, 10.0))
    with pytest.raises(InputError, match=r"F\.sublattices\[0\]\.coupling must be nu J"):
        MagneticInsulator("F", paramagnet(2.0), (Sublattice(one, Sourced(0.1, "energy")),))
