"""Electrons that meet an interface: scattering amplitudes in, coefficients of the interface condition out."""
