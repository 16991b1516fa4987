"""Temperatures that are all raised alike drive nothing: no solve for a lone heat contact, one fewer for several."""

import pytest

import hanle
from hanle.pde.steady import _level_of

#: Solves to 1e-8 of the flux of the contacts; second-order elements on graded cells.
CLOSE = 1e-4


def device(**contacts):
    return hanle.Device(
        hanle.stack([("YIG", "200 nm"), ("Pt", "5 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
        transport=("magnons", "heat"),
        wires={"Pt": ["Pt"]},
        heat_contacts=contacts,
    )


@pytest.mark.parametrize(("engine", "order"), [("multilayer", None), ("scikit", 1), ("scikit", 2)])
def test_lone_contact(engine, order):
    """In linear response no heat comes out of it, whatever the other drives are."""
    solved = device(bath=["bottom"]).solve(wiring={"Pt": "50 A/m", "bath": "1 K"}, engine=engine, order=order)
    assert "bath" not in solved.proof.iterations
    assert solved.temperature("Pt", [[0, 0, 202e-9]]) == pytest.approx(301, abs=1e-3)
    # What 1 K would drive through the film.
    assert abs(solved.heat_current("bath")) < 1e-9 * 6.5 / 200e-9


@pytest.mark.parametrize(("engine", "order"), [("multilayer", None), ("scikit", 2)])
def test_two_contacts(engine, order):
    """One carries lattice heat alone, the other that of electrons as well; either may be the warm one."""
    film = device(bottom=["bottom"], top=["top"])
    warm = film.solve(wiring={"bottom": "1 K"}, engine=engine, order=order)
    cold = film.solve(wiring={"top": "-1 K"}, engine=engine, order=order)
    assert set(warm.proof.iterations) & {"bottom", "top"} == {"bottom"}
    for read in (
        lambda r: r.heat_current("bottom"),
        lambda r: -r.heat_current("top"),
        lambda r: r.wire_field("Pt"),
    ):
        assert read(cold) == pytest.approx(read(warm), rel=1e-9)
    exact = film.solve(wiring={"bottom": "1 K"})
    assert warm.wire_field("Pt") == pytest.approx(exact.wire_field("Pt"), rel=CLOSE)
    assert warm.spin_seebeck("Pt", "bottom", "top") == pytest.approx(warm.wire_field("Pt"))


def test_surroundings_are_a_level_of_their_own():
    """A face with a `HeatContact` lets heat out of a lone contact."""
    film = device(bath=["bottom"]).with_changes(interfaces={"top": hanle.HeatContact(lattice="1e6 W/(m^2 K)")})
    solved = film.solve(wiring={"bath": "1 K"})
    # The film conducts far better than the face.
    assert solved.heat_current("bath") == pytest.approx(1e6, rel=0.05)


def test_contacts_of_charge_and_heat_have_no_common_level():
    layers = [("Cu1", "20 nm"), ("Py", "5 nm"), ("Cu2", "20 nm")]
    pillar = hanle.Device(
        hanle.stack(layers, contacts=True),
        {name: name[:2] for name, _ in layers},
        magnetisation={"Py": (0, 1, 0)},
        transport=("heat",),
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
    )
    solved = pillar.solve(wiring={"hot": "1 K", "top": "ground"})
    assert _level_of(solved.response.system.problem) == ()
