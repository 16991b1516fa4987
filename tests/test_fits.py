"""Fits of device numbers to data, and the names under which numbers are varied. What must agree and why:

fit of data without noise                  the numbers that made them
fit of noisy data                          the same within the errors it quotes, chi about 1
standard errors                            scatter of fits over draws of the noise
distance scan of a lateral device          lambda_m and sigma_m at once
fit of a device on the exact engine        batches
varied number                              the device made with that number
"""

from typing import Any

import numpy as np
import pytest

import hanle
from hanle import fits
from hanle.pde.errors import InputError, UserCodeError
from hanle.variations import unit_of, variables, varied

#: Relative error of a fit of exact data: of its convergence.
CONVERGED = 1e-4
NOISE = 0.02
WIDTH, PT, YIG = 100e-9, 7e-9, 50e-9
GAPS = np.array([0.2e-6, 0.5e-6, 1.0e-6, 1.6e-6])
COARSE = {"cells_per_length": 3.0}
LENGTH, SIGMA = "YIG.magnon_diffusion_length", "YIG.magnon_conductivity"


def lateral(length: str = "0.8 um", sigma: str = "5e5 S/m") -> hanle.Device:
    """Injector at the left of a film, detector beside it."""
    strips = [("injector", -1e-6, WIDTH, PT), ("detector", -0.5e-6, WIDTH, PT)]
    yig = {"like": "YIG", "magnon_diffusion_length": length, "magnon_conductivity": sigma}
    return hanle.Device(
        hanle.strips(4e-6, [("YIG", YIG)], strips),
        {"YIG": yig, "injector": "Pt", "detector": "Pt"},
        field=(0.1, 0, 0),
        interfaces={f"YIG|{name}": hanle.MagnonInterface(g_r="4.1e18 1/m^2") for name in ("injector", "detector")},
        transport=("magnons",),
        wires={"injector": ["injector"], "detector": ["detector"]},
    )


def scan(device: hanle.Device) -> np.ndarray:
    found = hanle.sweep(device, vary=DISTANCE, wiring={"injector": "10 uA"}, mesh_options=COARSE, progress=False)
    return np.asarray(found.wire_resistance.sel(wire="detector").values.ravel())


DISTANCE = {"detector.position": (-1e-6 + GAPS + WIDTH).tolist()}
LATERAL: dict[str, Any] = {
    "vary": DISTANCE,
    "wiring": {"injector": "10 uA"},
    "mesh_options": COARSE,
    "read": lambda result: result.wire_resistance("detector"),
}


def test_distance_scan_gives_length_and_conductivity() -> None:
    exact = scan(lateral())
    data = exact * (1 + NOISE * np.random.default_rng(5).standard_normal(len(exact)))
    start = {LENGTH: "2 um", SIGMA: "2e5 S/m"}
    found = hanle.fit(lateral("3 um", "1e5 S/m"), data, start=start, error=NOISE * np.abs(exact), **LATERAL)
    for name, true in ((LENGTH, 0.8e-6), (SIGMA, 5e5)):
        assert abs(found.values[name] - true) < 3 * found.errors[name]
        assert found.errors[name] < 0.1 * true
    assert 0.05 < found.chi < 3
    assert found.correlations[0, 1] < -0.3
    record: Any = found.device.materials["YIG"]
    assert record.magnons.magnon_diffusion_length.value == found.values[LENGTH]
    assert found.model == pytest.approx(scan(found.device), rel=2e-3)
    assert "magnon_diffusion_length = " in repr(found)
    assert "+-" in repr(found)


