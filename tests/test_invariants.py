"""Invariants of spin Hall magnetoresistance through the user's path, on exact stacks.

| statement                                                        | because                                        |
|------------------------------------------------------------------|------------------------------------------------|
| moments without order at small B: no angular dependence          | G_r, G_i -> 0, no precession                   |
| rho_L(B) - rho_L(0) ~ B^2 above the Curie temperature            | Curie-Weiss law, Hanle effect                  |
| no angular dependence without precession and moments             | relaxation alone is isotropic                  |
| scans are pi-periodic with cos 2a only, to O(theta^2)            | film formula                                   |
| the Hanle effect needs spins across the field                    | B along y: the accumulation is along y         |
| saturated ferromagnet: G_s -> 0, the scan is that of G_r, G_i    | no moment can flip                             |
"""

import numpy as np
import pytest

import hanle

#: Relative to rho; the effects are 1e-4 to 1e-3 of rho.
NOTHING = 1e-12
METAL = {
    "resistivity": "0.41 uOhm m",
    "spin_hall_angle": 0.1,
    "diffusion_length": "1.9 nm",
    "diffusion_constant": "0.9 cm^2/s",
}
FREE = {
    "kind": "magnetic insulator",
    "sublattices": [{"spin": 2, "areal_density": "3 1/nm^2", "reduced_coupling": 0.06}],
}


def ordered(critical_temperature):
    return FREE | {"critical_temperature": critical_temperature}


def film(magnet, **conditions):
    layers = [("M", "20 nm"), ("Pt", "4.5 nm")]
    return hanle.Device(hanle.stack(layers), {"Pt": {"kind": "normal metal", **METAL}, "M": magnet}, **conditions)


def bare(**conditions):
    return hanle.Device(hanle.stack([("Pt", "4.5 nm")]), {"Pt": {"kind": "normal metal", **METAL}}, **conditions)


def scan(device, plane, field):
    return hanle.sweep(device, angle=plane, field=[field], progress=False).isel(field=0, temperature=0)


def test_disordered_moments_at_small_field_know_no_direction():
    change = scan(film(ordered("100 K"), temperature="300 K"), "beta", 1e-4).rho_L_change
    assert float(change.max() - change.min()) < NOTHING
    assert float(change[0]) != pytest.approx(float(bare(temperature="300 K").solve().rho_L_change), rel=1e-3)


def test_quadratic_magnetoresistance_above_the_curie_temperature():
    device = film(ordered("100 K"), temperature="140 K")
    fields = np.array([0.0, 0.01, 0.02, 0.04])
    found = hanle.sweep(device, angle=hanle.angles("beta", [0.0]), field=fields, progress=False)
    rise = found.rho_L_change.values.ravel()[1:] - found.rho_L_change.values.ravel()[0]
    np.testing.assert_allclose(rise[1:] / rise[:-1], 4.0, rtol=2e-3)


def test_relaxation_alone_is_isotropic():
    change = scan(bare(), "beta", 0.0).rho_L_change
    assert float(change.max() - change.min()) < NOTHING


@pytest.mark.parametrize("plane", ["alpha", "beta"])
def test_scans_contain_cos_2a_only(plane):
    """To O(theta^2); what is left is O(theta^4)."""
    weak = film(ordered("100 K"), temperature="20 K")
    weak = weak.with_changes(
        materials={**weak.materials, "Pt": {"kind": "normal metal", **METAL, "spin_hall_angle": 1e-3}}
    )
    values = scan(weak, plane, 5.0).rho_L_change.values[:-1]
    spectrum = np.abs(np.fft.rfft(values)) / len(values)
    assert spectrum[2] > 1e-9
    others = np.delete(spectrum, [0, 2])
    assert others.max() < 1e-4 * spectrum[2]


def test_hanle_effect_needs_spins_across_the_field():
    across = bare(field=(0.0, 0.0, 20.0)).solve().rho_L_change
    along = bare(field=(0.0, 20.0, 0.0)).solve().rho_L_change
    none = bare().solve().rho_L_change
    assert along == pytest.approx(none, rel=1e-12)
    assert across > none * (1 + 1e-3)


def test_saturated_ferromagnet_has_the_resistance_of_its_mixing_conductance():
    device = film(ordered("100 K"), temperature="0.1 K", field=(0.0, 1.0, 0.0))
    assert device.solve().rho_L_change == pytest.approx(bare(field=(0.0, 1.0, 0.0)).solve().rho_L_change, rel=1e-9)
