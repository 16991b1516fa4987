"""Spin current through faces: pairs that must agree.

two sides of a mixing conductance    <-> torque through the face, and what memory loss takes
two sides of a continuous interface  <-> each other
closed surface                       <-> 0
magnet all of whose faces are known  <-> torque inside it and its longitudinal loss
elements                             <-> exact engine, as its order goes; film <-> middle of a wide bar
"""

from typing import Any

import numpy as np
import pytest

import hanle
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.observables import deposits
from hanle.pde.tensors import unit

PER_SPIN = HBAR / (2 * E_CHARGE)
EXACT = 1e-11
#: Of second-order elements on the default mesh.
SOLVED = 1e-6
#: What flows through a closed face, of what flows through the interface: the tolerance of the solver.
SILENT = 1e-8
M = unit([0.3, 0.8, -0.5])
CONTACT = hanle.Circuit(1.1e15, 1.6e14, 7e14 - 2e14j, memory_loss=0.4)


def pillar(**changes: Any) -> hanle.Device:
    layers = [("Cu1", 20e-9), ("Co1", 4e-9), ("Cu", 6e-9), ("Co2", 3e-9), ("Cu2", 15e-9)]
    materials = {"Cu1": "Cu", "Co1": "Co", "Cu": "Cu", "Co2": "Co", "Cu2": "Cu"}
    return hanle.Device(
        hanle.stack(layers, contacts=True),
        materials,
        magnetisation={"Co1": (0, 1, 0), "Co2": M},
        interfaces={"Cu|Co2": CONTACT},
        **changes,
    )


def bilayer() -> hanle.Device:
    shape = hanle.stack([("Pt", 5e-9), ("Co", 1.2e-9)])
    return hanle.Device(shape, {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": M})


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_what_a_face_absorbs(engine: str) -> None:
    result = pillar().solve(engine=engine)
    arriving, leaving = (result.interface_spin_current("Cu|Co2", side) for side in ("Cu", "Co2"))
    lost = deposits(result.solution, "Cu|Co2")["lattice:interface"][0]
    taken = -result.torque("Co2", "Cu|Co2") / PER_SPIN - lost
    size = np.linalg.norm(arriving)
    assert np.linalg.norm(lost) > 0.01 * size
    assert arriving - leaving == pytest.approx(taken, abs=1e-8 * size)
    # The magnet returns no transverse spin.
    assert np.linalg.norm(np.cross(leaving, M)) < 1e-8 * size


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_a_continuous_interface_passes_all(engine: str) -> None:
    result = bilayer().solve(engine=engine)
    below, above = (result.interface_spin_current("Pt|Co", side) for side in ("Pt", "Co"))
    assert below == pytest.approx(above, rel=1e-7, abs=1e-7 * float(np.abs(below).max()))
    assert np.array_equal(result.interface_spin_current("Pt|Co"), below)
    for face in ("bottom", "top"):
        assert np.abs(result.interface_spin_current(face)).max() < SILENT * np.abs(below).max()


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_a_magnet_takes_what_enters(engine: str) -> None:
    result = bilayer().solve(engine=engine)
    entering = result.interface_spin_current("Pt|Co", "Co")
    inside = deposits(result.solution, "Co")
    total = -inside["torque:Co"][0] - inside["lattice"][0]
    assert entering == pytest.approx(total, abs=1e-7 * float(np.abs(entering).max()))
    across = entering - M * (entering @ M)
    assert -PER_SPIN * across == pytest.approx(result.torque("Co"), rel=1e-6)


def test_elements_reach_the_exact_current() -> None:
    exact, found = pillar().solve(), pillar().solve(engine="scikit", order=2)
    for face in ("Cu1|Co1", "Co1|Cu", "Cu|Co2", "Co2|Cu2"):
        for side in face.split("|"):
            wanted = exact.interface_spin_current(face, side)
            scale = float(np.abs(wanted).max())
            assert found.interface_spin_current(face, side) == pytest.approx(wanted, abs=SOLVED * scale)


def test_a_batch_has_a_leading_axis() -> None:
    read = {"J": (lambda r: r.interface_spin_current("Pt|Co"), "A/m^2")}
    found = hanle.sweep(bilayer(), angle=hanle.angles("alpha", [20, 50]), rotate="Co", read=read)
    assert found.J.shape == (1, 1, 2, 3)
    m = tuple(hanle.angles("alpha", [50]).directions[0])
    one = bilayer().with_changes(magnetisation={"Co": m}).solve().interface_spin_current("Pt|Co")
    assert found.J.values[0, 0, 1] == pytest.approx(one, rel=EXACT)


def test_a_bar_is_a_film_in_its_middle() -> None:
    """Ends and edges are some nm, the bar is 400 nm long: the mean over the interface is that of the film."""
    layers = [("Pt", "5 nm"), ("Co", "1.2 nm")]
    options = {"cells_per_length": 3, "growth": 2.0}
    bar = hanle.Device(
        hanle.hall_bar("400 nm", "200 nm", layers, arms=0), {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": M}
    ).solve(current="1 mA", mesh_options=options)
    film = bilayer().solve(engine="scikit", mesh_options=options)
    area, mean = 400e-9 * 200e-9, 1e-3 / (200e-9 * 6.2e-9)
    wanted = film.interface_spin_current("Pt|Co") * mean / 1e10
    assert bar.interface_spin_current("Pt|Co") / area == pytest.approx(
        wanted, rel=0.02, abs=0.02 * np.abs(wanted).max()
    )


def test_refused() -> None:
    result = bilayer().solve()
    with pytest.raises(InputError, match=r"face must be one of Pt\|Co, bottom, top"):
        result.interface_spin_current("Co|Pt")
    with pytest.raises(InputError, match='side must be one of Pt, Co; instead received "Ta"'):
        result.interface_spin_current("Pt|Co", "Ta")
    insulator = hanle.Device(
        hanle.stack([("YIG", 9e-9), ("Pt", 5e-9)]), {"YIG": "YIG", "Pt": "Pt"}, field=(0, 0, 1)
    )
    solved = insulator.solve()
    assert np.array_equal(solved.interface_spin_current("YIG|Pt"), solved.interface_spin_current("YIG|Pt", "Pt"))
    with pytest.raises(InputError, match="side must be beside a region that carries spin"):
        solved.interface_spin_current("bottom")
