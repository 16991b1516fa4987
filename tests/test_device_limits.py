"""What devices with several conductors read, and inputs that a solve would otherwise not use.

Read-outs are compared with the same bar without the layer that carries nothing.
"""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances
from hanle.device import Device
from hanle.face_laws import face_density, interface_conductances
from hanle.materials.load import material
from hanle.materials.records import NormalMetal
from hanle.meshes.coarse import Resolution
from hanle.pde.errors import InputError
from hanle.shapes import hall_bar, hall_bar_plan, section, stack, strips
from hanle.sweeps import angles, sweep

INTERFACE = Conductances(-3e13, 8e13, 4e13)
DIRECTION = (0.3, 0.5, 0.8)
FIELD = (1.0, -2.0, 3.0)
#: Two ways to one number, the cancellation in it included.
ROUNDING = 1e-9
#: The bar with another layer has its cells elsewhere along x and y, where the arms bend the current.
OTHER_CELLS = 1e-3
#: Cells of one size along the bar: few of them.
UNIFORM = {"lateral": "uniform"}
SIZES: dict[str, Any] = {"length": "4 um", "width": "1 um", "arms": 1}


def bar(layers: list[tuple[str, str]], **options: Any) -> Device:
    metals = {name: name for name, _ in layers}
    return Device(hall_bar(**SIZES, layers=layers, **options), materials=metals, field=(0, 0, 0), **magnet(layers))


def magnet(layers: list[tuple[str, str]]) -> dict[str, Any]:
    names = [name for name, _ in layers]
    pairs = [f"{a}|{b}" for a, b in pairwise(names) if "YIG" in (a, b)]
    if "YIG" not in names:
        return {}
    return {"magnetisation": {"YIG": DIRECTION}, "interfaces": dict.fromkeys(pairs, INTERFACE)}


def test_layer_without_current_is_not_counted() -> None:
    """Only the top metal is contacted; the one below the insulator carries nothing (it counted as thickness once)."""
    single = bar([("YIG", "20 nm"), ("Ta", "4 nm")]).solve(mesh_options=UNIFORM)
    double = bar([("Pt", "5 nm"), ("YIG", "20 nm"), ("Ta", "4 nm")]).solve(mesh_options=UNIFORM)
    assert double.rho_L == pytest.approx(single.rho_L, rel=OTHER_CELLS, abs=0)
    assert double.rho_T == pytest.approx(single.rho_T, rel=OTHER_CELLS, abs=0)


def test_current_through_plate_has_no_resistivity() -> None:
    """The plate is wider than the bar: a resistivity from the width of the bar would be wrong."""
    device = bar([("Cu", "5 nm"), ("Pt", "5 nm")], plates={"Cu": "1 um"})
    result = device.solve(mesh_options=UNIFORM)
    assert not result.has_resistivity
    with pytest.raises(InputError, match="not through a plate"):
        _ = result.rho_L


def test_bar_without_current_has_no_resistivity() -> None:
    result = bar([("Pt", "5 nm")]).solve(current=0.0, mesh_options=UNIFORM)
    assert not result.has_resistivity
    assert result.terminal_voltage("left") == 0.0


def test_section_of_insulated_layers_has_no_transverse_field() -> None:
    layers = [("Pt", "5 nm"), ("YIG", "20 nm"), ("Ta", "4 nm")]
    materials = {"Pt": "Pt", "YIG": "YIG", "Ta": "Ta"}
    result = Device(section("50 nm", layers), materials=materials, field=FIELD, **magnet(layers)).solve()
    assert result.rho_L > 0
    with pytest.raises(InputError, match="one conductor"):
        _ = result.rho_T


def film(**changes: Any) -> Device:
    shape = stack([("YIG", "50 nm"), ("Pt", "5 nm")])
    return Device(shape, materials={"YIG": "YIG", "Pt": "Pt"}, **{"field": FIELD, **changes})


@pytest.mark.parametrize("direction", [(0, 1, 0), (0, 0, -1)])
def test_disordered_moments_follow_the_field(direction: tuple[float, ...]) -> None:
    """Above Tc (YIG: 560 K) moments across or against B mean nothing; below they may stand so."""
    device = film(field=(0, 0, 1), magnetisation={"YIG": direction}, temperature="700 K")
    with pytest.raises(InputError, match=r"magnetisation.YIG must be along B where the moments do not order"):
        device.solve()
    device.with_changes(temperature="300 K").solve()
    device.with_changes(magnetisation={"YIG": (0, 0, 1)}).solve()
    device.with_changes(field=(0, 0, 0)).solve()


