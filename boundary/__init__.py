"""Laws across a face: thermodynamics or scattering in, interface coefficients out."""
