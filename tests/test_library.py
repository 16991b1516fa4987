"""The library of materials: where its numbers come from, and whether they agree with each other.

What must agree                                           why
numbers, notes and the bibliography                       a number without a source is an opinion
DOI, journal, volume and page                             those of the Physical Review are built from each other
density of states and electronic specific heat            nu = 3 gamma/(2 pi^2 k_B^2 V) per spin
heat capacity of the lattice                              3R per mole of atoms at 300 K
conductivity, density of states, diffusion                sigma = 2 e^2 nu D, lambda^2 = D tau
spin along and across m                                   Gamma_par <= 2 Gamma_perp, or populations turn negative
dephasing and exchange                                    (D hbar/1 eV)^{1/2} is shorter: precession comes first
anomalous Hall angle and conductivity                     alpha = sigma_AH rho
magnetisation, moments and atoms                          M_s = g mu_B S n at 0 K, a little less at 300 K
densities of moments and lattice constants                geometry of the crystal
"""

import math
import re

import pytest

from hanle.materials.conductors import Conductor
from hanle.materials.load import available, bibliography, load, numbers
from hanle.materials.records import FerromagneticMetal, LocalMomentMetal, MagneticInsulator, NormalMetal
from hanle.materials.sourced import USER

E, HBAR, K_B, N_A, MU_B = 1.602176634e-19, 1.054571817e-34, 1.380649e-23, 6.02214076e23, 9.2740100783e-24

METALS = {"Al", "Au", "Cu", "Pt", "Ta"}
FERROMAGNETS = {"Co", "CoFeB", "Fe", "Ni", "Py"}
INSULATORS = {"EuS", "GGG", "YIG"}

#: Electronic specific heat [mJ/(mol K^2)], molar mass [g/mol], density [g/cm^3]; Co of the hexagonal metal.
METAL = {
    "Al": (1.35, 26.98, 2.70),
    "Au": (0.689, 196.97, 19.3),
    "Co": (4.73, 58.93, 8.85),
    "Cu": (0.691, 63.55, 8.96),
    "Fe": (4.98, 55.85, 7.87),
    "Ni": (7.02, 58.69, 8.91),
    "Pt": (6.8, 195.08, 21.45),
    "Ta": (5.9, 180.95, 16.65),
}
#: What records of alloys are made of, by fractions of atoms.
MIXED = {"Py": {"Ni": 0.8, "Fe": 0.2}, "CoFeB": {"Co": 0.5, "Fe": 0.5}, "CuFe": {"Cu": 1.0}}
#: Moment per atom at 0 K [mu_B].
MOMENT = {"Fe": 2.22, "Co": 1.72, "Ni": 0.606}
#: Lattice constants [m].
A_YIG, A_GGG, A_EUS = 1.2376e-9, 1.2383e-9, 0.5968e-9

#: Handbook densities and masses against the molar volumes in the notes.
HANDBOOK = 0.005
#: The library holds anomalous Hall angles to one or two digits.
ROUNDED_ANGLE = 0.04
#: The library gives areal densities of YIG as typical sizes only.
TYPICAL = 0.3
#: Debye temperatures of 170 K (gold) to 450 K (iron), and magnetic order.
LATTICE = 0.12
#: sigma = 2 e^2 nu D and lambda^2 = D tau are definitions.
EXACT = 1e-12
#: Saturation at 300 K over that at 0 K: 0.98 of iron, with its high Curie temperature, to 0.94 of nickel.
THERMAL = (0.94, 0.985)


def molar_volume(name: str) -> float:
    """[m^3/mol]."""
    _, mass, density = METAL[name]
    return mass / density * 1e-6


def last_digit(value: float, digits: int = 2) -> float:
    """Half a unit of the last of so many digits."""
    return 0.5 * 10.0 ** (math.floor(math.log10(value)) - digits + 1)


def conductor(name: str) -> Conductor:
    record = load(name)
    assert isinstance(record, Conductor)
    return record


def ferromagnet(name: str) -> FerromagneticMetal:
    record = load(name)
    assert isinstance(record, FerromagneticMetal)
    return record


def insulator(name: str) -> MagneticInsulator:
    record = load(name)
    assert isinstance(record, MagneticInsulator)
    return record


