"""Sweeps of conducting magnets: pairs that must agree.

one named magnet turned        <-> devices made one by one
field below zero               <-> the device in the opposite field, moments along it
a varied number                <-> the device made with that number
columns of a dataset           <-> what one result answers, its units included
file                           <-> dataset; device file <-> arguments
mesh of varied materials       <-> one for all of them
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.config import Case, read_case, to_text
from hanle.materials.load import load, material
from hanle.pde.errors import InputError, UserCodeError
from hanle.report import rows
from hanle.results import Result
from hanle.variations import variables, varied

EXACT = 1e-12
#: Of numbers that went through a text with a unit, or a different order of the same operations.
ROUNDED = 1e-10
CONTACT = hanle.Circuit("1.1e15 S/m^2", "1.6e14 S/m^2", ("7e14 S/m^2", "-2e14 S/m^2"), memory_loss=0.25)
LAYERS = {"Cu1": 20e-9, "Co1": 4e-9, "Cu": 6e-9, "Co2": 3e-9, "Cu2": 15e-9}
MATERIALS = {"Cu1": "Cu", "Co1": "Co", "Cu": "Cu", "Co2": "Co", "Cu2": "Cu"}
FACES = ("Cu1|Co1", "Co1|Cu", "Cu|Co2", "Co2|Cu2")
FREE = (0.3, 0.8, -0.5)


def pillar(free: Any = (0, 1, 0), layers: dict[str, float] = LAYERS, **changes: Any) -> hanle.Device:
    given: dict[str, Any] = {
        "magnetisation": {"Co1": (0, 1, 0), "Co2": free},
        "interfaces": dict.fromkeys(FACES, CONTACT),
        **changes,
    }
    return hanle.Device(hanle.stack(layers.items(), contacts=True), MATERIALS, **given)


def bilayer(m: Any = (0.2, 0.1, 0.9), thickness: float = 5e-9, **changes: Any) -> hanle.Device:
    given: dict[str, Any] = {"magnetisation": {"Co": m}, **changes}
    return hanle.Device(hanle.stack([("Pt", thickness), ("Co", 1.2e-9)]), {"Pt": "Pt", "Co": "Co"}, **given)


def test_one_magnet_of_two_turns() -> None:
    scan = hanle.angles("beta", [0, 35, 90, 200])
    found = hanle.sweep(pillar(), angle=scan, rotate="Co2")
    both = hanle.sweep(pillar(), angle=scan, rotate=["Co1", "Co2"]).resistance.squeeze()
    for n, m in enumerate(scan.directions):
        one = pillar(m).solve()
        here = found.isel(angle=n, field=0, temperature=0)
        assert float(here.resistance) == pytest.approx(float(one.resistance()), rel=EXACT)
        for magnet in ("Co1", "Co2"):
            expected = one.torque(magnet)
            assert here.torque.sel(magnet=magnet).values == pytest.approx(expected, rel=1e-9, abs=1e-18)
        same = pillar(m, magnetisation={"Co1": m, "Co2": m}).solve()
        assert float(both[n]) == pytest.approx(float(same.resistance()), rel=EXACT)
    # Antiparallel resists more, and by what the two states say.
    resistance = hanle.sweep(pillar(), angle=hanle.angles("alpha", [90, 270]), rotate="Co2").resistance.squeeze()
    assert 0.01 < float(resistance[1] / resistance[0]) - 1 < 0.5


@pytest.mark.parametrize("size", [-2.0, 0.7])
def test_field_of_either_sign_along_its_direction(size: float) -> None:
    """Moments that follow the field turn round with it: the anomalous Hall effect changes sign."""
    direction = np.array([0.3, 0.1, 1.0]) / np.linalg.norm([0.3, 0.1, 1.0])
    found = hanle.sweep(bilayer(magnetisation={}, field=direction), field=[size, 0.2]).isel(field=0)
    one = bilayer(magnetisation={}, field=size * direction).solve()
    for name in ("rho_L", "rho_T"):
        assert float(found[name].squeeze()) == pytest.approx(float(getattr(one, name)), rel=EXACT)
    assert float(found.field) == size
    fixed = hanle.sweep(bilayer(field=direction), field=[size]).rho_T
    assert float(fixed.squeeze()) == pytest.approx(float(bilayer(field=size * direction).solve().rho_T), rel=EXACT)


def changed_contact(**changes: Any) -> dict[str, Any]:
    return {
        "interfaces": {**dict.fromkeys(FACES, CONTACT), "Cu|Co2": replace(pillar().interfaces["Cu|Co2"], **changes)}
    }


@pytest.mark.parametrize(
    ("name", "value", "device"),
    [
        ("Cu.thickness", "9 nm", pillar(FREE, {**LAYERS, "Cu": 9e-9})),
        ("Co2.polarisation", 0.2, pillar(FREE).with_changes(
            materials={**MATERIALS, "Co2": {"like": "Co", "polarisation": 0.2}})),
        ("Co2.diffusion_length", "11 nm", pillar(FREE).with_changes(
            materials={**MATERIALS, "Co2": {"like": "Co", "diffusion_length": "11 nm"}})),
        ("Cu|Co2.memory_loss", 0.9, pillar(FREE, **changed_contact(memory_loss=0.9))),
        ("Cu|Co2.G_mix_real", "3e14 S/m^2", pillar(FREE, **changed_contact(G_mix=3e14 - 2e14j))),
        ("Cu|Co2.G_mix_imaginary", "5e13 S/m^2", pillar(FREE, **changed_contact(G_mix=7e14 + 5e13j))),
        ("Cu|Co2.G_dn", 4e14, pillar(FREE, **changed_contact(G_dn=4e14))),
        ("Cu|Co2.area_resistance", "0.5 fOhm m^2", pillar(FREE, **changed_contact(
            G_up=2e15 * 11 / 12.6, G_dn=2e15 * 1.6 / 12.6))),
        ("Cu|Co2.polarisation", -0.5, pillar(FREE, **changed_contact(
            G_up=0.25 * 12.6e14, G_dn=0.75 * 12.6e14))),
    ],
)  # fmt: skip
def test_a_varied_number_is_that_of_the_device_made_with_it(name: str, value: Any, device: hanle.Device) -> None:
    result, found = device.solve(), hanle.sweep(pillar(FREE), vary={name: [value]})
    assert float(found.resistance.squeeze()) == pytest.approx(float(result.resistance()), rel=ROUNDED)
    torque = found.torque.sel(magnet="Co2").values.ravel()
    assert torque == pytest.approx(result.torque("Co2"), rel=1e-8)
    assert torque != pytest.approx(pillar(FREE).solve().torque("Co2"), rel=1e-3)


def test_two_numbers_and_an_angle_are_a_grid() -> None:
    vary = {"Pt.thickness": ["2 nm", 5e-9], "Pt.diffusion_length": ["1 nm", "1.5 nm", "3 nm"]}
    scan = hanle.angles("beta", [10, 90, 120])
    found = hanle.sweep(bilayer(), vary=vary, angle=scan, rotate="Co")
    assert dict(found.rho_L.sizes) == {
        "Pt.thickness": 2, "Pt.diffusion_length": 3, "field": 1, "temperature": 1, "angle": 3
    }  # fmt: skip
    assert found["Pt.thickness"].attrs == {"units": "m", "long_name": "thickness of Pt"}
    one = varied(bilayer(scan.directions[2]), {"Pt.thickness": 5e-9, "Pt.diffusion_length": 1e-9}).solve()
    parts, here = one.spin_orbit_torque("Co"), found.isel({"Pt.thickness": 1, "Pt.diffusion_length": 0}).squeeze()
    assert float(here.rho_L[2]) == pytest.approx(float(one.rho_L), rel=EXACT)
    for name, value in (("torque_DL", parts.damping_like), ("efficiency_DL", parts.efficiency[0])):
        assert float(here[name][2]) == pytest.approx(float(value), rel=ROUNDED)
    # m along y: neither part exists there, and only there.
    assert np.isnan(here.torque_DL.values).tolist() == [False, True, False]
    assert found.torque_DL.attrs["units"] == "J/m^2"
    assert found.interface.values.tolist() == ["Pt|Co"]


def test_elements_pass_over_m_along_y() -> None:
    """Solved state by state, the one without parts is no error."""
    scan = hanle.angles("beta", [45, 90])
    found = hanle.sweep(bilayer(), angle=scan, rotate="Co", engine="scikit").torque_DL.squeeze()
    assert np.isnan(found.values).tolist() == [False, True]


def test_layers_on_both_sides_pull_in_opposite_senses() -> None:
    """y = N x E/|E| changes sign with N, so the one torque on Co has opposite parts seen from Pt and from Ta."""
    shape = hanle.stack([("Pt", "5 nm"), ("Co", "1.2 nm"), ("Ta", "3 nm")])
    device = hanle.Device(shape, {"Pt": "Pt", "Co": "Co", "Ta": "Ta"}, magnetisation={"Co": (0, 0, 1)})
    found = hanle.sweep(device).torque_DL.squeeze()
    assert float(found.sel(interface="Pt|Co")) == pytest.approx(-float(found.sel(interface="Co|Ta")), rel=ROUNDED)


def test_read_outs_of_ones_own() -> None:
    read = {
        "field_like": (lambda r: r.spin_orbit_torque("Co").field_like, "J/m^2"),
        "tau": (lambda r: r.torque("Co"), "J/m^2", "torque"),
    }
    batch = hanle.sweep(bilayer(), angle=hanle.angles("beta", [5, 15]), rotate="Co", read=read)
    assert np.array_equal(batch.field_like.values, batch.torque_FL.values[..., 0])
    assert np.array_equal(batch.tau.values, batch.torque.values[..., 0, :])
    assert batch.tau.attrs == {"units": "J/m^2", "long_name": "torque"}
    one = hanle.sweep(bilayer(), read=read)
    assert one.tau.shape == (1, 1, 3)
    with pytest.raises(UserCodeError, match=r"read\.x: the function raised ZeroDivisionError"):
        hanle.sweep(bilayer(), read={"x": (lambda r: 1 / 0, "1")})
    with pytest.raises(InputError, match="read must be under names of their own"):
        hanle.sweep(bilayer(), read={"rho_L": (lambda r: 1.0, "1")})
    with pytest.raises(InputError, match=r"read\.x must be \(function of the result, unit\)"):
        hanle.sweep(bilayer(), read={"x": lambda r: 1.0})  # type: ignore[dict-item]
    with pytest.raises(InputError, match=r"read\.x must be a number, or a vector"):
        hanle.sweep(bilayer(), read={"x": (lambda r: np.ones(7), "1")})


def test_units_follow_the_axes() -> None:
    assert hanle.sweep(pillar()).resistance.attrs["units"] == "Ohm m^2"
    plan = hanle.Device(hanle.hall_bar_plan("4 um", "1 um", arms=0), {"film": "Cu"})
    found = hanle.sweep(plan).resistance
    assert found.attrs["units"] == "Ohm m"
    assert float(found.squeeze()) == pytest.approx(4 * load("Cu").rho, rel=1e-6)  # type: ignore[union-attr]


def test_varied_materials_share_a_mesh() -> None:
    """Otherwise curves would carry the steps of meshes; a varied thickness needs one of its own."""
    meshes: list[Any] = []

    def size(result: Result) -> float:
        meshes.append(result.mesh)
        return float(len(result.mesh.points))  # type: ignore[union-attr]

    vary = {"Pt.diffusion_length": ["1 nm", "4 nm"], "Pt.thickness": ["4 nm", "8 nm"]}
    found = hanle.sweep(bilayer(), vary=vary, engine="scikit", read={"size": (size, "1")})
    assert [meshes.index(mesh) for mesh in meshes] == [0, 1, 0, 1]
    finest = varied(bilayer(), {"Pt.diffusion_length": "1 nm", "Pt.thickness": "4 nm"}).mesh()
    assert float(found["size"][1, 0].squeeze()) == len(finest.points)


def test_what_can_be_varied() -> None:
    strips = hanle.strips("1.6 um", [("Cu", "100 nm")], [("F", "200 nm", "90 nm", "20 nm")])
    device = hanle.Device(strips, {"Cu": "Cu", "F": "Py"}, magnetisation={"F": (0, 1, 0)})
    known = variables(device)
    assert {"Cu.thickness", "F.position", "F.width", "F.thickness", "shape.length", "F.polarisation"} <= set(known)
    moved = varied(device, {"F.position": "300 nm", "shape.length": "2 um"}).shape
    assert moved == hanle.strips("2 um", [("Cu", "100 nm")], [("F", "300 nm", "90 nm", "20 nm")])
    plates = hanle.hall_bar("2 um", "1 um", [("YIG", "9 nm"), ("Pt", "5 nm")], plates={"YIG": "1 um"})
    bar = hanle.Device(plates, {"YIG": "YIG", "Pt": "Pt"})
    assert varied(bar, {"Pt.thickness": "7 nm"}).shape.layers == (("YIG", 9e-9), ("Pt", 7e-9))
    assert varied(bar, {"YIG|Pt.G_r": "1e14 S/m^2"}).profiles == {"YIG|Pt.G_r": 1e14}


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({"Pt.thicknes": [1e-9]}, r'vary\.Pt must be one of .*did you mean "thickness"'),
        ({"Ptt.thickness": [1e-9]}, 'vary must be named "place.quantity".*did you mean "Pt"'),
        ({"temperature": [1]}, "temperature is an argument of the sweep itself"),
        (["Pt.thickness"], "vary must be a table name -> values"),
        ({"Pt.thickness": ["1 K"]}, r"vary\.Pt\.thickness\[0\] must be a length"),
        ({"Pt.thickness": [-1e-9]}, r"layers\.Pt must be a positive length"),
        ({"Co.polarisation": [1.2]}, r"profiles\.Co\.polarisation must be between -1 and 1"),
        ({"Pt|Co.memory_loss": [0.1]}, 'vary must be named "place.quantity"'),
    ],
)
def test_variations_refused(vary: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        hanle.sweep(bilayer(), vary=vary)


def test_profiles_of_conductances_are_not_varied() -> None:
    varying = hanle.Circuit(1e15, 1e14, 1e14, memory_loss=np.array([0.1]))
    device = pillar(interfaces={"Cu|Co2": varying})
    with pytest.raises(
        InputError, match=r"vary\.Cu\|Co2\.G_up must be of an interface whose conductances are numbers"
    ):
        varied(device, {"Cu|Co2.G_up": 2e15})


def test_dataset_through_a_file(tmp_path: Path) -> None:
    vary = {"Cu|Co2.memory_loss": [0.0, 0.5], "Cu.thickness": ["3 nm", "6 nm"]}
    found = hanle.sweep(pillar(), vary=vary, angle=hanle.angles("alpha", [90, 270]), rotate="Co2")
    back = hanle.read_curves(hanle.write_curves(found, tmp_path / "gmr.nc", provenance=hanle.provenance()))
    assert back.drop_attrs().equals(found.drop_attrs())
    assert back["Cu.thickness"].attrs["units"] == "m"


def test_device_file_of_a_sweep(tmp_path: Path) -> None:
    sweep = {
        "angle": hanle.angles("alpha"),
        "rotate": ("Co1", "Co2"),
        "vary": {"Cu.thickness": (3e-9, 6e-9), "Cu|Co2.memory_loss": (0.0, 0.5)},
    }
    text, _ = to_text(Case(pillar(), sweep=sweep), tmp_path, "x.npz")
    assert '"Cu.thickness" = ["3 nm", "6 nm"]' in text
    back = read_case(text).sweep
    assert back is not None
    assert (back["vary"], back["rotate"]) == (sweep["vary"], sweep["rotate"])
    ranged = text.replace(
        '"Cu.thickness" = ["3 nm", "6 nm"]', '"Cu.thickness" = { from = "1 nm", to = "3 nm", points = 3 }'
    )
    assert read_case(ranged).sweep["vary"]["Cu.thickness"] == pytest.approx((1e-9, 2e-9, 3e-9))  # type: ignore[index]
    with pytest.raises(InputError, match="did you mean"):
        read_case(text.replace('"Cu.thickness"', '"Cu.thick"'))


def test_library_and_default_terminals() -> None:
    """R(AP) - R(P) without naming terminals; a reversed drive has the same resistance."""
    assert material("Co", "Co").magnetic
    forward, back = pillar(FREE).solve(), pillar(FREE).solve(source="top", drain="bottom")
    assert float(forward.resistance()) == pytest.approx(float(forward.resistance("bottom", "top")), rel=EXACT)
    assert float(back.resistance()) == pytest.approx(float(forward.resistance()), rel=ROUNDED)
    two = pillar().solve(wiring={"bottom": "1 mV", "top": "ground"})
    with pytest.raises(InputError, match="wiring must be driven by one given current"):
        two.resistance()


def test_results_and_meshes_are_short_at_the_prompt() -> None:
    result = pillar(name="GMR").solve(engine="scikit")
    assert repr(result) == "<Result: GMR; engine scikit>"
    cells = len(result.mesh.cells)  # type: ignore[union-attr]
    assert repr(result.mesh) == (
        f"<TaggedMesh: axes z; {cells + 1} points, {cells} cells (line); regions Cu1, Co1, Cu, Co2, Cu2>"
    )


def test_where_a_magnet_takes_no_torque() -> None:
    result = pillar().solve()
    for ask in (result.torque, result.torque_map):
        with pytest.raises(InputError, match=r"place must be where Co2 takes torque \(Cu\|Co2, Co2\|Cu2, Co2\)"):
            ask("Co2", "Cu1")  # type: ignore[operator]
        with pytest.raises(InputError, match="magnet must be one of Co1, Co2"):
            ask("Co3", "Co1")  # type: ignore[operator]


def test_the_table_of_a_run_splits_the_torque() -> None:
    result = bilayer().solve()
    found = {row.name: row for row in rows(result)}
    parts = result.spin_orbit_torque("Co")
    assert found["torque_DL(Pt|Co)"].value == pytest.approx(float(parts.damping_like), rel=EXACT)
    assert found["efficiency_DL(Pt|Co)"].value == pytest.approx(float(parts.efficiency[0]), rel=EXACT)
    assert (found["torque_DL(Pt|Co)"].unit, found["torque_y(Co)"].unit) == ("J/m^2", "J/m^2")
    # m along y has no parts, and a pillar no current along its faces.
    for other in (bilayer((0, 1, 0)).solve(), pillar(FREE).solve()):
        assert not any(row.name.startswith("torque_DL") for row in rows(other))
    assert {row.name: row for row in rows(pillar(FREE).solve())}["resistance"].unit == "Ohm m^2"


def test_one_magnet_turned_leaves_the_others() -> None:
    device = pillar().with_magnetisation(Co2=(0, 0, -1))
    assert device.magnetisation["Co1"].tolist() == [0, 1, 0]  # type: ignore[union-attr]
    assert device.magnetisation["Co2"].tolist() == [0, 0, -1]  # type: ignore[union-attr]
    with pytest.raises(InputError, match="magnetisation must be one of Co1, Co2"):
        pillar().with_magnetisation(Co3=(0, 0, 1))
