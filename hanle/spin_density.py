"""Charge to spin: the spin that comes with charge in magnets whose two densities of states differ, and spin densities.

    N_par  = p N_0 + 2 nu_up nu_dn/(nu_up + nu_dn) mu_s,par,      N_perp = nu mu_s,perp
    d_t N_par = - N_par/T_par - N_0/T_0  without currents, which ends at mu_s,par = 0:  N_par = p N_0,  p = - T_par/T_0

    N_0        1/m^3    electrons accumulated out of equilibrium, N_up + N_dn; the charge density is - e N_0
    N_par      1/m^3    spins, N_up - N_dn, along the majority: up means spin along -m
    mu_s       J        spin accumulation mu_up - mu_dn, which the solved device knows: 2 e w
    p          1        (nu_up - nu_dn)/(nu_up + nu_dn): the `density_of_states_polarisation` of the record
    nu         1/(J m^3)  mean of nu_up and nu_dn, the `density_of_states` of the record
    T_par, T_0 s        relaxation of the spin along m by all that relaxes it (moments, tau_0), and conversion

The ratio p knows no rate: T_par and T_0 hold the same one. Zhang et al., 2025, Eqs (56)-(63), with
mu_up,dn = (N_0 +- N_par)/(2 nu_up,dn).

A solved device is neutral: its conduction equations know no N_0. There is charge where a gate or a capacitor puts it,
at faces within a screening length (some 0.1 nm), and, e N_0 = - eps_0 div E, where E changes over nanometres. So a
result says what an added electron brings, and the spin density that goes with a density of electrons that you give; by
itself (N_0 = 0) that of its spin accumulation. Validity: transport takes the mean of both densities, which misses the
relaxation of the longitudinal spin by a part p^2.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from hanle.build import centres, magnetisation_in
from hanle.materials.records import FerromagneticMetal, LocalMomentMetal, NormalMetal
from hanle.materials.spin_bands import conversion_rate, spin_per_charge
from hanle.media import Place, bulk_law, density_of_states
from hanle.meshes.layered import Layers
from hanle.pde import observables
from hanle.pde.coefficients import Bulk, dense
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array
from hanle.textures import directions

if TYPE_CHECKING:
    from hanle.results import Result

BANDS = "density_of_states_polarisation"


@dataclass(frozen=True, eq=False)
class ChargeToSpin:
    """What charge makes of spin in the cells of a magnet; arrays have a leading batch axis in sweeps.

    Attributes:
        region: its name.
        points: centres of the cells (n, 3) [m].
        ratio: dN/dN_0 as a vector along -m (n, 3): spins (up - down) per added electron.
        densities_of_states: nu of the majority and of the minority (2, n) [1/(J m^3)].
        relaxation_rate: 1/T_par (n,) [1/s].
        conversion_rate: 1/T_0 (n,) [1/s], < 0 where the majority has the larger density of states.
        mean: the ratio averaged over the region (3,).
    """

    region: str
    points: Array
    ratio: Array
    densities_of_states: Array
    relaxation_rate: Array
    conversion_rate: Array
    mean: Array


def knows_bands(result: "Result", region: str) -> bool:
    """Whether `charge_to_spin` can be asked of a region: it knows both densities of states, and has a direction."""
    record = result.device.materials[region]
    given = f"{region}.{BANDS}" in result.device.profiles or getattr(record, BANDS, None) is not None
    return given and region in result.response.system.problem.regions and region in directions(result)


def charge_to_spin(result: "Result", region: str) -> ChargeToSpin:
    """The ratio of spin to charge in the steady state, and the rates at which it comes about.

    Raises:
        InputError: no magnet that conducts, or its record does not hold the polarisation of its density of states.
    """
    magnets = [n for n in result.device.magnets if n in result.device.conductors and n in result.mesh.regions]
    if region not in magnets:
        raise unknown_name("region", region, magnets)
    majority, minority = _densities(result, region)
    axis, law = _axis(result, region), _law(result, region)
    p = spin_per_charge(majority, minority)
    rate = _relaxation_rate(law, axis)
    points, _ = observables.current_density(result.solution, region)
    weights = result.solution.samples(region, "centre").weights.sum(axis=-1)
    batch, cells = len(result.solution.amplitudes), len(points)
    ratio = np.broadcast_to(p[..., None] * axis, (batch, cells, 3))
    share = weights / weights.sum(axis=1, keepdims=True)

    def plain(values: Array, *shape: int) -> Array:
        """Without the batch axis where there is one state only."""
        whole = np.broadcast_to(values, (batch, *shape))
        return np.array(whole[0] if batch == 1 else whole)

    return ChargeToSpin(
        region,
        points,
        ratio=plain(ratio, cells, 3),
        densities_of_states=np.stack([np.broadcast_to(nu, cells) for nu in (majority, minority)]),
        relaxation_rate=plain(rate, cells),
        conversion_rate=plain(conversion_rate(majority, minority, rate), cells),
        mean=plain(np.einsum("bn,bna->ba", np.broadcast_to(share, (batch, cells)), ratio), 3),
    )


def spin_density(result: "Result", region: str, points: ArrayLike, electrons: ArrayLike = 0.0) -> Array:
    """Spins accumulated out of equilibrium (batch, n, 3) [1/m^3]: up - down along x, y and z.

    Args:
        points: (n, 3) [m] in a metal.
        electrons: N_0 [1/m^3] there, a number or (n,): what a gate adds; 0 in a neutral metal.

    Raises:
        InputError: no such metal, a point outside, a magnet whose record does not hold its two densities of states.
    """
    added, where = np.asarray(electrons, dtype=float), np.atleast_2d(np.asarray(points, dtype=float))
    if added.shape not in ((), (len(where),)) or not np.all(np.isfinite(added)):
        raise InputError("electrons", "a finite number, or one per point [1/m^3]", electrons)
    accumulation = E_CHARGE * observables.spin_accumulation(result.solution, region, where)
    if isinstance(result.device.materials[region], NormalMetal):
        nu = density_of_states(result.device, region, centres(result.mesh, region))
        return np.asarray(_nearest(result, region, nu, where)[..., None] * accumulation)
    majority, minority = (_nearest(result, region, nu, where) for nu in _densities(result, region))
    axis = _axis(result, region)
    axis = _nearest(result, region, axis, where, -2) if axis.shape[-2] > 1 else axis
    mean, p = (majority + minority) / 2, spin_per_charge(majority, minority)
    along = np.einsum("...a,...a->...", accumulation, axis)[..., None] * axis
    longitudinal = (2 * majority * minority / (majority + minority))[..., None] * along
    return np.asarray((p * added)[..., None] * axis + longitudinal + mean[..., None] * (accumulation - along))


def _densities(result: "Result", region: str) -> tuple[Array, Array]:
    """nu of majority and minority [1/(J m^3)] in the cells of a magnet, () or (n,) each."""
    device, points = result.device, centres(result.mesh, region)
    record = device.materials[region]
    given = (
        record.density_of_states_polarisation if isinstance(record, FerromagneticMetal | LocalMomentMetal) else None
    )
    if given is None and f"{region}.{BANDS}" not in device.profiles:
        hint = "the densities of states of both spins differ by it, e.g. 0.4; it changes read-outs only"
        raise InputError(f"materials.{region}.{BANDS}", "given", "nothing", hint)
    place = Place(device, region, points, result.conditions or device.conditions)
    p = place.quantity(BANDS, 0.0 if given is None else given.value)
    if np.any(np.abs(p) > 1):
        raise InputError(f"profiles.{region}.{BANDS}", "between -1 and 1", float(p.flat[np.abs(p).argmax()]))
    mean = density_of_states(device, region, points)
    return np.asarray(mean * (1 + p)), np.asarray(mean * (1 - p))


def _axis(result: "Result", region: str) -> Array:
    """-m in the cells of a magnet (1 or batch, 1 or n, 3)."""
    return -magnetisation_in(result.conditions or result.device.conditions, result.mesh, region)


def _law(result: "Result", region: str) -> Bulk:
    """The law in all cells: where processes share a device, that of the solution holds the cells of one."""
    conditions = (result.conditions or result.device.conditions).on_cells(result.mesh)
    return bulk_law(result.device, region, centres(result.mesh, region), conditions)


def _relaxation_rate(law: Bulk, axis: Array) -> Array:
    """1/T_par [1/s] of spin along the axis, shape of its leading axes and those of the law."""
    spin, size = law.fields.slice("w"), law.fields.size
    loss, storage = (dense(c, (), (size, size))[:, :, 0, spin, spin] for c in (law.R, law.C))
    along = np.einsum("...a,...ab,...b->...", axis, loss, axis)
    return np.asarray(along / storage[..., 0, 0])


def _nearest(result: "Result", region: str, values: Array, points: Array, place: int = -1) -> Array:
    """Values per cell (along the axis `place`) at points: those of the cell with the nearest centre."""
    if values.ndim == 0 or isinstance(result.mesh, Layers):
        return values if values.ndim == 0 else np.take(values, np.zeros(len(points), dtype=int), axis=place)
    return np.take(values, cKDTree(centres(result.mesh, region)).query(points)[1], axis=place)
