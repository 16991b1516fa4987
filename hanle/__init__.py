"""Charge, spin and Hanle precession in spintronic devices.

    import hanle

    bar = hanle.hall_bar(length="20 um", width="4 um", layers=[("YIG", "50 nm"), ("Pt", "5 nm")])
    device = hanle.Device(bar, materials={"Pt": "Pt", "YIG": "YIG"}, temperature="300 K", field=(0, 0, 1))
    result = device.solve(current="1 mA")
    result.rho_L, result.rho_T, result.terminal_voltage("V1", "V2")

Public names load on first use, so that `import hanle` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hanle.ac_results import ACResult as ACResult
    from hanle.alternating import solve_ac as solve_ac
    from hanle.boundary.b_layer import Conductances as Conductances
    from hanle.boundary.circuit import Circuit as Circuit
    from hanle.boundary.scattering.coefficients import RashbaCoefficients as RashbaCoefficients
    from hanle.config import Case as Case
    from hanle.config import dump as dump
    from hanle.config import load as load
    from hanle.config import load_case as load_case
    from hanle.course import Course as Course
    from hanle.device import Device as Device
    from hanle.fields_file import write_fields as write_fields
    from hanle.fits import Fit as Fit
    from hanle.fits import fit as fit
    from hanle.heat_faces import HeatContact as HeatContact
    from hanle.macrospins import Macrospin as Macrospin
    from hanle.macrospins import PrescribedMotion as PrescribedMotion
    from hanle.magnon_faces import MagnonInterface as MagnonInterface
    from hanle.meshes.files import write_mesh as write_mesh
    from hanle.netcdf import read_curves as read_curves
    from hanle.netcdf import write_curves as write_curves
    from hanle.netcdf import write_table as write_table
    from hanle.nonlinear_results import even_part as even_part
    from hanle.nonlinear_results import odd_part as odd_part
    from hanle.opposite_drives import Harmonics as Harmonics
    from hanle.opposite_drives import harmonics as harmonics
    from hanle.output import provenance as provenance
    from hanle.pde.errors import HanleError as HanleError
    from hanle.pde.macrospin import precession as precession
    from hanle.pde.motion_record import MotionEvent as MotionEvent
    from hanle.pde.recording import Event as Event
    from hanle.resonances import ferromagnetic_resonance as ferromagnetic_resonance
    from hanle.results import Result as Result
    from hanle.shapes import channel as channel
    from hanle.shapes import cross as cross
    from hanle.shapes import cross_plan as cross_plan
    from hanle.shapes import hall_bar as hall_bar
    from hanle.shapes import hall_bar_plan as hall_bar_plan
    from hanle.shapes import read_mesh as read_mesh
    from hanle.shapes import section as section
    from hanle.shapes import stack as stack
    from hanle.shapes import strips as strips
    from hanle.shapes import wire as wire
    from hanle.solving import solve as solve
    from hanle.spin_orbit import RashbaInterface as RashbaInterface
    from hanle.sweeps import angles as angles
    from hanle.sweeps import sweep as sweep
    from hanle.textures import read_ovf as read_ovf
    from hanle.transients import transient as transient

#: Public name -> the module that defines it. No module of this folder may be called like one of them: importing it
#: would put it in the place of the name.
_HOME: dict[str, str] = {
    "ACResult": "hanle.ac_results",
    "Case": "hanle.config",
    "Circuit": "hanle.boundary.circuit",
    "Conductances": "hanle.boundary.b_layer",
    "Course": "hanle.course",
    "Device": "hanle.device",
    "Event": "hanle.pde.recording",
    "Fit": "hanle.fits",
    "HanleError": "hanle.pde.errors",
    "Harmonics": "hanle.opposite_drives",
    "HeatContact": "hanle.heat_faces",
    "Macrospin": "hanle.macrospins",
    "MagnonInterface": "hanle.magnon_faces",
    "MotionEvent": "hanle.pde.motion_record",
    "PrescribedMotion": "hanle.macrospins",
    "RashbaCoefficients": "hanle.boundary.scattering.coefficients",
    "RashbaInterface": "hanle.spin_orbit",
    "Result": "hanle.results",
    "angles": "hanle.sweeps",
    "channel": "hanle.shapes",
    "cross": "hanle.shapes",
    "cross_plan": "hanle.shapes",
    "dump": "hanle.config",
    "even_part": "hanle.nonlinear_results",
    "ferromagnetic_resonance": "hanle.resonances",
    "fit": "hanle.fits",
    "hall_bar": "hanle.shapes",
    "hall_bar_plan": "hanle.shapes",
    "harmonics": "hanle.opposite_drives",
    "load": "hanle.config",
    "load_case": "hanle.config",
    "odd_part": "hanle.nonlinear_results",
    "precession": "hanle.pde.macrospin",
    "provenance": "hanle.output",
    "read_curves": "hanle.netcdf",
    "read_mesh": "hanle.shapes",
    "read_ovf": "hanle.textures",
    "section": "hanle.shapes",
    "solve": "hanle.solving",
    "solve_ac": "hanle.alternating",
    "stack": "hanle.shapes",
    "strips": "hanle.shapes",
    "sweep": "hanle.sweeps",
    "transient": "hanle.transients",
    "wire": "hanle.shapes",
    "write_curves": "hanle.netcdf",
    "write_fields": "hanle.fields_file",
    "write_mesh": "hanle.meshes.files",
    "write_table": "hanle.netcdf",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'hanle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