def test_sweep_turns_no_disordered_moments() -> None:
    with pytest.raises(InputError, match=r"magnetisation.YIG"):
        sweep(film(temperature="700 K", field=(0, 0, 1)), angle=angles("beta", [0, 45]), rotate="m")


@pytest.mark.parametrize(
    ("options", "key"),
    [({"solver": "direct"}, "solver"), ({"mesh_options": {"cells_per_length": 3}}, "mesh_options")],
)
def test_exact_engine_refuses_what_it_would_not_use(options: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError, match=f"{key} must be .*engine=.scikit"):
        film().solve(**options)
    with pytest.raises(InputError, match=f"{key} must be"):
        sweep(film(), angle=angles("beta", [0, 45]), **options)


@pytest.mark.parametrize("quantity", ["resistivity", "diffusion_length", "spin_hall_angle"])
def test_values_out_of_range_name_their_profile(quantity: str) -> None:
    bad = {"resistivity": 0.0, "diffusion_length": -1e-9, "spin_hall_angle": 0.8}[quantity]
    device = film(profiles={f"Pt.{quantity}": lambda points: np.full(len(points), bad)})
    with pytest.raises(InputError, match=rf"profiles\.Pt\.{quantity} must be") as caught:
        device.solve()
    assert caught.value.received == bad


def test_array_of_another_mesh_names_the_cure() -> None:
    with pytest.raises(InputError, match=r"solve\(mesh=\.\.\.\)"):
        film(profiles={"Pt.resistivity": np.full(7, 4e-7)}).solve()
    mesh = film().shape.mesh(resolve={"Pt": 1.5e-9})
    values = np.full(len(mesh.region_cells("Pt")), 3e-7)
    assert film(profiles={"Pt.resistivity": values}).solve(mesh=mesh).rho_L == pytest.approx(3e-7, rel=0.05, abs=0)


@pytest.mark.parametrize("degrees", [[], [np.nan], [[0, 1]]])
def test_angles_are_numbers(degrees: Any) -> None:
    with pytest.raises(InputError, match=r"angle\.degrees"):
        angles("beta", degrees)


@pytest.mark.parametrize("faces", ["bottom", []])
def test_contacts_are_lists(faces: Any) -> None:
    with pytest.raises(InputError, match=r"contacts\.a must be a list"):
        Device(stack([("Pt", "5 nm")]), materials={"Pt": "Pt"}, contacts={"a": faces, "b": ["top"]})


@pytest.mark.parametrize("region", ["YIG", "pt"])
def test_spin_is_asked_of_a_metal(region: str) -> None:
    with pytest.raises(InputError, match="region must be one of Pt"):
        film().solve().spin_accumulation(region, np.array([[0.0, 0.0, 51e-9]]))


def test_text_without_unit_is_no_length() -> None:
    with pytest.raises(InputError, match=r'layers\.Pt must be a length.*did you mean "5 nm"'):
        stack([("Pt", "5")])


def test_contact_on_an_insulator_names_the_cure() -> None:
    with pytest.raises(InputError, match="contact a conductor"):
        bar([("Pt", "5 nm"), ("YIG", "20 nm")]).solve()


def test_torque_through_each_face() -> None:
    """A magnet between two metals absorbs through both; the sum is its torque, the map its density."""
    layers = [("Ta", "4 nm"), ("YIG", "10 nm"), ("Pt", "5 nm")]
    device = Device(
        stack(layers), materials={n: n for n, _ in layers}, field=FIELD, magnetisation={"YIG": DIRECTION}
    )
    result = device.solve()
    parts = [result.torque("YIG", face) for face in ("Ta|YIG", "YIG|Pt")]
    assert np.linalg.norm(parts[0] - parts[1]) > 0.1 * np.linalg.norm(parts[1])
    np.testing.assert_allclose(parts[0] + parts[1], result.torque("YIG"), rtol=1e-12)
    np.testing.assert_allclose(result.torque_map("YIG", "YIG|Pt")[1][0], parts[1], rtol=1e-12)
    for name in ("Pt|YIG", "top"):
        with pytest.raises(InputError, match="face or region must be one of"):
            result.torque("YIG", name)