def test_meshes_follow_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One mesh for each state while the numbers stay near, new ones where they moved on."""
    made: list[float] = []

    def remesh(curve: Any, numbers: Any) -> None:
        made.append(numbers[SIGMA])
        original(curve, numbers)

    original = fits._Curve.remesh
    monkeypatch.setattr(fits._Curve, "remesh", remesh)
    data = scan(lateral())
    for start, rounds in (("5.01e5 S/m", 1), ("3e5 S/m", 2)):
        made.clear()
        found = hanle.fit(lateral(), data, start={SIGMA: start}, **LATERAL)
        assert found.values[SIGMA] == pytest.approx(5e5, rel=1e-3)
        assert len(made) == rounds


def film(theta: float = 0.11, **changes: Any) -> hanle.Device:
    shape = hanle.stack([("YIG", YIG), ("Pt", 5e-9)])
    given: dict[str, Any] = {"field": (0, 1, 0), **changes}
    return hanle.Device(shape, {"YIG": "YIG", "Pt": {"like": "Pt", "spin_hall_angle": theta}}, **given)


SCAN: dict[str, Any] = {"angle": hanle.angles("beta", [0, 20, 40, 60, 90]), "read": lambda r: r.rho_L_change}


def test_exact_data_on_the_exact_engine() -> None:
    data = hanle.sweep(film(), angle=SCAN["angle"], progress=False).rho_L_change
    found = hanle.fit(film(0.05), data, start={"Pt.spin_hall_angle": 0.07}, **SCAN)
    assert found.values["Pt.spin_hall_angle"] == pytest.approx(0.11, rel=CONVERGED)
    assert found.errors["Pt.spin_hall_angle"] < 1e-5
    assert found.model.shape == data.shape
    assert found.model == pytest.approx(data.values, rel=1e-6)
    # Numbers keep their sign: -theta gives the same curve.
    other = hanle.fit(film(0.05), data, start={"Pt.spin_hall_angle": -0.07}, **SCAN)
    assert other.values["Pt.spin_hall_angle"] == pytest.approx(-0.11, rel=CONVERGED)


def test_quoted_errors_are_the_scatter() -> None:
    """Fits over draws of the noise, its size unknown to them."""
    exact = np.asarray(hanle.sweep(film(), angle=SCAN["angle"], progress=False).rho_L_change).ravel()
    random, sigma = np.random.default_rng(2), 1e-4
    draws = [exact + sigma * random.standard_normal(len(exact)) for _ in range(12)]
    fits = [hanle.fit(film(), data, start={"Pt.spin_hall_angle": 0.1}, **SCAN) for data in draws]
    values = np.array([f.values["Pt.spin_hall_angle"] for f in fits])
    quoted = np.sqrt(np.mean([f.errors["Pt.spin_hall_angle"] ** 2 for f in fits]))
    # 12 draws know their scatter to 1/sqrt(24), the errors theirs to about the same.
    assert quoted == pytest.approx(values.std(ddof=1), rel=0.7)
    assert np.mean([f.chi for f in fits]) == pytest.approx(sigma, rel=0.3)


@pytest.mark.slow
def test_second_harmonic_gives_the_bulk_spin_seebeck_coefficient() -> None:
    """A stack on elements: V = R_1 I + R_2 I^2 at each state."""
    rule = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
    device = hanle.Device(
        hanle.stack([("low", PT), ("YIG", YIG), ("high", 5e-9)]),
        {"low": "Pt", "YIG": "YIG", "high": "Pt"},
        field=(0, 0.5, 0),
        interfaces={"low|YIG": rule, "YIG|high": rule},
        transport=("magnons", "heat"),
        wires={"in": ["low"], "out": ["high"]},
        heat_contacts={"bath": ["top"]},
    )
    given: dict[str, Any] = {"field": [0.5], "wiring": {"in": "100 A/m"}, "mesh_options": COARSE}
    scan = hanle.sweep(device, harmonics=True, progress=False, **given).field_along_2w.sel(wire="out")
    found = hanle.fit(
        device,
        scan,
        read=lambda pair: pair.second("out"),
        start={"YIG.bulk_spin_seebeck": "40 A/(m K)"},
        of_harmonics=True,
        **given,
    )
    assert found.values["YIG.bulk_spin_seebeck"] == pytest.approx(55, rel=1e-3)


def test_steps_that_the_device_refuses_are_shortened() -> None:
    """The spin Hall angle of strongly resisting data would leave what is allowed on the way."""
    data = np.asarray(hanle.sweep(film(0.4), angle=SCAN["angle"], progress=False).rho_L_change).ravel()
    found = hanle.fit(film(0.01), data, start={"Pt.spin_hall_angle": 0.005}, **SCAN)
    assert found.values["Pt.spin_hall_angle"] == pytest.approx(0.4, rel=CONVERGED)


def test_refusals() -> None:
    data = [0.01, 0.02, 0.03, 0.04, 0.05]
    start = {"Pt.spin_hall_angle": 0.1}
    for given, words in (
        ({"start": {"Pt.spin_hal_angle": 0.1}}, "spin_hall_angle"),
        ({"start": {"Pt.spin_hall_angle": 0.0}}, "not zero"),
        ({"start": {}}, "at least one number"),
        ({"start": start, "data": data[:3]}, "5 numbers, one for each state"),
        ({"start": start, "data": [0.0] * 5}, "not all zero"),
        ({"start": start, "error": [1, 1, 0, 1, 1]}, "error must be positive"),
        ({"start": start, "read": lambda r: r.rho_L_change[:2]}, "one number for each of 5 states"),
        ({"start": {"Pt.spin_hall_angle": 0.1, "Pt.seebeck": "-5 uV/K"}}, "that the data tell apart"),
    ):
        arguments: dict[str, Any] = {"data": data, **SCAN, **given}
        with pytest.raises(InputError, match=words):
            hanle.fit(film(), **arguments)
    with pytest.raises(UserCodeError, match="raised AttributeError"):
        hanle.fit(film(), data, start=start, angle=SCAN["angle"], read=lambda r: r.nothing)


@pytest.mark.parametrize(
    ("name", "value", "unit", "key"),
    [
        (LENGTH, 2e-6, "m", "magnon_diffusion_length"),
        (SIGMA, 3e5, "S/m", "magnon_conductivity"),
        ("YIG.anisotropy_gap", 1e-23, "J", "anisotropy_gap"),
        ("YIG.spin_density", 9e27, "1/m^3", "spin_density"),
    ],
)
def test_numbers_of_insulators_have_names(name: str, value: float, unit: str, key: str) -> None:
    device = lateral()
    record: Any = varied(device, {name: value}).materials["YIG"]
    assert getattr(record.magnons, key).value == value
    assert unit_of(device, name) == unit
    other: Any = device.materials["YIG"]
    assert getattr(other.magnons, key) != getattr(record.magnons, key)
    rest = {k: v for k, v in record.magnons.numbers.items() if k != key}
    assert rest == {k: v for k, v in other.magnons.numbers.items() if k != key}


def test_numbers_of_interfaces_and_lattices_have_names() -> None:
    device = lateral()
    changed = varied(device, {"YIG|detector.g_r": "2e18 1/m^2", "YIG|injector.inelastic_scale": 0.6})
    detector, injector = (changed.interfaces[f"YIG|{name}"] for name in ("detector", "injector"))
    assert (detector.g_r, injector.g_r, injector.inelastic_scale) == (2e18, 4.1e18, 0.6)  # type: ignore[union-attr]
    assert "injector.lattice_heat_conductivity" in variables(device)
    record: Any = varied(device, {"injector.lattice_heat_conductivity": "7 W/(K m)"}).materials["injector"]
    assert record.lattice_heat_conductivity.value == 7.0
    with pytest.raises(InputError, match="YIG"):
        varied(device, {"YIG.magnon_difusion_length": 1e-6})
    with pytest.raises(InputError, match="positive"):
        varied(device, {LENGTH: -1e-6})
