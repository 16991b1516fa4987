"""Coefficients, media, the problem, engines, procedures, observables and closed forms."""
