"""Heat across circuits and interfaces with spin-orbit coupling, in laws and devices.

matrix of the law               <-> symmetric, dissipative for any S and S_s; marginal without h
thick layer                     <-> circuit of the same G, P, S, S_s
Wiedemann and Franz             <-> L_0 T_0 G of circuits, memory loss, flips of spin-orbit coupling
heat at the mean temperature    <-> finite differences; the equation
nonlinear devices               <-> power in = heat out; half of the heat of a contact on either side; Peltier heat at T
device files                    <-> Python, loss-free
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hanle
from hanle.boundary.circuit import Circuit, normal_ferromagnet, normal_normal
from hanle.boundary.heat_contact import heat_contact
from hanle.boundary.rashba import rashba_interface
from hanle.boundary.scattering.coefficients import Drive, MemoryLoss, RashbaCoefficients
from hanle.boundary.thermoelectric_face import at_mean_temperature, electron_conductance, thermoelectric_contact
from hanle.checks import check
from hanle.config import Case, read_case, to_text
from hanle.pde.closed_forms.thermal_spin import Element, respond
from hanle.pde.coefficients import dense
from hanle.pde.constants import LORENZ
from hanle.pde.coupling import joined
from hanle.pde.errors import InputError
from hanle.sweeps import sweep
from hanle.variations import variables, varied

T0, UP, DN, S, S_S = 290.0, 6e14, 2e14, -7e-6, 4e-5
ROUND_OFF = 1e-12
#: Newton's tolerance, and the part of the power by which energy may be missing.
TOLERANCE, BALANCE = 1e-10, 1e-8


def contact(h=0.0, loss=0.0, m=(0.6, 0.0, 0.8)):
    """Charge, spin and electrons' heat of a contact, roles normal and ferromagnet."""
    given, roles = Circuit(UP, DN, 3e14 + 2e14j, loss), ("normal", "ferromagnet")
    laws = [normal_ferromagnet("Co", given, m), thermoelectric_contact(T0, given, S, S_S, m, roles)]
    return joined(*laws, heat_contact(T0, {("T_e", "T_e"): h}, roles))


def matrix(law):
    return dense(law.G, (), (law.size,) * 2)[0, 0, 0]


@pytest.mark.parametrize("loss", [0.0, 0.4])
def test_contact_obeys_onsager_and_dissipates(loss, rng):
    m = rng.normal(size=3)
    form, turned = (-matrix(contact(1e8, loss, sign * m)) for sign in (1.0, -1.0))
    parity = np.array([1, -1, -1, -1, 1] * 2)
    scale = np.sqrt(np.outer(np.diag(form), np.diag(form)))
    np.testing.assert_allclose(form / scale, parity[:, None] * turned.T * parity / scale, atol=1e-15)
    for h, least in ((0.0, -1e-13), (1e8, 0.0)):
        form = -matrix(contact(h, loss, m))
        scale = 1 / np.sqrt(np.diag(form))
        values = np.linalg.eigvalsh(scale[:, None] * (form + form.T) / 2 * scale)
        assert values[0] > least - 1e-13
        # u and T of both sides may move together, and with h = 0 and no loss one combination more is free.
        free = int(np.sum(values < 1e-11))
        assert free == 2 + (h == 0.0 and loss == 0.0) + (loss == 0.0) + 2


def test_wiedemann_and_franz():
    m, n = (0, 0.6, 0.8), (0, 0, 1)
    for law, total in (
        (normal_ferromagnet("Co", Circuit(UP, DN, 1e14, 0.3), m), UP + DN),
        (normal_normal(2e-15, 0.7), 1 / 2e-15),
        (
            rashba_interface(
                "Co", RashbaCoefficients(g_up=UP, g_dn=DN, loss=MemoryLoss(G_Nu_Fd=2e13, G_Nd_Fu=1e13)), m, n
            ),
            # Flips count (1 + (m.n)^2)/2 of those for m along n.
            UP + DN + 3e13 * (1 + 0.64) / 2,
        ),
    ):
        assert electron_conductance(law, T0)[0, 0, 0] == pytest.approx(LORENZ * T0 * total, rel=ROUND_OFF)