def test_earlier_result_of_another_shape_is_refused() -> None:
    """Its mesh would be taken: the answer would be that of the other shape."""
    thin, thick = (
        Device(section("50 nm", [("Pt", size)]), materials={"Pt": "Pt"}, field=FIELD) for size in ("5 nm", "10 nm")
    )
    earlier = thin.solve()
    with pytest.raises(InputError, match="previous must be a result for the same shape"):
        thick.solve(previous=earlier)
    assert thin.with_changes(field=(0, 0, 1)).solve(previous=earlier).mesh is earlier.mesh


def test_transverse_field_of_a_section_is_the_mean_over_its_area() -> None:
    """Integral of d_y u over the area = that of u over the edges, each weighted with its height (2:5 here)."""
    layers = [("Ta", "2 nm"), ("Pt", "5 nm")]
    result = Device(section("60 nm", layers), materials={n: n for n, _ in layers}, field=FIELD).solve()
    total = area = 0.0
    for region in ("Ta", "Pt"):
        samples = result.solution.samples(region)
        total += float(np.sum(samples.weights[..., None] * samples.gradients[..., 1, :1]))
        area += float(np.sum(samples.weights))
    mean_j = result.solution.flux("du/dx")[0] / area
    assert result.rho_T == pytest.approx(total / area / mean_j, rel=ROUNDING, abs=0)


def test_precession_scales_with_the_g_factor() -> None:
    metal = material("Pt", "Pt")
    assert isinstance(metal, NormalMetal)
    other = replace(metal, g_factor=replace(metal.g_factor, value=2 * metal.g))
    fixed = {"interfaces": {"YIG|Pt": INTERFACE}, "magnetisation": {"YIG": DIRECTION}}
    strong = film(**fixed, field=tuple(2 * b for b in FIELD)).solve()
    same = film(**fixed).with_changes(materials={"YIG": "YIG", "Pt": other}).solve()
    assert same.rho_L_change == pytest.approx(strong.rho_L_change, rel=ROUNDING, abs=0)
    assert same.rho_T == pytest.approx(strong.rho_T, rel=ROUNDING, abs=0)


