"""The structure of the code, read from the sources without running them.

What must hold                                          what it prevents
who may import whom (ALLOWED, HOMES)                    physics that knows a mesh library, engines that know spin
no import cycles, nobody imports the root package       a tangle in which no file can be read alone
`import hanle` and the physics load no heavy library    seconds of waiting for `hanle --help`
engines and linear solvers name no field                physics that is written again for each engine
public docstrings, short files, no leftovers            files that only their author can change

Each rule is also run on a small file that breaks it (`test_rule_sees`).
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "hanle": "hanle",
    "pde": "hanle.pde",
    "boundary": "hanle.boundary",
    "materials": "hanle.materials",
    "meshes": "hanle.meshes",
}
MAX_LINES = 400

LEAVES = {
    f"hanle.pde.{name}"
    for name in (
        "constants",
        "quantity",
        "errors",
        "fields",
        "tensors",
        "contraction",
        "coefficients",
        "effects",
        "coupling",
        "nonlinear",
        "storing",
    )
}
MEDIA = {
    f"hanle.pde.{name}"
    for name in ("conducting_magnet", "magnetic_metal", "metal", "ferromagnet", "magnons", "heat", "joule")
}
CONTRACTS = {
    "hanle.pde.problem",
    "hanle.pde.processes",
    "hanle.pde.engines.contract",
    "hanle.pde.linear.contract",
    "hanle.pde.linear.sharing",
}

# Where devices become laws.
BUILD = {
    f"hanle.{name}"
    for name in ("build", "media", "magnon_media", "metal_heat", "capacities", "face_laws", "joule_heating")
}

# group -> groups it may import, besides itself. "user" is the hanle folder, where build alone turns a device into
# media and default laws; the rest of it may name the records of a law that a user passes in.
ALLOWED: dict[str, set[str]] = {
    "leaves": set(),
    "materials": {"leaves"},
    "meshes": {"leaves"},
    "media": {"leaves", "materials"},
    "boundary": {"leaves", "materials"},
    "closed_forms": {"leaves"},
    "contracts": {"leaves", "meshes"},
    "linear": {"leaves", "contracts"},
    "engines": {"leaves", "meshes", "contracts", "linear"},
    "procedures": {"leaves", "meshes", "contracts"},
    "build": {"leaves", "materials", "meshes", "media", "boundary", "contracts", "user"},
    "user": {
        "leaves",
        "materials",
        "meshes",
        "boundary",
        "contracts",
        "linear",
        "engines",
        "procedures",
        "closed_forms",
        "build",
    },
}

ALGEBRA = ("hanle.pde.engines", "hanle.pde.linear")
USER = ("hanle",)
# library -> where it may be imported: below these packages ("hanle": modules of the hanle folder only)
HOMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("skfem", "pyamg", "dolfinx", "basix", "ufl", "petsc4py", "slepc4py"), ALGEBRA),
    **dict.fromkeys(("meshio", "gmsh"), ("hanle.meshes", *USER)),
    **dict.fromkeys(("pyvista", "vtk", "vtkmodules", "matplotlib", "xarray", "h5netcdf", "tqdm"), USER),
}
FIELD_NAMES = {"u", "w", "w_x", "w_y", "w_z", "w_m", "T_e", "T_m", "T_p"}
HEAVY = {*HOMES, "numba"} - {"tqdm"}


@dataclass(frozen=True)
class Import:
    """One imported module; `on_load` if importing the file runs it, `line` where it stands."""

    target: str
    on_load: bool
    line: int


@dataclass(frozen=True)
class Module:
    """One source file under its import name."""

    name: str
    path: Path
    is_package: bool

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def at(self, line: int) -> str:
        return f"{self.path}:{line} ({self.name})"


Sources = Mapping[str, Module]


def read_sources(root: Path) -> dict[str, Module]:
    """All modules of the package folders below `root`, by import name."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root / folder).with_suffix("").parts
            is_package = path.name == "__init__.py"
            name = ".".join((package, *(parts[:-1] if is_package else parts)))
            found[name] = Module(name, path, is_package)
    return found


def imported(module: Module, sources: Sources) -> Iterator[Import]:
    """What a file imports; `from package import module` counts as the module, type-only imports are not on_load."""

    def walk(node: ast.AST, on_load: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, on_load, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            names = [f"{base}.{alias.name}" for alias in node.names]
            targets = {name if name in sources else base for name in names}
            yield from (Import(target, on_load, node.lineno) for target in sorted(targets))
        inside_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        type_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, on_load and not inside_function and not type_only)

    yield from walk(module.tree, True)


def absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*parts, node.module] if node.module else parts)


def group_of(name: str) -> str:
    for group, members in {"leaves": LEAVES, "media": MEDIA, "contracts": CONTRACTS}.items():
        if name in members:
            return group
    for package in ("pde.engines", "pde.linear", "pde.closed_forms", "boundary", "materials", "meshes"):
        if f"{name}.".startswith(f"hanle.{package}."):
            return package.removeprefix("pde.")
    if name.startswith("hanle.pde"):
        return "procedures"
    return "build" if name in BUILD else "user"