def test_heat_at_the_mean_temperature(rng):
    """Value, slopes, and T_mean/T_0 times the heat that the linear law carries besides conduction."""
    law, m = contact(1e8), (0.6, 0.0, 0.8)
    carried = thermoelectric_contact(T0, Circuit(UP, DN), S, S_S, m, ("normal", "ferromagnet"))
    curved = at_mean_temperature(law, carried)
    traces = rng.normal(size=(1, 2, 3, law.size)) * np.array([1e-4] * 4 + [0.1] + [1e-4] * 4 + [0.1])
    gradients = np.zeros((1, 2, 3, 3, law.size))
    here = curved.at(traces, gradients)
    heat = [4, 9]
    mean = traces[..., heat].mean(axis=-1, keepdims=True)
    extra = np.zeros(traces.shape)
    extra[..., heat] = mean * carried.flux(traces)[..., heat]
    np.testing.assert_allclose(here.flux(traces), law.flux(traces) + extra, rtol=1e-12)
    step = 1e-4 * rng.normal(size=traces.shape) * np.abs(traces)
    ahead, behind = (curved.at(traces + s * step, gradients).flux(traces + s * step) for s in (1.0, -1.0))
    slope = replace(here, g=()).flux(step)
    np.testing.assert_allclose((ahead - behind) / 2, slope, rtol=1e-7, atol=1e-9 * np.abs(slope).max())


def test_polarised_contact_needs_a_direction():
    with pytest.raises(InputError, match="magnetisation must be given"):
        thermoelectric_contact(T0, Circuit(UP, UP), S, S_S)
    with pytest.raises(InputError, match="temperature must be positive"):
        thermoelectric_contact(0.0, Circuit(UP, UP), S)


# Devices.

CU = {
    "like": "Cu",
    "seebeck": "1.7 uV/K",
    "lattice_heat_conductivity": "8 W/(m K)",
    "electron_lattice_coupling": "1e17 W/(m^3 K)",
    "spin_hall_angle": 0.02,
}
CO = {
    "like": "Co",
    "seebeck": "-22 uV/K",
    "spin_dependent_seebeck": "-1.8 uV/K",
    "anomalous_nernst_angle": 0.1,
    "exchange_length": "3 nm",
    "lattice_heat_conductivity": "12 W/(m K)",
    "electron_lattice_coupling": "1e18 W/(m^3 K)",
}
CIRCUIT = hanle.Circuit(6e14, 2e14, 3e14 + 1e14j, 0.3).with_heat(
    lattice="1e9 W/(m^2 K)", seebeck="-7 uV/K", spin_dependent_seebeck="4 uV/K"
)
DRIVE = Drive(a="3e3 S/m", b="-5e3 S/m", b_lat="1e3 S/m", gamma="2e3 S/m", delta="-1e3 S/m")
RASHBA = RashbaCoefficients(
    N=DRIVE, up=DRIVE, dn=DRIVE, g_up=6e14, g_dn=2e14, g_mix=4e14 + 5e13j, loss=MemoryLoss(G_NN=1e13, G_Nu_Fd=2e13)
)
COARSE = {"mesh_options": {"cells_per_length": 3.0}}


def pillar(interfaces, m=(0.3, 0.5, 0.8), **changes):
    """Cu | Co | Cu between contacts."""
    return hanle.Device(
        hanle.stack([("low", 4e-8), ("F", 1.5e-8), ("high", 5e-8)], contacts=True),
        {"low": CU, "F": CO, "high": CU} | changes.pop("materials", {}),
        magnetisation={"F": m},
        transport=("heat",),
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
        interfaces=interfaces,
        **changes,
    )


FACES = {
    "circuit": {"low|F": CIRCUIT, "F|high": hanle.Circuit(3e15, 1e15, 2e15)},
    "spin-orbit": {"low|F": RASHBA, "F|high": CIRCUIT},
    "transparent": {"low|F": hanle.HeatContact(lattice="1e9 W/(m^2 K)")},
}


