"""The whole user path: device, solve, sweep, read-outs. What must agree and why:

stack of library Pt on YIG     formula of Zhang et al., 2019    exact engine, any B and T
batch of a sweep               one solve per state              the same equations
scan in beta                   sin^2 around y                   only m.y matters at O(theta^2)
scan in gamma                  constant                         B and m never turn towards y
rotate = "m", "B"              copies of the device             a sweep only changes the conditions
pillar                         layers in series                 no spin accumulation at theta = 0 faces
film, section, bar             ordinary Hall resistivity        rho_T = -rho mobility B_z in all three
straight bar without arms      rho                              geometry of the read-out
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hanle
from hanle.boundary.b_layer import Conductances, conductances
from hanle.device import Device
from hanle.engines import choose_engine
from hanle.materials.load import load
from hanle.materials.records import MagneticInsulator, NormalMetal
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError, UnsupportedError, UserCodeError
from hanle.resolution import decay_lengths

Array = NDArray[np.float64]

#: Rounding of the exact engine against the formula, relative to the correction.
EXACT = 1e-12
#: Pt is sputtered with theta = 0.11: what is left at fourth order of what theory gives to second.
FOURTH_ORDER = 3 * 0.11**2
#: Linear potentials are in the space of the elements: what is left is the tolerance of the solver.
SOLVED = 1e-7

PT, YIG = load("Pt"), load("YIG")
THICKNESS = 5e-9
#: Interface of numbers, so that the direction of m is free.
FIXED = {"kind": "magnetic insulator", "G_s": "-3e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "-2e13 S/m^2"}
HALL = {
    "resistivity": "50 nOhm m",
    "spin_hall_angle": 0.0,
    "diffusion_length": "20 nm",
    "density_of_states": "6e47 1/(J m^3)",
    "mobility": "40 cm^2/(V s)",
}


@pytest.fixture
def film() -> Device:
    """Library Pt on YIG with its microscopic moments."""
    shape = hanle.stack([("YIG", "50 nm"), ("Pt", "5 nm")])
    return Device(shape, materials={"Pt": "Pt", "YIG": "YIG"}, temperature="300 K", field=("0 T", "0 T", "1 T"))


@pytest.fixture
def free_film(film: Device) -> Device:
    """The same with an interface given as numbers: m may point anywhere."""
    return film.with_changes(materials={"Pt": "Pt", "YIG": FIXED}, magnetisation={"YIG": (1, 2, 2)})


def formula(field: Any, temperature: float) -> tuple[float, float]:
    """(rho_L/rho - 1, rho_T/rho) of the film with m along B."""
    assert isinstance(PT, NormalMetal)
    assert isinstance(YIG, MagneticInsulator)
    size = float(np.linalg.norm(field))
    g = conductances(YIG.rates(PT.nu, size, temperature), PT.nu)
    turned = transverse_length(PT.lam, PT.g * MU_B * size / HBAR, PT.D)
    closed = Film(PT.rho, THICKNESS, PT.lam, turned, bottom=Mixing(g.G_s, g.G_r, g.G_i))
    found = exact_correction(closed.deficit_tensor(np.asarray(field) / size), PT.theta)
    return float(found.longitudinal), float(found.transverse)


def test_film_is_the_formula(film: Device, rng: np.random.Generator) -> None:
    assert isinstance(PT, NormalMetal)
    for _ in range(20):
        field = rng.normal(size=3) * 10 ** rng.uniform(-2, 1.3)
        temperature = 10 ** rng.uniform(0, 3)
        result = film.with_changes(field=field, temperature=temperature).solve()
        longitudinal, transverse = formula(field, temperature)
        assert result.proof.engine == "multilayer"
        assert result.rho_L_change == pytest.approx(longitudinal, rel=EXACT)
        assert result.rho_L == pytest.approx(PT.rho * (1 + longitudinal), rel=EXACT)
        assert result.rho_T / PT.rho == pytest.approx(transverse, rel=EXACT, abs=EXACT * longitudinal)
        assert result.sheet_resistance == pytest.approx(PT.rho * (1 + longitudinal) / THICKNESS, rel=EXACT)


def test_solution_does_not_depend_on_the_current(film: Device) -> None:
    a, b = film.solve(current_density="1 MA/cm^2"), film.solve(current_density=1e6)
    assert a.rho_L == pytest.approx(float(b.rho_L), rel=EXACT)
    points = np.array([[0, 0, 51e-9], [0, 0, 54e-9]])
    ratio = a.spin_accumulation("Pt", points) / 1e4
    assert ratio == pytest.approx(b.spin_accumulation("Pt", points), rel=1e-10, abs=1e-22)
    assert np.allclose(a.torque("YIG") / 1e4, b.torque("YIG"), rtol=1e-10, atol=1e-25)


def test_current_density_is_what_was_asked(film: Device) -> None:
    """The mean over the thickness; j itself varies, because the spin accumulation drives charge too."""
    result = film.solve(current_density=3e9, engine="scikit", mesh_options={"cells_per_length": 20})
    points, j = result.current_density("Pt")
    edges = np.unique(result.mesh.points)  # type: ignore[union-attr]
    sizes = np.diff(edges[edges >= 50e-9 * (1 - 1e-9)])
    order = np.argsort(points[:, 2])
    assert np.sum(j[order, 0] * sizes) / THICKNESS == pytest.approx(3e9, rel=1e-4)


@pytest.mark.parametrize("plane", ["alpha", "beta", "gamma"])
def test_scans_are_the_formula(plane: str, film: Device) -> None:
    assert isinstance(PT, NormalMetal)
    scan = hanle.angles(plane, np.arange(0, 360, 20))
    found = hanle.sweep(film, angle=scan, field=["0.5 T", "9 T"], temperature=[10, "300 K"])
    assert found.rho_L.sizes == {"field": 2, "temperature": 2, "angle": 18}
    for state in np.ndindex(2, 2, 18):
        i, j, k = state
        field = found.field.values[i] * scan.directions[k]
        longitudinal, transverse = formula(field, found.temperature.values[j])
        assert found.rho_L_change.values[state] == pytest.approx(longitudinal, rel=EXACT)
        assert found.rho_T.values[state] == pytest.approx(PT.rho * transverse, abs=EXACT * PT.rho * longitudinal)
    assert found.rho_L.attrs["units"] == "Ohm m"
    assert found.attrs["engine"] == "multilayer"


def test_planes(film: Device) -> None:
    """alpha and beta: cos^2 and sin^2 of one amplitude; gamma: nothing, to fourth order in theta."""
    angle = np.arange(0.0, 181.0, 15.0)
    curves = {p: hanle.sweep(film, angle=hanle.angles(p, angle)).rho_L_change.values[0, 0] for p in PLANES}
    turn = np.sin(np.deg2rad(angle)) ** 2
    amplitude = curves["beta"][6] - curves["beta"][0]
    assert amplitude < 0
    for plane in ("alpha", "beta"):
        shape = curves[plane] - curves[plane][0]
        assert np.max(np.abs(shape - amplitude * turn)) < FOURTH_ORDER * abs(amplitude)
    assert np.ptp(curves["gamma"]) < FOURTH_ORDER * abs(amplitude)


PLANES = ("alpha", "beta", "gamma")


def test_directions_of_the_planes() -> None:
    quarter = {p: hanle.angles(p, [0, 90]).directions.round(12).tolist() for p in PLANES}
    assert quarter == {
        "alpha": [[1, 0, 0], [0, 1, 0]],
        "beta": [[0, 0, 1], [0, 1, 0]],
        "gamma": [[0, 0, 1], [1, 0, 0]],
    }
    assert len(hanle.angles("alpha").degrees) == 73


def test_batch_is_loop(free_film: Device) -> None:
    """A sweep on the exact engine is one batch; the same states one by one give the same numbers."""
    scan = hanle.angles("beta", [0, 35, 70])
    found = hanle.sweep(free_film, angle=scan, field=[0.3, 7.0], temperature=[5.0, 300.0])
    for i, j, k in np.ndindex(2, 2, 3):
        one = free_film.with_changes(
            field=found.field.values[i] * scan.directions[k], temperature=found.temperature.values[j]
        ).solve()
        assert found.rho_L_change.values[i, j, k] == pytest.approx(float(one.rho_L_change), rel=1e-13)
        assert found.rho_T.values[i, j, k] == pytest.approx(float(one.rho_T), rel=1e-11)


def test_rotate(free_film: Device, film: Device) -> None:
    scan = hanle.angles("gamma", [10, 80])
    device = free_film.with_changes(field=(0.0, 3.0, 4.0))

    def change(field: Any, m: Any) -> float:
        return float(device.with_changes(field=field, magnetisation={"YIG": m}).solve().rho_L_change)

    turned_m = hanle.sweep(device, angle=scan, rotate="m").rho_L_change.values.ravel()
    turned_b = hanle.sweep(device, angle=scan, rotate="B").rho_L_change.values.ravel()
    both = hanle.sweep(device.with_changes(magnetisation={}), angle=scan).rho_L_change.values.ravel()
    for k, n in enumerate(scan.directions):
        assert turned_m[k] == pytest.approx(change((0.0, 3.0, 4.0), n), rel=1e-13)
        assert turned_b[k] == pytest.approx(change(5.0 * n, (1, 2, 2)), rel=1e-13)
        assert both[k] == pytest.approx(change(5.0 * n, n), rel=1e-13)
    assert len({*turned_m.round(9), *turned_b.round(9), *both.round(9)}) > 4
    # with a size of B, the direction of the device is kept while m turns
    weaker = hanle.sweep(device, angle=scan, rotate="m", field=[1.0]).rho_L_change.values.ravel()
    assert weaker[0] == pytest.approx(change((0.0, 0.6, 0.8), scan.directions[0]), rel=1e-13)
    # a given m stays where it is
    given = hanle.sweep(device, angle=scan).rho_L_change.values.ravel()
    assert np.array_equal(given, turned_b)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"angle": "delta"}, "angle must be one of alpha, beta, gamma"),
        ({"angle": [0, 90]}, "angle must be a plane"),
        ({"rotate": "M", "angle": "beta"}, "rotate must be one of B, YIG, both, m"),
        ({"rotate": "B", "angle": "beta"}, r"magnetisation\.YIG must be given when rotate"),
        ({"rotate": "YIG"}, "angle must be given where rotate names a magnet"),
        ({"temperature": [0]}, "temperature must be above 0 K"),
        ({"field": []}, "field must be at least one value"),
        ({"field": ["1 K"]}, r"field\[0\] must be a magnetic field"),
    ],
)
def test_sweeps_refused(options: dict[str, Any], message: str, film: Device) -> None:
    with pytest.raises(InputError, match=message):
        hanle.sweep(film, **options)


def test_sweep_without_direction_is_refused(film: Device) -> None:
    with pytest.raises(InputError, match="field must be along a direction"):
        hanle.sweep(film.with_changes(field=(0, 0, 0)), field=[1.0, 2.0])
    with pytest.raises(InputError, match="uniform field"):
        hanle.sweep(film.with_changes(field=lambda points: points), angle="beta")


def test_paramagnet(film: Device) -> None:
    """Isotropic at B = 0, where no direction is set; anisotropic in a field; its moments cannot be turned alone."""
    device = film.with_changes(materials={"Pt": "Pt", "YIG": "GGG"}, temperature="5 K")
    found = hanle.sweep(device, angle=hanle.angles("beta", [0, 90]), field=[0.0, 5.0]).rho_L_change.values
    assert found[0, 0, 0] == pytest.approx(found[0, 0, 1], rel=1e-12)
    assert found[1, 0, 0] != pytest.approx(found[1, 0, 1], rel=1e-3)
    none = device.with_changes(field=(0, 0, 0)).solve().rho_L_change
    assert none == pytest.approx(found[0, 0, 0], rel=1e-12)


def test_finite_elements_sweep_on_one_mesh(free_film: Device) -> None:
    """The loop with reuse against the batch of the exact engine, first order: error O(h^2)."""
    options: dict[str, Any] = {"angle": hanle.angles("alpha", [0, 30, 90]), "field": [0.0, 9.0]}
    exact = hanle.sweep(free_film, **options)
    found = hanle.sweep(free_film, engine="scikit", mesh_options={"cells_per_length": 30}, **options)
    assert found.attrs["engine"] == "scikit"
    assert found.rho_L_change.values == pytest.approx(exact.rho_L_change.values, rel=1e-3)
    single = free_film.with_changes(field=(9.0, 0, 0)).solve(engine="scikit", mesh_options={"cells_per_length": 30})
    assert found.rho_L_change.values[1, 0, 0] == pytest.approx(float(single.rho_L_change), rel=1e-6)


@pytest.fixture
def pillar() -> Device:
    """Two metals, current along z."""
    shape = hanle.stack([("Cu", "30 nm"), ("Pt", "5 nm")], contacts=True)
    return Device(shape, materials={"Pt": "Pt", "Cu": "Cu"}, field=(0, 0, 1))


def test_pillar_in_series(pillar: Device) -> None:
    metals = [(load("Cu"), 30e-9), (load("Pt"), 5e-9)]
    resistance = sum(m.rho / (1 - 2 * m.theta**2) * d for m, d in metals if isinstance(m, NormalMetal))
    result = pillar.solve(current="1 MA/cm^2")
    assert result.terminal_voltage("bottom", "top") == pytest.approx(1e10 * resistance, rel=1e-12)
    assert result.terminal_current("bottom") == pytest.approx(1e10, rel=1e-12)
    assert result.terminal_current("top") == pytest.approx(-1e10, rel=1e-12)
    assert result.conductance_matrix == pytest.approx(np.array([[1, -1], [-1, 1]]) / resistance, rel=1e-12)
    other = pillar.solve(wiring={"top": "2 mV", "bottom": "ground"})
    assert other.terminal_current("top") == pytest.approx(2e-3 / resistance, rel=1e-12)
    assert pillar.solve(source="top").terminal_voltage("bottom") == 0.0


def test_sweep_of_voltages(pillar: Device) -> None:
    """A batch of states with terminals: each voltage in its place."""
    found = hanle.sweep(pillar, angle=hanle.angles("beta", [0, 45, 90]), field=[1.0, 2.0])
    voltage = float(pillar.solve().terminal_voltage("bottom"))
    assert found.voltage.sel(terminal="bottom").values == pytest.approx(np.full((2, 1, 3), voltage), rel=1e-3)
    assert np.all(found.voltage.sel(terminal="top").values == 0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wiring": {"bottom": "1 A/m^2"}}, "wiring must be with one terminal at"),
        ({"wiring": {"botom": "1 A/m^2", "top": "ground"}}, 'wiring must be one of .* did you mean "bottom"'),
        ({"wiring": {"bottom": "1 A", "top": "ground"}}, r"wiring\.bottom must be a current, a voltage or"),
        ({"wiring": {"bottom": 1.0, "top": "ground"}}, r"wiring\.bottom must be a current, a voltage or"),
        ({"wiring": {"top": "ground"}, "current": 1.0}, "current must be left out where wiring is given"),
        ({"current_density": 1.0}, "current_density must be left out for a device with terminals"),
        ({"source": "left"}, "source must be one of bottom, top"),
        ({"source": "top", "drain": "top"}, "drain must be another terminal"),
        ({"order": 3}, "order must be 1 or 2"),
        ({"engine": "fem"}, "engine must be one of"),
        ({"solver": "magic", "engine": "scikit"}, "solver must be one of"),
        ({"solver": "direct"}, 'solver must be "auto" for engine multilayer'),
        ({"tolerance": 0.0}, "tolerance must be between 0 and 1"),
    ],
)
def test_drives_refused(options: dict[str, Any], message: str, pillar: Device) -> None:
    with pytest.raises(InputError, match=message):
        pillar.solve(**options)


def test_insulator_between_terminals(film: Device) -> None:
    shape = hanle.stack([("Cu", "5 nm"), ("YIG", "9 nm"), ("Pt", "5 nm")], contacts=True)
    device = Device(shape, {"Cu": "Cu", "YIG": "YIG", "Pt": "Pt"}, field=(0, 0, 1))
    with pytest.raises(InputError, match=r"wiring must be with a ground.*none among bottom"):
        device.solve()


def hall_device(shape: Any, b: float = 2.0) -> Device:
    """A metal with ordinary Hall effect and nothing else, on an insulator."""
    return Device(shape, {"Cu": HALL, "YIG": "YIG"}, field=(0, 0, b))


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_ordinary_hall_in_all_geometries() -> None:
    rho, tan = 50e-9, 40e-4 * 2.0
    layers = [("YIG", "10 nm"), ("Cu", "20 nm")]
    # The law is first order in mu B; its resistivity tensor is that of j = sigma (E - mu E x B).
    expected = -rho * tan / (1 + tan**2)
    film = hall_device(hanle.stack(layers)).solve()
    section = hall_device(hanle.section("100 nm", layers)).solve(tolerance=1e-10)
    assert film.rho_T == pytest.approx(expected, rel=1e-10)
    assert section.rho_T == pytest.approx(expected, rel=SOLVED)
    assert section.sheet_resistance == pytest.approx(float(section.rho_L) / 20e-9, rel=1e-12)
    # The element space holds linear potentials; contacts short the Hall field near the ends only.
    bar = hanle.hall_bar("2 um", "100 nm", layers, arms=1, arm_width="5 nm", arm_length="5 nm")
    result = hall_device(bar).solve(mesh_options={"lateral": "uniform", "cells_per_length": 1})
    narrow_arms = 0.1
    assert result.rho_T == pytest.approx(expected, rel=narrow_arms)


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_straight_bar_reads_its_resistivity() -> None:
    shape = hanle.hall_bar("200 nm", "40 nm", [("YIG", "10 nm"), ("Cu", "20 nm")], arms=0)
    result = hall_device(shape, 1e-6).solve(
        current="2 uA", mesh_options={"lateral": "uniform", "cells_per_length": 1}, tolerance=1e-10
    )
    assert result.rho_L == pytest.approx(50e-9, rel=SOLVED)
    assert result.sheet_resistance == pytest.approx(50e-9 / 20e-9, rel=SOLVED)
    assert result.terminal_voltage("left") == pytest.approx(2e-6 * 50e-9 * 200e-9 / (40e-9 * 20e-9), rel=SOLVED)
    with pytest.raises(InputError, match=r"rho_T must be asked of a shape with .* two probes across"):
        _ = result.rho_T


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_probes_read_what_lies_between_them() -> None:
    """Two pairs of arms, far from the ends: rho up to what the arms carry."""
    shape = hanle.hall_bar("400 nm", "40 nm", [("Cu", "20 nm")], arm_width="4 nm", arm_length="4 nm")
    device = Device(shape, {"Cu": HALL})
    result = device.solve(mesh_options={"lateral": "uniform", "cells_per_length": 1})
    small_arms = 0.01
    assert result.rho_L == pytest.approx(50e-9, rel=small_arms)
    assert result.rho_L < 50e-9


def test_resistivity_of_other_wirings_is_refused(pillar: Device) -> None:
    result = pillar.solve()
    with pytest.raises(InputError, match="rho_L must be asked of a film, a section or a bar"):
        _ = result.rho_L
    with pytest.raises(InputError, match='terminal must be one of bottom, top; instead received "V1"'):
        result.terminal_voltage("V1")
    with pytest.raises(InputError, match="magnet must be"):
        result.torque("YIG")


def test_changes_are_copies(film: Device) -> None:
    other = film.with_changes(field=(1, 0, 0))
    assert np.array_equal(film.field, [0, 0, 1])
    assert np.array_equal(other.field, [1, 0, 0])
    with pytest.raises(InputError, match=r'device must be one of .*did you mean "field"'):
        film.with_changes(feild=(1, 0, 0))
    with pytest.raises(AttributeError):
        film.field = (1, 0, 0)  # type: ignore[misc]


def test_interface_by_choice(film: Device) -> None:
    """Conductances given on the device replace those of the moments; a closed face is vacuum."""
    zero = film.with_changes(field=(0, 0, 1e-9), interfaces={"YIG|Pt": Conductances(0, 0, 0)}).solve()
    closed = film.with_changes(field=(0, 0, 1e-9), interfaces={"YIG|Pt": "closed"}).solve()
    alone = film.with_changes(
        field=(0, 0, 1e-9), shape=hanle.stack([("Pt", "5 nm")]), materials={"Pt": "Pt"}, magnetisation={}
    ).solve()
    assert closed.rho_L_change == pytest.approx(float(alone.rho_L_change), rel=EXACT)
    assert zero.rho_L_change == pytest.approx(float(alone.rho_L_change), rel=EXACT)
    assert film.solve().rho_L_change != pytest.approx(float(alone.rho_L_change), rel=1e-3)


def test_profile_that_is_constant(film: Device) -> None:
    """A function and a number give the same device, on the engines they need."""
    number = film.with_changes(profiles={"Pt.resistivity": 3e-7, "YIG|Pt.G_r": "2e14 S/m^2"})
    function = film.with_changes(
        profiles={"Pt.resistivity": lambda p: np.full(len(p), 3e-7), "YIG|Pt.G_r": lambda p: np.full(len(p), 2e14)}
    )
    assert choose_engine(number).name == "multilayer"
    assert choose_engine(function).name == "scikit"
    a, b = number.solve(engine="scikit"), function.solve()
    assert a.rho_L_change == pytest.approx(float(b.rho_L_change), rel=1e-9)
    assert number.solve().rho_L_change == pytest.approx(float(b.rho_L_change), rel=5e-3)
    with pytest.raises(UnsupportedError, match="use engine scikit"):
        function.solve(engine="multilayer")


def test_varying_conductances_need_elements(film: Device) -> None:
    device = film.with_changes(interfaces={"YIG|Pt": Conductances(-1e13, lambda p: np.full(len(p), 2e14), 0.0)})  # type: ignore[arg-type]
    same = film.with_changes(interfaces={"YIG|Pt": Conductances(-1e13, 2e14, 0.0)})
    assert choose_engine(device).name == "scikit"
    assert device.solve().rho_L_change == pytest.approx(float(same.solve(engine="scikit").rho_L_change), rel=1e-9)


def test_decay_lengths(film: Device) -> None:
    """Re of the transverse length where precession is fast; the shortest of a batch decides."""
    assert isinstance(PT, NormalMetal)
    assert decay_lengths(film, film.conditions)["Pt"] <= PT.lam
    slow = {**HALL, "spin_hall_angle": 0.0, "diffusion_length": "1 um"}
    device = Device(hanle.stack([("Cu", "5 nm")]), {"Cu": slow}, field=(0, 0, 9))
    found = decay_lengths(device, device.conditions)["Cu"]
    assert found < 1e-7
    assert found == pytest.approx(decay_lengths(device, device.with_changes(field=(0, 9, 0)).conditions)["Cu"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"materials": {"Pt": "Pt", "YGI": "YIG"}}, 'materials must be one of .*did you mean "YIG"'),
        ({"materials": {"Pt": 3, "YIG": "YIG"}}, r"materials\.Pt must be a library name, a table or a record"),
        ({"temperature": "-3 K"}, "temperature must be above 0 K"),
        ({"temperature": "3 T"}, "temperature must be a temperature"),
        ({"field": "1 T"}, "field must be three components"),
        ({"field": (0, float("nan"), 1)}, r"field\.y must be a magnetic field, finite"),
        ({"field": [[0, 1, 2], [0, np.inf, 1]]}, "field must be finite everywhere"),
        ({"field": np.zeros((4, 2))}, "field must be three components, or an array"),
        ({"magnetisation": {"Pt": (1, 0, 0)}}, "magnetisation must be one of YIG"),
        ({"magnetisation": {"YIG": (0, 0, 0)}}, r"magnetisation\.YIG must be a vector that is not zero"),
        ({"profiles": {"Pt.resistivty": 1e-7}}, 'profiles must be one of .*did you mean "Pt.resistivity"'),
        ({"profiles": {"Pt.resistivity": "1 nm"}}, r"profiles\.Pt\.resistivity must be a resistivity"),
        ({"profiles": {"Pt.resistivity": [1e-7, np.nan]}}, r"profiles\.Pt\.resistivity must be finite everywhere"),
        ({"profiles": {"Pt|YIG.G_r": 1e14}}, r"profiles\.Pt\|YIG\.G_r must be one of .*YIG\|Pt"),
        ({"interfaces": {"YIG|Pt": 3}}, r"interfaces\.YIG\|Pt must be Conductances"),
        ({"interfaces": {"YIG|Pt": "continuous"}}, "only metals can be continuous"),
        ({"interfaces": {"top": Conductances(0, 0, 0)}}, r"interfaces\.top must be G_s, G_r, G_i only between"),
        ({"contacts": {"a": ["tpo"], "b": ["bottom"]}}, 'did you mean "top"'),
        ({"shape": [("Pt", 5e-9)]}, r"shape must be made by hanle\.stack"),
    ],
)
def test_devices_refused(changes: dict[str, Any], message: str, film: Device) -> None:
    with pytest.raises(InputError, match=message):
        film.with_changes(**changes).solve()


def test_function_that_raises(film: Device) -> None:
    def texture(points: Array) -> Array:
        raise ValueError("no such place")

    with pytest.raises(UserCodeError, match=r"field: the function .*texture raised ValueError: no such place"):
        film.with_changes(field=texture).solve()


Builder = Callable[[], Any]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: hanle.stack([("Pt", "-5 nm")]), r"layers\.Pt must be a positive length"),
        (lambda: hanle.stack([("Pt", "5 nA")]), r"layers\.Pt must be a length"),
        (lambda: hanle.stack("Pt"), r"layers must be a list of \(name, thickness\) pairs"),
        (lambda: hanle.stack(["Pt"]), r"layers\[0\] must be a \(name, thickness\) pair"),
        (lambda: hanle.stack([("Pt", "5 nm")], contacts="yes"), "contacts must be true or false"),
        (lambda: hanle.hall_bar("20 um", None, [("Pt", "5 nm")]), "width must be given for a hall_bar"),
        (lambda: hanle.hall_bar("2 um", "1 um", [("Pt", 5e-9)], arms=1.5), "arms must be a whole number"),
        (lambda: hanle.hall_bar("2 um", "1 um", [("Pt", 5e-9)], plates=["Pt"]), "plates must be a table"),
        (lambda: hanle.strips("2 um", [("Pt", 5e-9)], [("a", 0)]), r"strips\[0\] must be \(name, position"),
        (lambda: hanle.wire([("Pt", 5e-9)], periodic=True), "periodic must be left out for the cross-section"),
        (lambda: hanle.read_mesh("no.msh"), r"path must be an existing \.msh file"),
        (lambda: hanle.section("1 um", []), "layers must be at least one"),
    ],
)
def test_shapes_refused(build: Builder, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


def test_public_names() -> None:
    """All load, none is hidden by a module of the same name."""
    import pkgutil

    modules = {module.name for module in pkgutil.iter_modules(hanle.__path__)}
    assert not modules & set(hanle.__all__)
    for name in hanle.__all__:
        assert getattr(hanle, name).__module__.startswith("hanle.")
    with pytest.raises(AttributeError, match="no attribute 'Devise'"):
        _ = hanle.Devise
