"""Whether the engine `fenicsx` can run here, and how to get what it needs.

Its libraries are not on PyPI and no requirement of hanle. This module imports them in functions only, so that their
absence is a message.
"""

import os
import shlex
import shutil
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from hanle.pde.errors import UnsupportedError

#: The oldest dolfinx that the engine is written for.
OLDEST = (0, 9)
#: Seconds after which a form that is not compiled yet never will be.
ABANDONED = 600.0

HOW_TO_GET = """\
dolfinx is not on PyPI. It comes with one of:
  conda    conda env create -f environment.yml && conda activate hanle
  apt      apt-get install python3-dolfinx (Debian 13, Ubuntu 25.04 or newer), and a Python environment that sees it:
           python3 -m venv --system-site-packages .venv && .venv/bin/pip install .
  Docker   docker build -t hanle . && docker run --rm -v "$PWD:/work" hanle hanle run device.toml --engine fenicsx
  root     on any Debian or Ubuntu, in hanle's source folder: tools/with-dolfinx hanle run device.toml --engine fenicsx
"""


def mpi() -> str:
    """Versions of mpi4py and of its MPI library; raises what the import raises."""
    import mpi4py
    from mpi4py import MPI

    return f"{mpi4py.__version__}, {MPI.Get_library_version().split(',')[0].splitlines()[0]}"


def petsc() -> str:
    """What PETSc is built for.

    Raises:
        RuntimeError: it is built for complex numbers, or without hypre or MUMPS.
    """
    from petsc4py import PETSc

    if issubclass(PETSc.ScalarType, complex):
        raise RuntimeError(
            "this PETSc is built for complex numbers; hanle needs one for real numbers "
            '(conda: "petsc=*=real*", Debian: python3-dolfinx-real)'
        )
    missing = [name for name in ("hypre", "mumps") if not PETSc.Sys.hasExternalPackage(name)]
    if missing:
        raise RuntimeError(f"this PETSc is built without {' and '.join(missing)}")
    version = ".".join(str(part) for part in PETSc.Sys.getVersion())
    return f"{version}, real numbers, {8 * PETSc.IntType().itemsize}-bit indices, with hypre and MUMPS"


def dolfinx() -> str:
    """Version of dolfinx.

    Raises:
        RuntimeError: it is older than `OLDEST`.
    """
    import dolfinx

    version = str(dolfinx.__version__)
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise RuntimeError(f"dolfinx {version} is too old: {'.'.join(map(str, OLDEST))} or newer is needed")
    return version


def compiled_form() -> str:
    """Compile a small form in an empty cache folder: works only with a C compiler; raises what dolfinx raises."""
    import ffcx
    import numpy as np
    import ufl
    from dolfinx import fem, mesh
    from mpi4py import MPI

    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        raise RuntimeError(f"the C compiler {compiler} is missing (conda: c-compiler, Debian: gcc and python3-dev)")
    domain = mesh.create_unit_interval(MPI.COMM_SELF, 1)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        one = fem.Constant(domain, np.float64(1.0))
        fem.form(one * ufl.Measure("dx", domain), jit_options={"cache_dir": Path(folder)})
    return f"ffcx {ffcx.__version__} with {compiler}: a form compiles in {time.perf_counter() - begin:.1f} s"


def form_cache() -> str:
    """The folder where compiled forms are kept.

    Raises:
        RuntimeError: it cannot be written, or holds a form whose compilation was killed: dolfinx waits for it in vain.
    """
    from dolfinx import jit

    folder = Path(jit.get_options()["cache_dir"]).expanduser()
    for path in folder.glob("libffcx_*.c"):
        if not path.with_suffix(".c.cached").exists() and time.time() - path.stat().st_mtime > ABANDONED:
            raise RuntimeError(f"the compilation of a form was interrupted; delete {path}")
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return f"{folder}, writable"
    except OSError as error:
        raise RuntimeError(f"{folder} cannot be written: {error.strerror}; XDG_CACHE_HOME names another") from error


#: What the engine cannot do without: name -> a function that describes it or raises.
NEEDED: Mapping[str, Callable[[], str]] = MappingProxyType({"dolfinx": dolfinx, "mpi4py": mpi, "PETSc": petsc})
#: What it needs besides, unless every form was compiled before (a node of a cluster may have no compiler).
NEEDED_ONCE: Mapping[str, Callable[[], str]] = MappingProxyType({"forms": compiled_form, "cache": form_cache})


def require_dolfinx() -> None:
    """Return where the engine can run.

    Raises:
        UnsupportedError: it cannot; the message says what is missing and how to get it.
    """
    for name, check in NEEDED.items():
        try:
            check()
        except Exception as error:
            # libraries that do not fit each other raise anything
            message = f"the engine fenicsx cannot run here: {name}: {type(error).__name__}: {error}\n{HOW_TO_GET}"
            raise UnsupportedError(message) from error