@pytest.mark.parametrize("kind", FACES)
def test_nonlinear_pillars_keep_energy(kind, elements):
    """A strong current: some 10 K, power in = heat out, with all that ferromagnets and interfaces dissipate."""
    device = pillar(FACES[kind])
    result = device.solve(
        wiring={"bottom": "3e12 A/m^2", "top": "ground", "hot": "2 K"},
        engine=elements.name,
        nonlinear=True,
        tolerance=TOLERANCE,
        **COARSE,
    )
    assert result.electric_power > 1e8
    assert result.energy_error < BALANCE
    assert result.residuals[-1] < TOLERANCE
    warm = result.temperature("F", [[0, 0, 4.5e-8]], "electrons")[0] - device.temperature
    assert warm > 2.0
    steep = [r for r in result.residuals if r > TOLERANCE]
    assert len(steep) <= 5


@pytest.mark.parametrize("kind", FACES)
@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_entropy_is_produced_everywhere(kind, engine):
    """Positive in every region and at every face; in all what leaves through the contacts."""
    options = {"engine": engine, "tolerance": 1e-12} | (COARSE if engine == "scikit" else {})
    device = pillar(FACES[kind])
    found = device.solve(
        wiring={"bottom": "1e10 A/m^2", "top": "ground", "hot": "1 K"}, **options
    ).entropy_production()
    assert {"low", "F", "high", *device.interfaces} <= set(found.places)
    assert all(float(x) >= 0 for x in found.places.values())
    assert float(found.error) < 1e-10


def test_nonlinear_cross_keeps_energy(elements):
    """Two dimensions, m aslant, every coupling of a ferromagnet: Joule, Peltier and Ettingshausen heat."""
    shape = hanle.cross_plan("300 nm", "100 nm", region="F")
    device = hanle.Device(
        shape,
        {"F": CO | {"diffusion_length": "40 nm", "dephasing_length": "40 nm", "exchange_length": "60 nm"}},
        magnetisation={"F": (0.3, -0.5, 0.8)},
        transport=("heat",),
        heat_contacts={"bath": (*shape.terminals["left"], *shape.terminals["right"])},
    )
    result = device.solve(
        wiring={"left": "3e4 A/m", "right": "ground"},
        engine=elements.name,
        nonlinear=True,
        tolerance=TOLERANCE,
        mesh_options={"sizes": {"x": 1.5e-8, "y": 1.5e-8}},
    )
    assert result.energy_error < BALANCE
    assert result.electric_power > 1
    hall = float(result.terminal_voltage("V1", "V2"))
    assert abs(hall) > 1e-4 * abs(float(result.terminal_voltage("left", "right")))


def test_metals_with_moments_carry_heat():
    """Copper with iron: kappa_e by Wiedemann and Franz, S as in copper; Kelvin's relation."""
    magnet = {
        "like": "CuFe",
        "seebeck": "-10 uV/K",
        "lattice_heat_conductivity": "10 W/(m K)",
        "electron_lattice_coupling": "1e17 W/(m^3 K)",
    }
    device = hanle.Device(
        hanle.stack([("CuFe", 5e-8)], contacts=True),
        {"CuFe": magnet},
        temperature=40.0,
        field=(0, 0, 1.0),
        transport=("heat",),
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
    )
    warm = device.solve(wiring={"hot": "1 K", "top": "ground"})
    kappa = LORENZ * 40 * device.materials["CuFe"].sigma + 10
    assert float(warm.heat_current("hot")) == pytest.approx(kappa / 5e-8, rel=1e-9)
    assert float(warm.terminal_voltage("bottom", "top")) == pytest.approx(-1e-5, rel=1e-9)
    driven = device.solve(wiring={"bottom": "1e10 A/m^2", "top": "ground"})
    assert float(driven.heat_current("hot")) == pytest.approx(1e-5 * 40 * 1e10, rel=1e-9)