def test_mesh_of_another_shape_is_refused() -> None:
    """The read-out of a bar takes width and thickness from the shape: the answer would be neither's."""
    thin, thick = (Device(hall_bar(**SIZES, layers=[("Pt", d)]), {"Pt": "Pt"}) for d in ("5 nm", "10 nm"))
    with pytest.raises(
        InputError, match=r"mesh must be of the device's shape, where Pt .* z 0 to 1e-08 m.*z 0 to 5e-09 m"
    ):
        thick.solve(mesh=thin.mesh(**UNIFORM))
    other_arms = Device(hall_bar(**SIZES, layers=[("Pt", "5 nm")], arm_positions=["0.5 um"]), {"Pt": "Pt"})
    with pytest.raises(InputError, match="where V1 has the extents"):
        other_arms.solve(mesh=thin.mesh(**UNIFORM))
    assert thin.solve(mesh=thin.mesh(**UNIFORM)).rho_L > 0


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        (stack([("YIG", "45 nm"), ("Pt", "10 nm")]).mesh(), "where YIG has the extents z 0 to 5e-08 m"),
        (stack([("Pt", "55 nm")]).mesh(), "with regions YIG, Pt"),
        (section("1 um", [("YIG", "50 nm"), ("Pt", "5 nm")]).mesh(), "with axes z"),
    ],
)
def test_mesh_must_have_the_layers_of_the_stack(mesh: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        film().solve(mesh=mesh)


def test_insulating_strip_is_no_terminal() -> None:
    """It takes spin from the channel all the same; what is given as contact stays, and is refused."""
    shape = strips("1 um", [("Pt", "5 nm")], [("YIG", 0.0, "200 nm", "20 nm"), ("Ta", "0.3 um", "100 nm", "4 nm")])
    device = Device(shape, {"Pt": "Pt", "Ta": "Ta", "YIG": "YIG"}, field=FIELD, magnetisation={"YIG": DIRECTION})
    assert set(device.terminals) == {"left", "right", "Ta"}
    chosen = device.with_changes(contacts={name: faces for name, faces in shape.terminals.items() if name != "YIG"})
    result, same = device.solve(), chosen.solve()
    assert np.linalg.norm(result.torque("YIG")) > 0
    assert result.terminal_voltage("left") == pytest.approx(same.terminal_voltage("left"), rel=ROUNDING)
    with pytest.raises(InputError, match="contact a conductor"):
        device.with_changes(contacts=shape.terminals).solve()
    channel = strips("1 um", [("YIG", "20 nm")], [("Pt", 0.0, "200 nm", "5 nm")])
    on_magnet = Device(channel, {"Pt": "Pt", "YIG": "YIG"}, field=FIELD)
    with pytest.raises(InputError, match="contact a conductor"):
        on_magnet.solve()


def test_grating_of_insulating_strips_is_a_film() -> None:
    shape = strips("100 nm", [("Pt", "5 nm")], [("YIG", 0.0, "50 nm", "20 nm")], periodic=True)
    device = Device(shape, {"Pt": "Pt", "YIG": "YIG"}, field=FIELD)
    assert device.terminals == {}
    assert 0 < device.solve().rho_L_change < 0.02


def test_order_belongs_to_the_elements() -> None:
    """The exact engine took it and did nothing with it once."""
    assert film().solve(order=2).proof.engine != film().solve().proof.engine
    with pytest.raises(InputError, match=r"order must be left out for the exact engine.*engine=.scikit"):
        film().solve(engine="multilayer", order=2)
    swept = sweep(film(), angle=angles("beta", [0, 45]), order=2, progress=False)
    np.testing.assert_allclose(swept.rho_L, sweep(film(), angle=angles("beta", [0, 45])).rho_L, rtol=1e-6)


@pytest.mark.parametrize("given", [np.full(4, 3e-7 + 1e-9j), lambda points: np.full(len(points), 3e-7 + 1e-9j)])
def test_complex_profiles_are_refused(given: Any) -> None:
    with pytest.raises(InputError, match=r"Pt\.resistivity must be .*complex"):
        film(profiles={"Pt.resistivity": given}).solve(mesh_options={"cells_per_length": 4})


def test_direction_that_nothing_feels_is_refused() -> None:
    shape = stack([("low", "10 nm"), ("YIG", "50 nm"), ("Pt", "5 nm")])
    device = Device(shape, {"low": "YIG", "YIG": "YIG", "Pt": "Pt"}, field=FIELD, magnetisation={"YIG": DIRECTION})
    assert device.solve().rho_L_change > 0
    with pytest.raises(InputError, match=r"magnetisation\.low must be left out: the magnet touches no metal"):
        device.with_changes(magnetisation={"low": DIRECTION}).solve()


@pytest.mark.parametrize(
    ("key", "coupling", "power"),
    [("reduced_coupling", 0.08, 0), ("coupling", "2 meV nm^3", 2)],
    ids=["nu J is given", "J is given"],
)
def test_conductances_follow_the_local_density_of_states(key: str, coupling: Any, power: int) -> None:
    """nu = sigma/(2 e^2 D) with D given: G_s and G_r go as (nu J)^2, so as sigma^2 where J itself is given."""
    magnet = {
        "kind": "magnetic insulator",
        "critical_temperature": "0 K",
        "sublattices": [{"spin": 2.0, "areal_density": "3e18 1/m^2", key: coupling}],
    }
    metal = {
        "resistivity": "0.4 uOhm m",
        "spin_hall_angle": 0.1,
        "diffusion_length": "2 nm",
        "diffusion_constant": "1e-5 m^2/s",
    }
    device = Device(stack([("M", "5 nm"), ("I", "9 nm")]), {"I": magnet, "M": metal}, field=FIELD, temperature=9.0)
    halved = device.with_changes(materials={"I": magnet, "M": metal | {"resistivity": "0.2 uOhm m"}})
    mesh = device.mesh()
    array = np.full(len(mesh.region_cells("M")), 2e-7)
    array[:-1] = np.linspace(3e-7, 4e-7, len(array) - 1)
    before, after = device.conductances("M|I"), halved.conductances("M|I")
    assert after.G_s / before.G_s == pytest.approx(2.0**power)
    assert after.G_r / before.G_r == pytest.approx(2.0**power)
    for profile in (2e-7, array, lambda points: np.full(len(points), 2e-7)):
        changed = device.with_changes(profiles={"M.resistivity": profile})
        nu = face_density(changed, mesh, "M|I", "M")
        g = interface_conductances(changed, "M|I", "M", "I", mesh.face_centres("M|I"), changed.conditions, nu)
        for name in ("G_s", "G_r", "G_i"):
            np.testing.assert_allclose(getattr(g, name), getattr(after, name), rtol=1e-12)
    same = device.with_changes(profiles={"M.resistivity": 2e-7}).solve()
    assert same.rho_L_change == pytest.approx(halved.solve().rho_L_change, rel=ROUNDING)


def test_conductances_of_a_face() -> None:
    """The same as in the law; nothing is quoted for a face that has none, or many."""
    device = film(interfaces={"YIG|Pt": INTERFACE})
    found = device.conductances("YIG|Pt")
    assert (found.G_s, found.G_r, found.G_i) == (-3e13, 8e13, 4e13)
    warm, cold = (film(temperature=t).conductances("YIG|Pt") for t in (400.0, 10.0))
    assert warm.G_s < 100 * cold.G_s < 0
    with pytest.raises(InputError, match=r"did you mean|must be one of|known: YIG\|Pt"):
        device.conductances("Pt|YIG")
    with pytest.raises(InputError, match="face"):
        film(interfaces={"YIG|Pt": "closed"}).conductances("YIG|Pt")
    for changes in ({"field": lambda p: p + 1.0}, {"profiles": {"YIG|Pt.G_s": lambda p: -1e13 + 0 * p[:, 0]}}):
        with pytest.raises(InputError, match="over which nothing varies"):
            film(**changes).conductances("YIG|Pt")


def test_resistance_of_a_bar() -> None:
    """That of a straight bar is rho L/(w t); a Hall resistance keeps its sign; voltages give none."""
    straight = Device(hall_bar("4 um", "1 um", [("Cu", "5 nm")], arms=0), {"Cu": "Cu"})
    result = straight.solve(current="-2 mA")
    assert result.resistance() == pytest.approx(float(result.rho_L) * 4e-6 / (1e-6 * 5e-9), rel=1e-7)
    assert result.resistance("right", "left") == pytest.approx(-float(result.resistance()), rel=1e-12)
    for wiring in ({"left": "1 mV", "right": "ground"}, {"left": "0 mA", "right": "ground"}):
        with pytest.raises(InputError, match="wiring must be driven by one given current that is not zero"):
            straight.solve(wiring=wiring).resistance()


@pytest.mark.parametrize(
    ("cells", "said"), [(2.99, "2.9"), (3.0, "3"), (2.9, "2.9"), (0.0349, "0.034"), (123.0, "1.2e+02")]
)
def test_too_few_cells_do_not_read_like_enough(cells: float, said: str) -> None:
    assert f": {said} cells per decay length" in str(Resolution("Pt", "z", "top", cells, 1e-9, cells * 1e-9))


def test_bar_seen_from_above() -> None:
    """Without spin Hall effect the thickness falls out: those of the bar in 3D. Sheets have one."""
    sizes: dict[str, Any] = {"length": "4 um", "width": "1 um", "arms": 1}
    metal = {
        "resistivity": "50 nOhm m",
        "spin_hall_angle": 0.0,
        "diffusion_length": "20 nm",
        "density_of_states": "6e47 1/(J m^3)",
        "mobility": "40 cm^2/(V s)",
    }
    solid = Device(hall_bar(**sizes, layers=[("film", "5 nm")]), {"film": metal}, field=(0, 0, 2.0))
    plan = solid.with_changes(shape=hall_bar_plan(**sizes))
    options: dict[str, Any] = {"mesh_options": {"sizes": {"x": 5e-8, "y": 5e-8}}}
    flat, bar_3d = plan.solve(current="3 A/m", **options), solid.solve(**options)
    assert flat.rho_L == pytest.approx(float(bar_3d.rho_L), rel=OTHER_CELLS)
    assert flat.rho_T == pytest.approx(float(bar_3d.rho_T), rel=OTHER_CELLS)
    assert bar_3d.transverse_sheet_resistance == pytest.approx(float(bar_3d.rho_T) / 5e-9)
    for name in ("sheet_resistance", "transverse_sheet_resistance"):
        with pytest.raises(InputError, match=f"{name} must be asked of a shape with a thickness"):
            getattr(flat, name)
