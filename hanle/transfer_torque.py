"""Spin-transfer torque of a solved device: what spins of a second magnet, the polariser, do to a magnet.

`hanle.torque_parts` with y the direction p of the moments of the polariser: tau = DL (p - m (m.p)) + FL m x p. DL is
the torque in the plane of both (Slonczewski, 1996), FL across it. Electrons that flow from the polariser into the
magnet turn m towards p: DL < 0.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hanle.pde import observables
from hanle.pde.errors import InputError, unknown_name
from hanle.torque_parts import TorqueParts, direction, parts
from hanle.torques import face_beside

if TYPE_CHECKING:
    from hanle.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class SpinTransferTorque(TorqueParts):
    """Torque on one magnet per area, split about the moments of another one.

    Attributes, besides those of `TorqueParts`:
        polariser: name of the other magnet; `current_density` is |j| of its mean.
    """

    polariser: str


def spin_transfer_torque(
    result: "Result", magnet: str, polariser: str, metal: str | None = None
) -> SpinTransferTorque:
    """The torque on a uniform magnet, split by the moments of a uniform polariser that conducts.

    Args:
        metal: beside the magnet, whose face gives the area; needed where there are several.

    Raises:
        InputError: no such magnet, a polariser that is the magnet or an insulator, a texture, no face to the metal,
            several or a curved one.
    """
    device = result.device
    others = [n for n in device.magnets if n != magnet and n in device.conductors]
    for key, name, known in (("magnet", magnet, device.magnets), ("polariser", polariser, others)):
        if name not in known:
            raise unknown_name(key, name, known)
    face, beside = face_beside(result, magnet, metal)
    _, area, _ = observables.flat_face(result.solution, face, beside)
    current, _ = observables.mean_current_density(result.solution, polariser)
    shared = parts(result, magnet, face, area, direction(result, polariser, _some_face(result, polariser)), current)
    return SpinTransferTorque(polariser=polariser, **shared)


def _some_face(result: "Result", region: str) -> str:
    """A face of a region that has a law."""
    for name in result.response.system.problem.faces:
        if region in result.mesh.face_regions(name):
            return name
    raise InputError("polariser", "beside another metal", region)