def test_films_with_interfaces_keep_energy():
    """Currents in the plane: Joule heat of the sheet currents of spin-orbit coupling, too."""
    device = hanle.Device(
        hanle.stack([("N", 5e-9), ("F", 6e-9)]),
        {"N": CU, "F": CO},
        magnetisation={"F": (0.3, 0.9, 0.1)},
        transport=("heat",),
        heat_contacts={"bath": ["bottom"]},
        wires={"film": ["N", "F"]},
        interfaces={"N|F": RASHBA},
    )
    result = device.solve(wiring={"film": "3e6 V/m"}, nonlinear=True, tolerance=TOLERANCE, **COARSE)
    assert result.energy_error < BALANCE
    assert result.temperature("F", [[0, 0, 1.1e-8]])[0] - device.temperature > 1e-3


def test_paramagnets_take_the_heat_of_spin_they_flip():
    """b-layer face without magnons, closed for electrons' heat: what spin loses there warms the electrons of Pt."""
    device = hanle.Device(
        hanle.stack([("GGG", 2e-6), ("Pt", 5e-9)]),
        {"GGG": "GGG", "Pt": "Pt"},
        field=(0, 1, 0),
        wires={"Pt": ["Pt"]},
        transport=("heat",),
        heat_contacts={"bath": ["bottom"]},
    )
    result = device.solve(wiring={"Pt": "1e6 V/m"}, nonlinear=True, tolerance=TOLERANCE, **COARSE)
    assert result.energy_error < BALANCE


def test_small_drives_are_the_linear_device():
    device, wiring = pillar(FACES["circuit"]), {"bottom": "1e6 A/m^2", "top": "ground"}
    found = device.solve(wiring=wiring, nonlinear=True, tolerance=1e-12, **COARSE)
    linear = device.solve(wiring=wiring, engine="scikit", tolerance=1e-12, **COARSE)
    assert found.resistance() == pytest.approx(linear.resistance(), rel=1e-6)
    assert float(found.heat_current("hot")) == pytest.approx(float(linear.heat_current("hot")), rel=1e-3)


def test_a_resistive_contact_heats_both_sides_alike():
    """Nothing but the contact resists: half of j^2/G to each end, Peltier heat at the temperature of the contact."""
    good = {
        "resistivity": "1e-12 Ohm m",
        "diffusion_length": "100 nm",
        "diffusion_constant": "1e-2 m^2/s",
        "spin_hall_angle": 0.0,
        "electron_heat_conductivity": "20 W/(m K)",
        "lattice_heat_conductivity": "1e-6 W/(m K)",
        "electron_lattice_coupling": "1e-3 W/(m^3 K)",
    }
    g, j = 1e15, 1e12
    found = []
    for sign in (1.0, -1.0):
        law = hanle.Circuit(g / 2, g / 2).with_heat(electrons="0 W/(m^2 K)", seebeck="-20 uV/K")
        device = hanle.Device(
            hanle.stack([("a", 4e-8), ("b", 4e-8)], contacts=True),
            {"a": good, "b": good},
            transport=("heat",),
            heat_contacts={"cold": ["bottom"], "hot": ["top"]},
            interfaces={"a|b": law},
        )
        result = device.solve(
            wiring={"bottom": f"{sign * j} A/m^2", "top": "ground"}, nonlinear=True, tolerance=TOLERANCE
        )
        assert result.energy_error < BALANCE
        warm = [float(result.temperature(r, [[0, 0, 4e-8]], "electrons")[0]) for r in ("a", "b")]
        volts = float(result.terminal_voltage("bottom", "top"))
        # V = j/G + S (T_b - T_a); heat S T j with the mean of both.
        assert volts == pytest.approx(sign * j / g - 2e-5 * (warm[1] - warm[0]), rel=1e-3)
        mean, power = sum(warm) / 2, sign * j * volts
        carried = -2e-5 * mean * sign * j
        kappa = 20 / 4e-8
        assert kappa * (warm[0] - 300) == pytest.approx(power / 2 - carried, rel=1e-3)
        assert kappa * (warm[1] - 300) == pytest.approx(power / 2 + carried, rel=1e-3)
        found.append(warm)
    assert abs(found[0][0] - found[1][0]) > 1


