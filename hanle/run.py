"""Solve a device file and write everything it asks for into one folder, whole or not at all."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanle.ac_results import ACResult
from hanle.config import Case, to_files
from hanle.course import Instant
from hanle.engines import AUTO, choose_engine
from hanle.failures import team
from hanle.fields_file import write_fields
from hanle.heat_faces import closed_for_heat
from hanle.launch import require_shared
from hanle.netcdf import write_curves
from hanle.nonlinear_results import NonlinearResult
from hanle.output import provenance, require_free_folder, whole_folder
from hanle.pde.errors import InputError
from hanle.pde.processes import Processes
from hanle.report import as_json, evidence, proof_rows, rows, sources, table, which
from hanle.results import Result
from hanle.solving import solve
from hanle.sweeps import sweep_and_first
from hanle.tasks import AC, solve_task
from hanle.textures import directions
from hanle.together import led, shared
from hanle.transport import HEAT, MAGNONS

if TYPE_CHECKING:
    from xarray import Dataset

#: Files of an output folder. The first one tells a folder of results from any other.
RESULTS, DEVICE, ARRAYS, FIELDS, CURVES, SOURCES = (
    "results.json",
    "device.toml",
    "device.npz",
    "fields",
    "curves.nc",
    "sources.bib",
)

#: Part of the damping-like torque below which a field-like one is rounding.
ROUNDING = 1e-9
#: Part of a variable below which its change along a scan is rounding.
GIVEN = 1e-12

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Solved:
    """What a run found.

    Attributes:
        result: of the device, of the first state of its sweep, the last moment of its course, or its AC response.
        curves: of the sweep, course or response; None where there is none.
    """

    result: Result | ACResult
    curves: "Dataset | None"


def with_options(case: Case, *, pictures: bool = True, **options: Any) -> Case:
    """A copy with options of `solve` replaced where they are not None; pictures only if both sides want them."""
    given = {key: value for key, value in options.items() if value is not None}
    output = replace(case.output, pictures=case.output.pictures and pictures)
    return replace(case, run={**case.run, **given}, output=output)


def run(
    case: Case, folder: Path, *, overwrite: bool = False, resume: bool = False, say: Say | None = None
) -> Solved:
    """Solve and write. Where several processes were started all must call; the first writes.

    The folder holds results.json (quantities, proof, provenance), device.toml (the input, resolved, with the modules,
    arrays, OVF files and mesh it needs: it can be run again from there, or elsewhere), sources.bib (of the materials),
    fields.vtm (of several processes: fields.pvd; or the format that the case asks for) with its pieces, curves.nc where
    there is a sweep, a course in time or an AC response (which writes no fields), and pictures. While a course in time
    is under way a file beside the folder holds its last state.

    Args:
        overwrite: replace an earlier folder of results.
        resume: go on with a course in time that was interrupted.
        say: called with a line of text before each step.

    Raises:
        InputError: the folder exists and may not be replaced, the device cannot be solved as it is, or several
            processes were started for an engine that uses one.
        SolveError: no convergence.
    """
    tell = say or (lambda text: None)
    engine = choose_engine(case.device, case.run.get("engine", AUTO), case.run.get("order")).name
    require_shared(engine)
    processes = team(engine)
    led(processes, lambda: require_free_folder(folder, overwrite=overwrite, marker=RESULTS))
    text, files = to_files(case, ARRAYS)
    checkpoint = folder.with_name(f"{folder.name}.checkpoint.npz")
    try:
        solved = solve_case(case, tell, progress=say is not None, checkpoint=checkpoint, resume=resume)
    except KeyboardInterrupt as interrupt:
        if not checkpoint.is_file():
            raise
        raise KeyboardInterrupt(
            f"interrupted; the course goes on from {checkpoint.name} with --resume"
        ) from interrupt
    with shared(processes, lambda: whole_folder(folder, overwrite=overwrite, marker=RESULTS)) as draft:
        stamp = _write_numbers(case, solved, draft, text, files, processes)
        if case.output.fields and isinstance(solved.result, Result):
            tell("writing fields")
            usual = "vtm" if processes.size == 1 else "pvd"
            ending = case.output.fields if isinstance(case.output.fields, str) else usual
            write_fields(
                solved.result.solution,
                draft / f"{FIELDS}.{ending}",
                provenance=stamp,
                directions=directions(solved.result),
            )
        curves = solved.curves
        if curves is not None:
            led(processes, lambda: write_curves(curves, draft / CURVES, provenance=stamp))
        if case.output.pictures:
            tell("drawing")
            draw(solved, draft)
    led(processes, lambda: checkpoint.unlink(missing_ok=True))
    return solved


def _write_numbers(
    case: Case, solved: Solved, draft: Path, text: str, files: Mapping[str, bytes], processes: Processes
) -> dict[str, str]:
    """Results, sources and the input as it was resolved; returns the provenance of all files."""
    used = sources(solved.result)
    stamp = provenance(inputs=text, citations=used, engine=evidence(solved.result).proof.engine)
    # All processes compute what the first one writes.
    numbers = json.dumps(as_json(solved.result, stamp), indent=2)

    def write() -> None:
        (draft / DEVICE).write_text(text, encoding="utf-8")
        for name, content in files.items():
            (draft / name).parent.mkdir(exist_ok=True)
            (draft / name).write_bytes(content)
        for module in case.modules:
            shutil.copyfile(module, draft / module.name)
        (draft / SOURCES).write_text("\n\n".join(used.values()) + "\n", encoding="utf-8")
        (draft / RESULTS).write_text(numbers + "\n", encoding="utf-8")

    led(processes, write)
    return stamp


def solve_case(
    case: Case, say: Say, *, progress: bool, checkpoint: Path | None = None, resume: bool = False
) -> Solved:
    """Solve the device, its sweep, course in time or AC response."""
    if resume and (case.task is None or case.task.name == AC):
        raise InputError(
            "resume", "left out: only courses in time ([transient], [dynamics]) can be resumed", resume
        )
    if case.task is not None:
        say(case.task.name)
        return Solved(*solve_task(case.task, case.device, case.run, say, checkpoint=checkpoint, resume=resume))
    if case.sweep is None:
        return Solved(solve(case.device, **{**case.run, "progress": say}), None)
    say("sweep")
    curves, first = sweep_and_first(case.device, **case.sweep, **{**case.run, "progress": progress})
    return Solved(first, curves)


def draw(solved: Solved, folder: Path) -> None:
    """Pictures of the fields and of the curves. Where several processes hold the device all must call."""
    from hanle.curves import plot_curves
    from hanle.scenes import show

    result, title = solved.result, solved.result.device.name
    if isinstance(result, Result):
        solution = result.solution
        quantities = ["spin_accumulation"]
        if len(result.mesh.axes) > 1:
            quantities.append("current")
            regions = solution.response.system.problem.regions
            if any(name.startswith("torque:") for law in regions.values() for name in law.deposits):
                quantities += ["spin_current", "torque"]
        for quantity in quantities:
            show(solution, folder / f"{quantity}.png", quantity, title=title)
        draw_carriers(result, folder)
    if solved.curves is not None:
        path, curves = folder / "curves.png", solved.curves
        chosen = _drawn(curves, still=_no_heat_flows(result))
        led(evidence(result).system.processes, lambda: plot_curves(curves, path, variables=chosen, title=title))


def draw_carriers(result: Result, folder: Path) -> None:
    """Pictures of temperatures and of the magnon potential. Where several processes hold the device all must call."""
    title, transport = result.device.name, result.device.transport
    if HEAT in transport and len(result.mesh.axes) == 1:
        result.show("temperature_lattice", str(folder / "temperatures.png"), title=title)
    elif HEAT in transport:
        result.show_temperatures(str(folder / "temperatures.png"), title=title)
    if MAGNONS in transport:
        result.show("magnon_potential", str(folder / "magnon_potential.png"), title=title)


def _no_heat_flows(result: Result | ACResult) -> bool:
    """Whether a device takes no heat: one contact, and none that is made or stored inside."""
    linear = isinstance(result, Result) and not isinstance(result, (NonlinearResult, Instant))
    return linear and closed_for_heat(result.device)


def _drawn(curves: "Dataset", *, still: bool = False) -> list[str]:
    """The variables of a picture, without those that say again what another one says, or nothing but rounding.

    Args:
        still: leave out the heat through contacts.
    """
    again = {"voltage", "torque", "efficiency_DL", "efficiency_FL"}
    if "rho_L" in curves:
        again.add("resistance")
    if "wire_resistance" in curves:
        again.add("field_along")
    if still:
        again.add("heat")
    if "torque_DL" in curves and abs(curves.torque_FL).max() < ROUNDING * abs(curves.torque_DL).max():
        again.add("torque_FL")
    # Real and imaginary parts of an AC response go with the name of the whole.
    names = [str(name) for name in curves.data_vars if not _given(curves, name)]
    return [n for n in names if n.removesuffix("_real").removesuffix("_imag") not in again] or names


def _given(curves: "Dataset", name: Any) -> bool:
    """Whether a variable is the same all along the scan, but for rounding: it was asked for, not found."""
    scanned = [d for d in curves[name].dims if curves[d].dtype.kind == "f" and curves.sizes[d] > 1]
    change = abs(curves[name] - curves[name].isel(dict.fromkeys(scanned, 0)))
    return bool(scanned) and bool(change.max() <= GIVEN * abs(curves[name]).max())


def summary(solved: Solved) -> str:
    """The table that `hanle run` prints. Where several processes hold the device all must call."""
    result, curves = solved.result, solved.curves
    lines = [result.device.name or (result.shape_name if isinstance(result, Result) else "AC response")]
    if curves is not None:
        numbers = {n: count for n, count in curves.sizes.items() if curves[n].dtype.kind == "f"}
        sizes = ", ".join(f"{count} of {name}" for name, count in numbers.items())
        lines.append(f"curves: {sizes}; the numbers below are those of the {which(result)}")
    proof = evidence(result).proof
    count = evidence(result).system.processes.size
    used = f"engine {proof.engine}, solver {proof.solver}" + (f", {count} processes" if count > 1 else "")
    lines += [table(rows(result)), used, table(proof_rows(result))]
    return "\n\n".join(lines)
