"""Sinusoidal interface <-> collocation with Fourier modes; long period <-> phase average; short <-> uniform."""

import numpy as np
import pytest

from hanle.pde.closed_forms import modulated
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing, film_response
from hanle.pde.closed_forms.modulated import modulated_conductance, modulated_film
from hanle.pde.closed_forms.resistivity import leading_correction
from hanle.pde.errors import InputError, SolveError
from hanle.pde.tensors import unit

RHO, LAM, D, THICKNESS = 8.3e-7, 2.1e-9, 4.7e-6, 2.9e-9
LAMBDA = complex(transverse_length(LAM, 2.3e12, D))
BOTTOM = Mixing(s=-9e13, r=4e14, i=-2.5e14)
FILM = Film(RHO, THICKNESS, LAM, LAMBDA, BOTTOM)
N = unit([0.5, 0.2, 0.8])
ROUNDING = 1e-13


def collocated_response(G, eps, period, l, points=64):
    """<w'>/s: w = vacuum film + sum c_n cos(n q x) cosh(k_n (d - z))/cosh(k_n d), with w' = s - K(x) w at z = 0."""
    x = np.arange(points) / (2 * points) + 0.25 / points  # half a period
    wave = np.cos(2 * np.pi * np.outer(x, np.arange(points)))
    k = np.sqrt(1 / l**2 + (2 * np.pi / period * np.arange(points)) ** 2)
    kappa = 2 * RHO * G * (1 + eps * np.cos(2 * np.pi * x))
    vacuum = -l * np.tanh(THICKNESS / 2 / l)
    matrix = wave * (-k * np.tanh(k * THICKNESS)) + kappa[:, None] * wave
    c = np.linalg.solve(matrix, -kappa * vacuum)
    rise = -2 * vacuum + c[0] * (1 / np.cosh(THICKNESS / l) - 1)
    return rise / THICKNESS


@pytest.mark.parametrize("period", [2e-9, 13e-9, 150e-9])
@pytest.mark.parametrize(("G", "l"), [(BOTTOM.par, LAM), (BOTTOM.perp, LAMBDA)])
def test_continued_fraction_equals_collocation(period, G, l):
    for eps in (0.3, 1.0):
        effective = modulated_conductance(G, eps, period, l, THICKNESS, RHO)
        ours = film_response(effective, l, THICKNESS, RHO)
        assert ours == pytest.approx(collocated_response(G, eps, period, l), rel=ROUNDING)


def test_short_period_is_uniform_and_long_period_is_the_phase_average():
    short = modulated_conductance(BOTTOM.perp, 0.8, 1e-15, LAMBDA, THICKNESS, RHO)
    assert short == pytest.approx(complex(BOTTOM.perp), rel=1e-6)
    long = modulated_conductance(BOTTOM.perp, 0.8, 1.0, LAMBDA, THICKNESS, RHO)
    phase = np.cos(2 * np.pi * np.arange(200) / 200)
    mean = np.mean(film_response(BOTTOM.perp * (1 + 0.8 * phase), LAMBDA, THICKNESS, RHO))
    assert film_response(long, LAMBDA, THICKNESS, RHO) == pytest.approx(mean, rel=ROUNDING)


def test_modulated_film_obeys_onsager_and_carries_both_channels():
    waved = modulated_film(FILM, 0.7, 9e-9)
    forward = waved.deficit_tensor(N)
    assert np.max(np.abs(forward - waved.deficit_tensor(-N).T)) < 1e-15
    par = film_response(modulated_conductance(BOTTOM.par, 0.7, 9e-9, LAM, THICKNESS, RHO), LAM, THICKNESS, RHO)
    assert waved.responses[0] == pytest.approx(par.real, rel=ROUNDING)
    perp = film_response(
        modulated_conductance(BOTTOM.perp, 0.7, 9e-9, LAMBDA, THICKNESS, RHO), LAMBDA, THICKNESS, RHO
    )
    assert complex(waved.responses[1]) == pytest.approx(complex(perp), rel=ROUNDING)
    plain = leading_correction(FILM.deficit_tensor(N), 0.1).longitudinal
    assert abs(leading_correction(forward, 0.1).longitudinal / plain - 1) > 1e-3


def test_no_modulation_changes_nothing():
    assert modulated_film(FILM, 0.0, 9e-9).responses[1] == pytest.approx(FILM.responses[1], rel=ROUNDING)


def test_unsound_inputs_are_refused():
    with pytest.raises(InputError, match="eps must be between"):
        modulated_film(FILM, 1.2, 9e-9)
    with pytest.raises(InputError, match=r"film\.top"):
        modulated_film(Film(RHO, THICKNESS, LAM, LAMBDA, BOTTOM, BOTTOM), 0.5, 9e-9)


def test_too_few_harmonics_are_reported(monkeypatch):
    monkeypatch.setattr(modulated, "_MOST_LEVELS", 32)
    with pytest.raises(SolveError, match="average film_response over the phase"):
        modulated_conductance(-1e18, 1.0, 1e-6, LAM, THICKNESS / 30, RHO)