def test_heat_across_spin_orbit_coupling():
    """The electrons by Wiedemann and Franz, or as given; closed where both are 0."""
    t0, d = 300.0, np.array([4e-8, 1.5e-8, 5e-8])
    record = {"electron_heat_conductivity": "20 W/(m K)", "lattice_heat_conductivity": "1e-6 W/(m K)"}
    record |= {"electron_lattice_coupling": "1e-3 W/(m^3 K)", "seebeck": "0 V/K"}
    plain = {name: base | record for name, base in (("low", CU), ("high", CU))}
    plain["F"] = CO | record | {"spin_dependent_seebeck": "0 V/K", "anomalous_nernst_angle": 0.0}
    normal = replace(RASHBA, loss=MemoryLoss())
    for law, h in ((normal, LORENZ * t0 * 8e14), (replace(normal, electrons="1e8 W/(m^2 K)"), 1e8)):
        result = pillar({"low|F": law}, materials=plain).solve(wiring={"hot": "1 K", "top": "ground"})
        expected = 1 / (d.sum() / 20 + 1 / h)
        assert float(result.heat_current("hot")) == pytest.approx(expected, rel=1e-6)
    shut = replace(normal, electrons=0.0, lattice=0.0)
    with pytest.raises(InputError, match="none for F, high"):
        pillar({"low|F": shut, "F|high": "continuous"}, materials=plain).with_changes(
            heat_contacts={"cold": ["bottom"]}
        ).solve(wiring={"top": "ground"})


def test_spin_orbit_coupling_beside_insulators():
    """Against YIG without transport of magnons: the lattice conductance of the record, or as given."""
    given = RashbaCoefficients(N=Drive(b_lat="1e3 S/m"), g_mix=4e14)
    device = hanle.Device(
        hanle.stack([("GGG", 1e-6), ("Pt", 5e-9), ("F", 6e-9)]),
        {"GGG": "GGG", "Pt": "Pt", "F": CO},
        field=(0, 1, 0),
        transport=("heat",),
        wires={"film": ["Pt", "F"]},
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
    )
    assert device.solve(wiring={"hot": "1 K"}).heat_current("hot") > 0
    face = {"Pt|F": replace(RASHBA, lattice="1e7 W/(m^2 K)", electrons=0.0)}
    slow = device.with_changes(interfaces=face).solve(wiring={"hot": "1 K"})
    assert float(slow.heat_current("hot")) < 1e7
    with pytest.raises(InputError, match=r"interfaces\.top\.lattice must be left out at an outer face"):
        device.with_changes(
            interfaces={"top": replace(given, N=Drive(), up=Drive(b_lat=1.0), g_mix=0.0, lattice=1e8)},
            heat_contacts={"cold": ["bottom"]},
        ).solve()


def test_magnons_and_spin_orbit_coupling_are_not_one_face():
    device = hanle.Device(
        hanle.stack([("YIG", 5e-8), ("Pt", 5e-9)]),
        {"YIG": "YIG", "Pt": "Pt"},
        field=(0, 0.1, 0),
        transport=("magnons",),
        interfaces={"YIG|Pt": RashbaCoefficients(N=Drive(b_lat="1e3 S/m"), g_mix=4e14)},
        wires={"Pt": ["Pt"]},
    )
    with pytest.raises(InputError, match=r"interfaces\.YIG\|Pt must be a MagnonInterface where magnons"):
        device.solve(wiring={"Pt": "1 A/m"})
    assert device.with_changes(transport=(), wires={}).solve().rho_L > 0


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (CIRCUIT.with_heat(lattice="-1 W/(m^2 K)"), r"interfaces\.low\|F\.lattice must be 0 or positive"),
        (CIRCUIT.with_heat(seebeck="1 V"), r"interfaces\.low\|F\.seebeck must be a Seebeck coefficient"),
    ],
)
def test_bad_numbers_are_refused(law, message):
    with pytest.raises(InputError, match=message):
        pillar({"low|F": law})