def forbidden_imports(sources: Sources) -> Iterator[str]:
    for module in sources.values():
        group = group_of(module.name)
        for item in imported(module, sources):
            target = group_of(item.target)
            if item.target == "hanle":
                yield f"{module.at(item.line)} imports the root package; import the module that defines the name"
            elif item.target.startswith("hanle.") and target not in ALLOWED[group] | {group}:
                yield f"{module.at(item.line)} imports {item.target}, but {group} may not import {target}"


def misplaced_libraries(sources: Sources) -> Iterator[str]:
    for module in sources.values():
        for item in imported(module, sources):
            homes = HOMES.get(item.target.split(".")[0])
            if homes and not any(lives_in(module.name, home) for home in homes):
                yield f"{module.at(item.line)} imports {item.target}, which belongs in {', '.join(homes)}"


def lives_in(name: str, home: str) -> bool:
    if home == "hanle":
        return group_of(name) in {"user", "build"}
    return name.startswith(f"{home}.")


def loaded(name: str) -> list[str]:
    """The module and the packages above it, all of which run when it is imported."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def heavy_on_load(sources: Sources) -> Iterator[str]:
    """Heavy libraries that the command line, the leaves and the physics would load without using them."""
    light = {"leaves", "materials", "media", "boundary", "contracts"}
    start = [name for name in sources if group_of(name) in light or name in {"hanle", "hanle.cli"}]
    reached: set[str] = set()
    while start:
        name = start.pop()
        if name in reached or name not in sources:
            continue
        reached.add(name)
        for item in imported(sources[name], sources):
            if item.on_load and item.target.split(".")[0] in HEAVY:
                yield f"{sources[name].at(item.line)} loads {item.target}; import it in the function that uses it"
            elif item.on_load:
                start.extend(loaded(item.target))


def cycles(sources: Sources) -> Iterator[str]:
    """One import cycle, if there is any.

    Below the user side imports inside functions and for types count too. A Device that offers solve() must name the
    modules that take a Device, so in the hanle folder only imports that run on load count.
    """
    graph = {}
    for name, module in sources.items():
        anywhere = group_of(name) not in {"user", "build"}
        graph[name] = {item.target for item in imported(module, sources) if anywhere or item.on_load} - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield " <- ".join(error.args[1])


def wildcards(sources: Sources) -> Iterator[str]:
    for module in sources.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                yield f"{module.at(node.lineno)} imports everything"


def named_fields(sources: Sources) -> Iterator[str]:
    """Engines and linear solvers that know a field by name; they need no more than the number of components."""
    for module in sources.values():
        if not module.name.startswith(ALGEBRA):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and node.value in FIELD_NAMES:
                yield f"{module.at(node.lineno)} names the field {node.value}"
            if isinstance(node, ast.ImportFrom) and node.module == "hanle.pde.fields":
                known = sorted({alias.name for alias in node.names} - {"Field", "FieldSet", "NOTHING"})
                yield from (f"{module.at(node.lineno)} imports the field set {name}" for name in known)


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def undocumented(sources: Sources) -> Iterator[str]:
    """Modules, public classes, functions and methods without a docstring.

    One-line accessors need none, nor do methods that a contract describes for all that implement it.
    """
    described = {
        f"{child.name}()"
        for name in CONTRACTS & sources.keys()
        for node in sources[name].tree.body
        if isinstance(node, ast.ClassDef)
        for child in node.body
        if isinstance(child, ast.FunctionDef) and ast.get_docstring(child)
    }

    def walk(node: Documented, name: str, module: Module, method: str = "") -> Iterator[str]:
        if not (ast.get_docstring(node) or is_accessor(node) or method in described):
            yield f"{module.at(getattr(node, 'lineno', 1))}: {name} has no docstring"
        if isinstance(node, ast.Module | ast.ClassDef):
            for child in node.body:
                if isinstance(child, Documented) and not child.name.startswith("_"):
                    called = f"{child.name}()" if isinstance(node, ast.ClassDef) else ""
                    yield from walk(child, f"{name}.{child.name}", module, called)

    for module in sources.values():
        yield from walk(module.tree, module.name, module)


def is_accessor(node: Documented) -> bool:
    """A method that only returns an expression of its object."""
    arguments = isinstance(node, ast.FunctionDef) and [argument.arg for argument in node.args.args]
    return arguments == ["self"] and len(node.body) == 1 and isinstance(node.body[0], ast.Return)


def busy_packages(sources: Sources) -> Iterator[str]:
    """Packages whose __init__ does more than say what they hold; the root lists the public names."""
    for module in sources.values():
        if module.is_package and module.name != "hanle" and len(module.tree.body) > 1:
            yield f"{module.at(1)} holds more than a docstring"


def long_files(sources: Sources) -> Iterator[str]:
    for module in sources.values():
        lines = module.text.count("\n")
        if lines > MAX_LINES:
            yield f"{module.path} has {lines} lines, more than {MAX_LINES}"


def leftovers(sources: Sources) -> Iterator[str]:
    for module in sources.values():
        for number, line in enumerate(module.text.splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield f"{module.at(number)}: {line.strip()}"


Rule = Callable[[Sources], Iterator[str]]
RULES: list[Rule] = [
    forbidden_imports,
    misplaced_libraries,
    heavy_on_load,
    cycles,
    wildcards,
    named_fields,
    undocumented,
    busy_packages,
    long_files,
    leftovers,
]

# a rule and the smallest files that break it
BROKEN: list[tuple[Rule, dict[str, str]]] = [
    (forbidden_imports, {"pde/engines/scikit.py": "from hanle.pde import metal", "pde/metal.py": ""}),
    (
        forbidden_imports,
        {"materials/a.py": "def f():\n  from hanle.meshes import tagged", "meshes/tagged.py": ""},
    ),
    (forbidden_imports, {"pde/fields.py": "from ..meshes.tagged import TaggedMesh"}),
    (forbidden_imports, {"boundary/law.py": "from hanle.device import Device"}),
    (forbidden_imports, {"hanle/device.py": "from hanle.pde.metal import normal_metal"}),
    (forbidden_imports, {"pde/steady.py": "import hanle"}),
    (forbidden_imports, {"pde/steady.py": "from .. import device"}),
    (misplaced_libraries, {"pde/steady.py": "def f():\n    import skfem.helpers"}),
    (misplaced_libraries, {"pde/solution.py": "from matplotlib import pyplot"}),
    (heavy_on_load, {"hanle/cli.py": "from hanle.scenes import show", "hanle/scenes.py": "import pyvista"}),
    (heavy_on_load, {"boundary/law.py": "", "boundary/__init__.py": "if True:\n    import numba"}),
    (cycles, {"pde/a.py": "import hanle.pde.b", "pde/b.py": "def f():\n    from hanle.pde.a import x"}),
    (cycles, {"hanle/a.py": "import hanle.b", "hanle/b.py": "from hanle.a import x"}),
    (wildcards, {"pde/a.py": "from hanle.pde.b import *", "pde/b.py": ""}),
    (named_fields, {"pde/engines/a.py": 'x = f("w")'}),
    (named_fields, {"pde/linear/a.py": "from hanle.pde.fields import FieldSet, SPIN"}),
    (undocumented, {"pde/a.py": '"""A."""\nclass A:\n    """A."""\n    def method(self): ...'}),
    (busy_packages, {"pde/__init__.py": '"""Pde."""\nx = 1'}),
    (long_files, {"pde/a.py": "x = 1\n" * (MAX_LINES + 1)}),
    (leftovers, {"pde/a.py": "x = 1  # TO" + "DO"}),
]


@pytest.fixture(scope="module")
def sources() -> Sources:
    return read_sources(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_sources_obey(rule: Rule, sources: Sources) -> None:
    assert len(sources) > len(FOLDERS)
    violations = sorted(set(rule(sources)))
    assert not violations, "\n" + "\n".join(violations).replace(f"{ROOT}/", "")


def write_tree(root: Path, files: Mapping[str, str]) -> Sources:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return read_sources(root)


@pytest.mark.parametrize(("rule", "files"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_rule_sees(rule: Rule, files: dict[str, str], tmp_path: Path) -> None:
    assert list(rule(write_tree(tmp_path, files)))


def test_groups_name_existing_modules(sources: Sources) -> None:
    """A renamed leaf would silently fall under another rule."""
    assert LEAVES | CONTRACTS <= sources.keys()


def test_rules_accept_a_clean_tree(tmp_path: Path) -> None:
    files = {
        "pde/fields.py": '"""Words."""',
        "pde/metal.py": '"""Words."""\nfrom hanle.pde import fields\nfrom hanle.pde.fields import x',
        "pde/engines/scikit.py": '"""Words."""\nimport skfem',
        "pde/problem.py": '"""Words."""\nclass A:\n    """Words."""\n    def f(self, x):\n        """Words."""',
        "pde/steady.py": '"""Words."""\nclass B:\n    """Words."""\n    def f(self, x): ...',
        "hanle/scenes.py": '"""Words."""\nimport pyvista',
        "hanle/cli.py": '"""Words."""\ndef show():\n    """Words."""\n    from hanle.scenes import x',
    }
    sources = write_tree(tmp_path, files)
    assert [violation for rule in RULES for violation in rule(sources)] == []


def test_tolerances_are_relative_unless_said_otherwise() -> None:
    """conftest.py removes pytest's hidden absolute tolerance of 1e-12: no number in SI units passes by being small."""
    assert pytest.approx(1.05e-11, rel=1e-9) != 1e-11
    assert pytest.approx(1.0) == 1.0 + 1e-7


def test_numpy_hides_no_absolute_tolerance() -> None:
    """np.allclose and np.isclose add 1e-8 unless told otherwise: any two numbers in nm, V or A/m^2 may pass."""
    for path in sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.allclose", "np.isclose"):
                given = {keyword.arg for keyword in node.keywords}
                assert "atol" in given, f"{path}:{node.lineno} compares with a hidden absolute tolerance of 1e-8"
