"""`hanle verify`: the table holds, and each of its lines can fail."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hanle import verify_cases, verify_device, verify_magnets
from hanle.boundary.b_layer import Conductances
from hanle.deviations import SAFETY, Row, difference, richardson
from hanle.device import Device
from hanle.meshes.files import MeshShape
from hanle.meshes.layers import film, stack
from hanle.pde.errors import InputError
from hanle.shapes import channel, hall_bar
from hanle.verify import compare, main, report

PT = verify_cases.METAL
CU = PT | {"resistivity": "0.02 uOhm m", "diffusion_length": "300 nm", "diffusion_constant": "0.01 m^2/s"}
TOML = """
temperature = "100 K"
field = ["1 T", "2 T", "5 T"]

[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]

[materials]
YIG = "YIG"
Pt = "Pt"
"""


def lines(device):
    return list(verify_device.rows(device))


def test_built_in_cases(capsys):
    """Every formula of the list, exit code 0, well below the half minute a user waits."""
    start = time.monotonic()
    assert main([]) == 0
    assert time.monotonic() - start < 30
    out = capsys.readouterr().out
    for word in (
        "film",
        "Hanle",
        "edges",
        "wire",
        "modulated",
        "valve",
        "torque",
        "pillar",
        "drag",
        "GHz",
        "damping",
        "multilayer",
        "scikit, order 2",
    ):
        assert word in out
    assert "FAILED" not in out


CASES = [*verify_cases.cases(), *verify_magnets.cases()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.formula)
def test_a_wrong_formula_is_found(case):
    """Three parts in a thousand of the correction, by the method that resolves it best."""
    best = 0 if verify_cases.EXACT in case.methods else max(m.order for m in case.methods)
    method = next(m for m in case.methods if m.order == best)
    wrong = replace(case, exact=np.asarray(case.exact) * 1.003)
    assert not compare(wrong, method.name, best, lambda cells: case.found(method, cells)).ok


def test_exit_code_of_a_failed_line():
    said = []
    good, bad = Row("a", "b", 1e-14, 1e-12), Row("c", "d", 1e-3, 1e-12)
    assert report(iter([good]), time.monotonic(), said.append) == 0
    assert report(iter([good, bad]), time.monotonic(), said.append) == 1
    assert "1 of 2 FAILED" in said[-1]
    assert "FAILED" in said[-2]
    assert report(iter([]), time.monotonic(), said.append) == 1
    assert not Row("not a number", "", float("nan"), 1.0).ok


def test_richardson():
    """Values 1 + 0.16 h^2 at h = 1/2 and 1/4: the error of the finer one is 0.01, its estimate SAFETY times that."""
    coarse, fine = np.array([1.04]), np.array([1.01])
    assert richardson(coarse, fine, 2) == pytest.approx(SAFETY * 0.01 / 1.01)
    assert difference(np.array([0.5, 1.0]), np.array([0.0, 2.0])) == 0.5
    assert difference(np.array([3e-9]), np.zeros(1)) == 3e-9


def test_device_file(tmp_path, capsys):
    path = tmp_path / "film.toml"
    path.write_text(TOML)
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert "closed form" in out
    assert "all 4 as expected" in out


@pytest.mark.parametrize(
    ("layers", "changes"),
    [
        ([("YIG", 5e-8), ("Pt", 4e-9)], {}),
        ([("Pt", 4e-9), ("YIG", 5e-8)], {"interfaces": {"Pt|YIG": Conductances(-2e13, 4e14, 1.5e14)}}),
        ([("low", 5e-8), ("Pt", 4e-9), ("YIG", 5e-8)], {"magnetisation": {"low": (1, 2, 0.5), "YIG": (0, -1, 3)}}),
        ([("YIG", 5e-8), ("Pt", 4e-9)], {"interfaces": {"YIG|Pt": "closed"}}),
        ([("Pt", 4e-9)], {"field": (0.0, 0.0, 0.0)}),
    ],
    ids=["below", "above", "both sides, oblique", "closed", "bare"],
)
def test_stacks_with_one_metal_have_a_formula(layers, changes):
    materials = {
        name: PT | {"density_of_states": "3.9e46 1/(J m^3)"} if name == "Pt" else "YIG" for name, _ in layers
    }
    materials["Pt"] = {key: value for key, value in materials["Pt"].items() if key != "diffusion_constant"}
    given = {"field": (3.0, -2.0, 6.0), "temperature": 100.0} | changes
    found = lines(Device(stack(layers), materials=materials, **given))
    assert all(row.ok for row in found), found
    assert found[0].formula.startswith("film: closed form")
    assert found[0].deviation < 1e-12
    assert found[1].expected == verify_device.EXACT_BALANCE == 1e-10


def test_stacks_with_more_are_compared_with_the_exact_engine():
    layers = [("Pt", 4e-9), ("Cu", 6e-9)]
    found = lines(Device(stack(layers), materials={"Pt": PT, "Cu": CU}, field=(0, 1.0, 4.0)))
    assert [row.formula for row in found[1:]] == ["layered stack, exact engine"] * 2
    assert all(row.ok for row in found), found


WITHOUT_FORMULA = [
    {"profiles": {"Pt.resistivity": 3e-7}},
    {"materials": {"Pt": PT | {"mobility": "1e-3 m^2/(V s)"}}},
]


@pytest.mark.parametrize("changes", WITHOUT_FORMULA)
def test_no_formula_where_it_does_not_hold(changes):
    device = Device(stack([("Pt", 4e-9)]), materials={"Pt": PT}, field=(0, 1.0, 4.0)).with_changes(**changes)
    assert verify_device.formula(device) is None
    assert all(row.ok for row in lines(device))


def test_other_shapes_are_compared_with_finer_elements():
    field = (0, 1.0, 4.0)
    section = Device(film(2e-8, [("Pt", 4e-9)]), materials={"Pt": PT}, field=field)
    bar = Device(hall_bar("30 nm", "10 nm", [("Pt", "4 nm")]), materials={"Pt": PT}, field=field)
    line = Device(channel([("Cu", "200 nm")]), materials={"Cu": CU})
    second, half = "elements of second order", "elements of half the size"
    for device, what in ((section, second), (bar, half), (line, second)):
        found = lines(device)
        assert found[0].formula == what
        assert all(row.ok for row in found), found


def test_a_mesh_from_a_file_is_taken_as_it_is():
    device = Device(film(2e-8, [("Pt", 4e-9)]), materials={"Pt": PT}, field=(0, 1.0, 4.0))
    fixed = device.with_changes(shape=MeshShape(device.mesh()))
    found = lines(fixed)
    assert len(verify_device.meshes(fixed)) == 1
    assert found[0].expected == verify_device.USABLE
    assert all(row.ok for row in found), found


def test_a_wrong_engine_is_found(monkeypatch):
    """Elements whose correction is off by 1 %."""
    device = Device(stack([("Pt", 4e-9)]), materials={"Pt": PT}, field=(0, 1.0, 4.0))
    right = verify_device._film
    monkeypatch.setattr(verify_device, "_film", lambda response: 1.01 * right(response))
    assert [row.ok for row in lines(device)] == [False, True, False, False]


@pytest.mark.parametrize(("error", "ok"), [(1e-9, False), (1e-12, True)])
def test_a_wrong_balance_is_found(monkeypatch, error, ok):
    """Elements may miss by their solver's residual; the exact engine may not."""
    device = Device(stack([("Pt", 4e-9)]), materials={"Pt": PT}, field=(0, 1.0, 4.0))
    off = SimpleNamespace(balances=[SimpleNamespace(error=np.array([error]))])
    monkeypatch.setattr(verify_device, "wire", lambda response, amplitudes: off)
    assert [row.ok for row in lines(device) if "balance" in row.formula] == [ok]


def test_a_device_without_drive():
    device = Device(hall_bar("30 nm", "10 nm", [("Cu", "4 nm")]), materials={"Cu": CU}, contacts={})
    with pytest.raises(InputError, match="contacts"):
        lines(device)