def test_numbers_of_heat_need_heat():
    device = pillar({}).with_changes(transport=(), heat_contacts={}, interfaces={"low|F": CIRCUIT})
    with pytest.raises(InputError, match=r"interfaces\.low\|F\.lattice must be left out where heat is not"):
        device.solve(wiring={"top": "ground"})
    copper = {"a": CU, "b": CU}
    plain = hanle.Device(
        hanle.stack([("a", 4e-8), ("b", 4e-8)], contacts=True),
        copper,
        transport=("heat",),
        heat_contacts={"cold": ["bottom"]},
        interfaces={"a|b": hanle.Circuit(1e15, 1e15).with_heat(spin_dependent_seebeck=1e-6)},
    )
    with pytest.raises(InputError, match=r"interfaces\.a\|b\.magnetisation must be given"):
        plain.solve(wiring={"top": "ground"})


def test_device_files_and_variations():
    model = {"E_F": "5 eV", "h_R": 0.1, "tau_N": "10 fs", "memory_loss": False, "sharvin_removed": False}
    laws = [
        CIRCUIT,
        CIRCUIT.with_heat(electrons=0.0),
        replace(RASHBA, electrons="1e9 W/(m^2 K)", lattice=2e8),
        hanle.RashbaInterface(**model, damping_like=True, lattice="3e8 W/(m^2 K)"),
    ]
    for law in laws:
        device = pillar({"low|F": law})
        case = Case(device, run={"wiring": {"hot": "1 K", "top": "ground"}})
        text = to_text(case, Path("."), "x.npz")[0]
        back = read_case(text)
        assert to_text(back, Path("."), "x.npz")[0] == text
        found = back.device.interfaces["low|F"]
        for name in ("electrons", "lattice", "seebeck", "spin_dependent_seebeck"):
            assert getattr(found, name, None) == getattr(device.interfaces["low|F"], name, None)
        said = check(case)
        for word, unit in (("electrons", "W/(m^2 K)"), ("lattice", "W/(m^2 K)"), ("seebeck", "V/K")):
            given = getattr(law, word, None)
            told = [line for line in said.splitlines() if f"{word} " in line and unit in line]
            assert bool(told) == (given is not None and (word != "seebeck" or given != 0.0)), (word, said)
    device = pillar({"low|F": CIRCUIT})
    known = variables(device)
    assert known["low|F.seebeck"] == "Seebeck coefficient"
    assert "low|F.electrons" not in known
    changed = varied(device, {"low|F.polarisation": 0.2, "low|F.lattice": 5e8}).interfaces["low|F"]
    assert (changed.lattice, changed.seebeck) == (5e8, -7e-6)
    assert changed.G_up / changed.G_dn == pytest.approx(1.5, rel=ROUND_OFF)


def test_sweeps_over_temperature():
    """The contact's own heat conductance and Peltier coefficient follow T_0, in a batch as alone."""
    device = pillar({"low|F": CIRCUIT})
    wiring = {"hot": "1 K", "top": "ground"}
    heat = sweep(device, temperature=[150.0, 300.0], wiring=wiring)["heat"].squeeze()
    alone = [
        float(device.with_changes(temperature=t).solve(wiring=wiring).heat_current("hot")) for t in (150.0, 300.0)
    ]
    np.testing.assert_allclose(heat.sel(contact="hot") if "contact" in heat.dims else heat, alone, rtol=1e-9)


def test_a_thick_contact_is_a_layer():
    """A circuit is a layer of the same numbers without relaxation: closed form, end to end."""
    g, p, s, s_s, h, j = 8e14, 0.5, -7e-6, 4e-6, 5e8, 1e10
    one = [
        Element(3e7, 200.0, 0.0, 1e-6, 0.0, 4e-8, 3e-7),
        Element(g, h, p, s, s_s),
        Element(5e6, 30.0, 0.4, -2e-5, 1e-6, 2e-8, 1e-8),
    ]
    thickness = 3e-9
    layer = Element(g * thickness, h * thickness, p, s, s_s, thickness, 1e-3)
    first, second = respond(one, T0, j, warming=2.0), respond([one[0], layer, one[2]], T0, j, warming=2.0)
    assert first.voltage == pytest.approx(second.voltage, rel=1e-9)
    assert first.heat == pytest.approx(second.heat, rel=1e-9)