def field(entry: str, name: str) -> str:
    """A field of a BibTeX entry; empty where there is none."""
    found = re.search(rf"^\s+{name} = \{{(.*?)\}},?$", entry, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def named(note: str) -> set[str]:
    """Keys of the bibliography in a note."""
    return set(re.findall(r"\b[a-z]+(?:19|20)\d\d[a-z]?\b", note))


def test_names() -> None:
    assert set(available()) == METALS | FERROMAGNETS | INSULATORS | {"CuFe"}
    assert all(load(name).name == name for name in available())


@pytest.mark.parametrize("name", available())
def test_every_number_says_where_it_comes_from(name: str) -> None:
    """From an entry of the bibliography, or an estimate whose note says from what; measured ones with temperature."""
    entries = bibliography()
    for key, number in numbers(load(name)).items():
        place = f"{name}.{key}"
        assert number.source in entries or (number.source == USER and number.estimate), place
        assert number.note or not number.estimate, place
        assert named(number.note) <= set(entries), place
        timeless = number.dimension == "temperature" or key.endswith(".spin")
        assert number.estimate or timeless or number.temperature is not None, place
        if key in ("resistivity", "diffusion_length", "saturation_magnetisation"):
            assert number.temperature is not None, place


def test_every_entry_is_cited() -> None:
    found = [number for name in available() for number in numbers(load(name)).values()]
    cited = {number.source for number in found}.union(*(named(number.note) for number in found))
    assert cited - {USER} == set(bibliography())


@pytest.mark.parametrize("key", bibliography())
def test_entries_are_whole(key: str) -> None:
    """Who, when, what and where to find it; a DOI of the Physical Review says journal, volume and page once more."""
    entry = bibliography()[key]
    assert entry.count("{") == entry.count("}")
    assert field(entry, "author")
    assert field(entry, "year") == re.sub(r"\D", "", key)
    assert field(entry, "title") or field(entry, "note")
    assert any(field(entry, name) for name in ("eprint", "publisher", "volume", "doi", "pages"))
    eprint, doi, journal = field(entry, "eprint"), field(entry, "doi"), field(entry, "journal")
    assert not eprint or re.fullmatch(r"\d{4}\.\d{4,5}", eprint)
    assert not doi or re.fullmatch(r"10\.\d{4}/\S+", doi)
    if doi and journal.startswith("Phys. Rev."):
        brief = journal.replace("Lett.", "Lett").replace(".", "").replace(" ", "")
        assert doi == f"10.1103/{brief}.{field(entry, 'volume')}.{field(entry, 'pages')}"


@pytest.mark.parametrize("name", sorted(METALS | FERROMAGNETS | {"CuFe"}))
def test_density_of_states_is_that_of_the_specific_heat(name: str) -> None:
    """gamma = (2 pi^2/3) k_B^2 nu V_m for nu per spin; the library holds two digits of it."""
    parts = MIXED.get(name, {name: 1.0})
    expected = sum(
        share * 3 * METAL[metal][0] * 1e-3 / (2 * math.pi**2 * K_B**2 * molar_volume(metal))
        for metal, share in parts.items()
    )
    found = conductor(name)
    assert abs(found.nu - expected) <= last_digit(expected) * 1.2
    assert found.density_of_states is not None
    said = re.search(r"([\d.]+) mJ/\(mol K\^2\) and ([\d.]+) cm\^3/mol", found.density_of_states.note)
    assert said or name in ("Py", "CoFeB")
    if said:
        (metal,) = parts
        assert float(said[1]) == METAL[metal][0]
        assert float(said[2]) * 1e-6 == pytest.approx(molar_volume(metal), rel=HANDBOOK)


@pytest.mark.parametrize("name", sorted(METALS | FERROMAGNETS | {"CuFe"}))
def test_conduction_and_diffusion(name: str) -> None:
    """Definitions, and a diffusion constant of a metal film, between 1e-6 and 2e-2 m^2/s."""
    record = conductor(name)
    assert record.sigma * record.rho == pytest.approx(1, rel=EXACT)
    assert 2 * E**2 * record.nu * record.D == pytest.approx(record.sigma, rel=EXACT)
    assert 1e-6 < record.D < 2e-2
    if isinstance(record, NormalMetal):
        assert record.D * record.tau_s == pytest.approx(record.lam**2, rel=EXACT)


@pytest.mark.parametrize("name", sorted(FERROMAGNETS))
def test_spin_along_and_across_m(name: str) -> None:
    """Gamma_par = D (1 - P^2)/lambda_sf^2, Gamma_perp = D/lambda_phi^2; exchange splittings of 0.01 to 5 eV."""
    record = ferromagnet(name)
    along, across = (1 - record.P**2) / record.lam**2, 1 / record.lam_phi**2
    assert along <= 2 * across
    assert math.sqrt(record.D * HBAR / E) < record.lam_phi < math.inf
    if record.exchange_length is not None:
        assert 0.01 < record.D * HBAR / record.lam_J**2 / E < 5


@pytest.mark.parametrize("name", ["Co", "Fe", "Ni"])
def test_anomalous_hall_angle_is_conductivity_times_resistivity(name: str) -> None:
    record = ferromagnet(name)
    said = re.search(r"(\d+) S/cm", record.anomalous_hall_angle.note)
    assert said
    assert abs(record.alpha) == pytest.approx(float(said[1]) * 1e2 * record.rho, rel=ROUNDED_ANGLE)
    # R_s of Co and Fe is positive, that of Ni and of electrons in a field negative.
    assert (record.alpha > 0) == (name == "Ni")


@pytest.mark.parametrize("name", sorted({*METAL, *MIXED} - {"Fe", "Ni"}))
def test_lattices_store_as_dulong_and_petit_say(name: str) -> None:
    """3R per mole at 300 K, and nearly so; the electrons add gamma T, a few per cent."""
    record = load(name)
    assert isinstance(record, Conductor)
    assert record.lattice_heat_capacity is not None
    volume = sum(part * METAL[e][1] / METAL[e][2] * 1e-6 for e, part in MIXED.get(name, {name: 1.0}).items())
    assert record.lattice_heat_capacity.value == pytest.approx(3 * N_A * K_B / volume, rel=LATTICE)
    assert record.gamma * 300 < 0.1 * record.lattice_heat_capacity.value


def test_permalloy_length_and_resistivity() -> None:
    """lambda rho = (0.91 +- 0.04) fOhm m^2, Sagasta et al., 2017."""
    record = ferromagnet("Py")
    assert record.lam * record.rho == pytest.approx(0.91e-15, abs=0.04e-15)


def test_magnetisation_is_that_of_the_atoms() -> None:
    """Per atom of the elements a few per cent below the moment at 0 K; alloys lie between nickel and iron."""
    found = {}
    for name in FERROMAGNETS:
        given = ferromagnet(name).saturation_magnetisation
        assert given is not None
        found[name] = given.value
    for name, moment in MOMENT.items():
        low, high = THERMAL
        assert low < found[name] * molar_volume(name) / (N_A * MU_B) / moment < high
    assert found["Ni"] < found["Py"] < found["CoFeB"] < found["Co"] < found["Fe"]


def test_moments_of_insulators() -> None:
    """M = g mu_B S n at 0 K: YIG 196 kA/m (16 + 24 Fe per cell, opposite), EuS 1.2 MA/m (4 Eu per cell)."""
    yig, eus = insulator("YIG").moments, insulator("EuS").moments
    assert yig is not None
    assert eus is not None
    (a, b), (more, fewer) = yig.spins, yig.weights
    assert more / fewer == pytest.approx(24 / 16, rel=EXACT)
    assert yig.g_factor * MU_B * (24 * a - 16 * b) / A_YIG**3 == pytest.approx(196e3, rel=0.02)
    assert eus.g_factor * MU_B * 4 * eus.spins[0] / A_EUS**3 == pytest.approx(1.2e6, rel=0.03)


def test_densities_of_moments_are_those_of_the_lattice() -> None:
    """Two Eu per a^2 of a rock-salt (001) face; a layer of a garnet holds (moments per volume)^{2/3}."""
    (eu,), (gd,), irons = (insulator(name).sublattices for name in ("EuS", "GGG", "YIG"))
    assert eu.areal_density.value == pytest.approx(2 / A_EUS**2, abs=last_digit(5.6e18))
    assert gd.areal_density.value == pytest.approx((24 / A_GGG**3) ** (2 / 3), abs=last_digit(5.4e18))
    for iron, count in zip(irons, (24, 16), strict=True):
        assert iron.areal_density.value == pytest.approx((count / A_YIG**3) ** (2 / 3), rel=TYPICAL)
    doped = load("CuFe")
    assert isinstance(doped, LocalMomentMetal)
    assert doped.densities[0] == pytest.approx(1e-4 * N_A / molar_volume("Cu"), abs=last_digit(8.5e24))
