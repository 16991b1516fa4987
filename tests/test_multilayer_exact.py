"""The layered engine against the first-order system of each layer, solved by matrix exponentials in many digits.

The oracle knows only the definition of the coefficients: y = (U, J_z, integral of U, 1), y' = M y with constant M,
boundary and interface conditions as linear equations for the state at the low face of every layer. It would catch a
wrong sign or factor of any term, a lost source, and loss of digits in layers thin or thick against their decay lengths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import mpmath as mp
import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.pde.coefficients import Bulk, FaceLaw, Side, dense, matrix_terms, term
from hanle.pde.engines.contract import Part
from hanle.pde.engines.multilayer import Multilayer, StackSystem
from hanle.pde.fields import CHARGE_AND_SPIN, NOTHING, Field, FieldSet
from hanle.pde.metal import normal_metal
from hanle.pde.problem import Face, Global, Gradient, Problem, Terminal
from hanle.pde.tensors import Array

#: Rounding of the engine, relative to the correction itself.
EXACT = 1e-12
#: The same for laws with terms of many sizes, relative to the largest response of the problem.
GENERAL = 1e-11

BOTH = (Gradient("u", "x"), Gradient("u", "y"))
TIED = Face(
    FaceLaw((Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN)), tie=("u", "w")),
    {"below": "minus", "above": "plus"},
)


COMPONENTS = CHARGE_AND_SPIN.components


def law_rows(face: Face, ends: Mapping[str, tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    """(face of a layer, component) of each row of a law."""
    return [(ends[face.sides[s.role]], COMPONENTS.index(c)) for s in face.law.sides for c in s.fields.components]


@dataclass
class Oracle:
    """Numbers of unknowns and equations of a stack: (U, J_z) at the low face of every layer."""

    problem: Problem
    size: int
    digits: int

    def tensor(self, coefficient, spatial, fields):
        return dense(coefficient, spatial, fields)[0, 0, 0]

    def layer(self, name: str, thickness: float, amplitudes: Mapping[str, float], sources: float):
        """Transfer matrix of (U, J, int U, 1) over a layer, and the lateral flux row of each component and axis."""
        bulk = self.problem.regions[name]
        n = bulk.fields.size
        A = self.tensor(bulk.A, (3, 3), (n, n))
        B, W = self.tensor(bulk.B, (3,), (n, n)), self.tensor(bulk.W, (3,), (n, n))
        R = self.tensor(bulk.R, (), (n, n))
        S, F = sources * self.tensor(bulk.S, (3,), (n,)), sources * self.tensor(bulk.F, (), (n,))
        G = np.zeros((3, n))
        for drive, value in amplitudes.items():
            g = self.problem.gradient(drive)
            G["xyz".index(g.axis), bulk.fields.components.index(g.component)] += value
        m = lambda a: mp.matrix(np.asarray(a, dtype=float).tolist())  # noqa: E731
        inverse = m(A[2, 2]) ** -1
        s = m((sum(A[2, k] @ G[k] for k in (0, 1)) + S[2])[:, None])
        f = m((sum(W[k] @ G[k] for k in (0, 1)) - F)[:, None])
        M = mp.zeros(3 * n + 1)
        slope = {"U": -inverse * m(B[2]), "J": inverse, "1": -inverse * s}
        M[:n, :n], M[:n, n : 2 * n], M[:n, 3 * n] = slope["U"], slope["J"], slope["1"]
        M[n : 2 * n, :n] = m(R) + m(W[2]) * slope["U"]
        M[n : 2 * n, n : 2 * n] = m(W[2]) * slope["J"]
        M[n : 2 * n, 3 * n] = f + m(W[2]) * slope["1"]
        M[2 * n : 3 * n, :n] = mp.eye(n)
        lateral = {}
        for g in self.problem.gradients:
            k, c = "xyz".index(g.axis), bulk.fields.components.index(g.component)
            direct = mp.mpf(thickness) * (
                sum(
                    (mp.mpf(float(A[k, l, c, b])) * mp.mpf(float(G[l, b])) for l in (0, 1) for b in range(n)),
                    mp.mpf(0),
                )
                + mp.mpf(float(S[k, c]))
            )
            lateral[g.name] = (A[k, 2, c], B[k, c], direct)
        return mp.expm(M * mp.mpf(thickness), method="taylor"), lateral

    def solve(
        self, amplitudes: Mapping[str, float], sources: float = 0.0, terminals: Mapping[str, float] | None = None
    ):
        """Flux along each gradient and (J_z outward, U) at both outer faces."""
        mp.mp.dps = self.digits
        layers = self.problem.mesh
        names, n = layers.names, self.size
        parts = [
            self.layer(k, float(d), amplitudes, sources) for k, d in zip(names, layers.thickness[0], strict=True)
        ]
        total = 2 * n * len(names)
        equations, rhs = mp.zeros(total), mp.zeros(total, 1)

        def at(layer: int, side: int, row: int):
            """Row of (U, J) at a face of a layer: coefficients over all unknowns, constant."""
            line = mp.zeros(1, total)
            if side == 0:
                line[2 * n * layer + row] = 1
                return line, mp.mpf(0)
            transfer = parts[layer][0]
            for k in range(2 * n):
                line[2 * n * layer + k] = transfer[row, k]
            return line, transfer[row, 3 * n]

        row = 0
        for k, face in enumerate(layers.face_names):
            ends = ([(k - 1, 1)] if k else []) + ([(k, 0)] if k < len(names) else [])
            law = self.problem.faces.get(face)
            roles = ("minus", "plus")[: len(ends)]
            rows = law_rows(law, dict(zip(roles, ends, strict=True))) if law else []
            size = len(rows)
            G = self.tensor(law.law.G, (), (size, size)) if law else None
            Q = self.tensor(law.law.Q, (3,), (size, size)) if law else None
            g = sources * self.tensor(law.law.g, (), (size,)) if law else None
            tied = bool(law and law.law.tie)
            gains = []
            for e in ends:
                sign = 1 if e[1] == 1 else -1
                for c in range(n):
                    line, constant = at(*e, n + c)
                    line, constant = sign * line, sign * constant
                    if (e, c) in rows:
                        mine = rows.index((e, c))
                        for j, (other, b) in enumerate(rows):
                            trace, shift = at(*other, b)
                            weight = mp.mpf(float(G[mine, j]))
                            line, constant = line - weight * trace, constant - weight * shift
                        constant -= mp.mpf(float(g[mine]))
                        for drive, value in amplitudes.items():
                            driven = self.problem.gradient(drive)
                            axis = "xyz".index(driven.axis)
                            for j, (_, b) in enumerate(rows):
                                if COMPONENTS[b] == driven.component:
                                    constant -= mp.mpf(float(Q[axis, mine, j] * value))
                    gains.append((line, constant))
            for c in range(n):
                if tied:
                    low, high = at(*ends[0], c), at(*ends[1], c)
                    own = [
                        (gains[c][0] + gains[n + c][0], gains[c][1] + gains[n + c][1]),
                        (low[0] - high[0], low[1] - high[1]),
                    ]
                else:
                    own = [gains[i * n + c] for i in range(len(ends))]
                    for name, t in self.problem.terminals.items():
                        if face in t.faces and t.component == COMPONENTS[c]:
                            line, constant = at(*ends[0], c)
                            own = [(line, constant - mp.mpf((terminals or {}).get(name, 0.0)))]
                    for glob in self.problem.globals:
                        if face in glob.faces and glob.component == COMPONENTS[c]:
                            line, constant = at(*ends[0], c)
                            own = [
                                (
                                    gains[c][0] + mp.mpf(glob.admittance) * line,
                                    gains[c][1]
                                    + mp.mpf(glob.admittance) * constant
                                    - mp.mpf(sources * glob.source),
                                )
                            ]
                for line, constant in own:
                    equations[row, :], rhs[row] = line, -constant
                    row += 1
        floats = not self.problem.terminals and not self.problem.globals
        if floats:
            # One balance of u is redundant in each conducting part; u = 0 at a low face takes its place.
            parted = len(names) > 1 and layers.face_names[1] not in self.problem.faces
            for row, column in ((n, 0), (total - n, 2 * n)) if parted else ((n, 0),):
                equations[row, :] = mp.zeros(1, total)
                equations[row, column], rhs[row] = 1, 0
        solution = mp.lu_solve(equations, rhs)
        return self._read(parts, solution, at, amplitudes, sources)

    def _read(self, parts, solution, at, amplitudes, sources):
        n = self.size
        flux = {}
        for g in self.problem.gradients:
            total = mp.mpf(0)
            for layer, (transfer, lateral) in enumerate(parts):
                across, carried, direct = lateral[g.name]
                state = solution[2 * n * layer : 2 * n * (layer + 1), 0]
                end = transfer[: 3 * n, : 2 * n] * state + transfer[: 3 * n, 3 * n]
                total += direct
                for b in range(n):
                    total += (
                        mp.mpf(float(across[b])) * (end[b] - state[b]) + mp.mpf(float(carried[b])) * end[2 * n + b]
                    )
            flux[g.name] = total
        traces = {}
        for layer in range(len(parts)):
            for side in (0, 1):
                rows = [at(layer, side, r) for r in range(2 * n)]
                traces[layer, side] = [(line * solution)[0] + constant for line, constant in rows]
        return flux, traces


def responses(system: StackSystem, drive: str) -> tuple[Array, dict[str, Array]]:
    """State and flux along each gradient for a unit gradient, as the procedures form them."""
    solver = Multilayer().default_solver(system).prepare(system.subsystem(Part.ALL).linear)
    state = solver.solve(np.where(system.fixed, 0.0, -system.gradient_load(drive)), tolerance=1e-12)
    flux = {}
    for g in system.problem.gradients:
        functional = system.gradient_functional(g.name)
        flux[g.name] = system.gradient_pair(g.name, drive) + np.einsum("bi,bi->b", functional, state)
    return state, flux


def correction(system: StackSystem, test: str, drive: str) -> float:
    """Flux along `test` for a unit gradient `drive`, less that of the reference problem, without subtraction."""
    state, _ = responses(system, drive)
    part = system.gradient_pair(test, drive, Part.PERTURBATIVE)
    return float((part + np.einsum("bi,bi->b", system.gradient_functional(test), state))[0])


def film(rng, ratio: float, tensor: bool = False) -> Problem:
    length, diffusion = 1.5e-9, 1e-4
    field = 30 * rng.normal(size=3)
    root = rng.normal(size=(3, 3))
    relaxation = diffusion / length**2 * (np.eye(3) + 0.3 * (root @ root.T + (root @ root.T).T))
    bulk = normal_metal(
        conductivity=3e6,
        diffusion_constant=diffusion,
        diffusion_length=None if tensor else length,
        relaxation=relaxation if tensor else None,
        spin_hall_angle=rng.uniform(0.02, 0.2),
        field=field,
        mobility=1e-4,
    )
    law = b_layer("YIG", Conductances(-2e13, 4e14, -1e14), rng.normal(size=3))
    return Problem(
        Layers(("Pt",), [[ratio * length]]), {"Pt": bulk}, {"bottom": Face(law, {"metal": "minus"})}, gradients=BOTH
    )


def check_film(problem: Problem, digits: int = 40) -> None:
    system = Multilayer().assemble(problem)
    reference = problem.reference()
    for drive in ("du/dx", "du/dy"):
        exact, _ = Oracle(problem, 4, digits).solve({drive: 1.0})
        plain, _ = Oracle(reference, 4, digits).solve({drive: 1.0})
        scale = float(abs(exact[drive] - plain[drive]))
        for test in ("du/dx", "du/dy"):
            wanted = float(exact[test] - plain[test])
            got = correction(system, test, drive)
            assert abs(got - wanted) <= EXACT * abs(wanted) + 1e-15 * scale, (test, drive, got / wanted - 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tensor", [False, True])
def test_film_on_a_magnet_oblique(seed: int, tensor: bool) -> None:
    """Correction of one film to 1e-12 of itself; m, B oblique; scalar (closed form) and tensor relaxation (slabs)."""
    rng = np.random.default_rng(seed)
    check_film(film(rng, rng.uniform(0.3, 6), tensor))


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize(("ratio", "digits"), [(1e-3, 50), (1e-2, 40), (30.0, 90), (300.0, 500)])
def test_thin_and_thick_films(ratio: float, digits: int, tensor: bool) -> None:
    check_film(film(np.random.default_rng(5), ratio, tensor), digits)


def test_a_thousand_decay_lengths() -> None:
    """d/lambda = 1e3 without magnet: -2 theta^2 + theta^2 (2 lambda/d) tanh(d/2 lambda), and 1e-3 likewise."""
    for ratio in (1e-3, 1.0, 1e3):
        d = 1.5e-9 * ratio
        bulk = normal_metal(conductivity=2e6, diffusion_constant=1e-4, diffusion_length=1.5e-9, spin_hall_angle=0.1)
        system = Multilayer().assemble(Problem(Layers(("Pt",), [[d]]), {"Pt": bulk}, gradients=BOTH))
        wanted = 2e6 * d * 0.1**2 * (-2 + 2 / ratio * np.tanh(ratio / 2))
        assert correction(system, "du/dx", "du/dx") == pytest.approx(wanted, rel=EXACT)


def metals(rng, names, tensor=False) -> dict[str, Bulk]:
    found = {}
    for name in names:
        root = rng.normal(size=(3, 3))
        length, diffusion = 1e-9 * rng.uniform(1, 8), 1e-4 * rng.uniform(0.3, 3)
        tensor_rate = diffusion / length**2 * (np.eye(3) + 0.3 * (root @ root.T + (root @ root.T).T))
        found[name] = normal_metal(
            conductivity=1e6 * rng.uniform(0.2, 5),
            diffusion_constant=diffusion,
            diffusion_length=None if tensor else length,
            relaxation=tensor_rate if tensor else None,
            spin_hall_angle=rng.uniform(-0.1, 0.1),
            field=20 * rng.normal(size=3),
        )
    return found


def jump(rng, couple_charge: float) -> Face:
    """An interface with jumps: conductances for u and w, coupled where `couple_charge` is not zero."""
    root = rng.normal(size=(4, 4))
    g = 1e14 * (np.eye(4) + 0.3 * root @ root.T + couple_charge * (root - root.T))
    if couple_charge == 0:
        g[0, 1:] = g[1:, 0] = 0
    law = FaceLaw(
        (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN)),
        G=matrix_terms(np.block([[-g, g], [g, -g]]), rows=slice(0, 8), columns=slice(0, 8), size=(8, 8)),
    )
    return Face(law, {"below": "minus", "above": "plus"})


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("couple_charge", [0.0, 0.3])
def test_three_metals_tied_and_jumping_between_two_magnets(tensor: bool, couple_charge: float) -> None:
    rng = np.random.default_rng(7)
    magnets = [b_layer("M", Conductances(-1e13, 3e14, 2e14), rng.normal(size=3)) for _ in range(2)]
    faces = {
        "bottom": Face(magnets[0], {"metal": "minus"}),
        "top": Face(magnets[1], {"metal": "minus"}),
        "A|B": TIED,
        "B|C": jump(rng, couple_charge),
    }
    problem = Problem(Layers("ABC", [[2e-9, 30e-9, 0.2e-9]]), metals(rng, "ABC", tensor), faces, gradients=BOTH)
    check_film(problem)
    check_film(replace(problem, faces={k: f for k, f in faces.items() if k != "A|B"}))


def made_up(rng) -> Bulk:
    """Every coefficient at once, dissipative, four fields coupled, lengths of nanometres."""
    n, length = 4, 2e-9
    root = rng.normal(size=(3 * n, 3 * n))
    conduction = 1e6 * (np.eye(3 * n) + 0.05 * root @ root.T + 0.2 * (root - root.T))
    full = conduction.reshape(3, n, 3, n)
    A = []
    for i, k in np.ndindex(3, 3):
        spatial = np.zeros((3, 3))
        spatial[i, k] = 1
        A += [term(share, spatial, full[i, :, k, :], tag) for share, tag in ((0.8, ""), (0.2, "spin Hall"))]
    root = rng.normal(size=(n, n))
    R = 1e6 / length**2 * (np.eye(n) + 0.1 * root @ root.T + 0.5 * (root - root.T))

    def vector(scale):
        parts = [(e, tag) for e in np.eye(3) for tag in ("", "spin Hall")]
        return [term(scale, e, rng.normal(size=(n, n)), tag) for e, tag in parts]

    return Bulk(
        CHARGE_AND_SPIN,
        A=tuple(A),
        B=tuple(vector(1e14)),
        W=tuple(vector(1e14)),
        R=(term(1.0, 1.0, R),),
        S=tuple(term(1e8, e, rng.normal(size=n)) for e in np.eye(3)),
        F=(term(1e17, 1.0, rng.normal(size=n)),),
    )


def made_up_face(rng, sides: int, tie: bool = False) -> Face:
    n = 4 * sides
    roles = ("below", "above")[:sides]
    root = rng.normal(size=(n, n))
    vector = lambda scale: tuple(term(scale, e, rng.normal(size=(n, n))) for e in np.eye(3)[:2])  # noqa: E731
    law = FaceLaw(
        tuple(Side(r, CHARGE_AND_SPIN) for r in roles),
        G=(term(-3e14, 1.0, np.eye(n) + 0.2 * root @ root.T + 0.3 * (root - root.T)),),
        Q=vector(2e5),
        Qt=vector(3e5),
        L=tuple(term(1e-3, np.outer(a, b), rng.normal(size=(n, n))) for a in np.eye(3)[:2] for b in np.eye(3)[:2]),
        g=(term(1e9, 1.0, rng.normal(size=n)),),
        k=tuple(term(1.0, e, rng.normal(size=n)) for e in np.eye(3)[:2]),
        tie=("u", "w") if tie else (),
    )
    return Face(law, dict(zip(roles, ("minus", "plus"), strict=False)))


def sheet(problem: Problem, traces, test: Gradient, amplitudes: Mapping[str, float], sources: float) -> mp.mpf:
    """Sheet current of all faces along a gradient, from the oracle's traces."""
    total = mp.mpf(0)
    axis = "xyz".index(test.axis)
    names = problem.mesh.face_names
    for face, law in ((name, f.law) for name, f in problem.faces.items()):
        k = names.index(face)
        ends = ([(k - 1, 1)] if k else []) + ([(k, 0)] if k < len(problem.mesh.names) else [])
        t = [v for e in ends for v in traces[e][:4]]
        n = len(t)
        Qt, L = dense(law.Qt, (3,), (n, n))[0, 0, 0], dense(law.L, (3, 3), (n, n))[0, 0, 0]
        source = sources * dense(law.k, (3,), (n,))[0, 0, 0]
        for row in range(n):
            if COMPONENTS[row % 4] != test.component:
                continue
            total += sum(
                (mp.mpf(float(Qt[axis, row, j])) * t[j] for j in range(n)), mp.mpf(float(source[axis, row]))
            )
            for drive, value in amplitudes.items():
                g = problem.gradient(drive)
                for j in range(n):
                    if COMPONENTS[j % 4] == g.component:
                        total += mp.mpf(float(L[axis, "xyz".index(g.axis), row, j] * value))
    return total


@pytest.mark.parametrize("tie", [False, True])
@pytest.mark.parametrize("thickness", [(3e-9, 5e-9), (0.01e-9, 80e-9)])
def test_every_term_at_once(tie: bool, thickness: tuple[float, float]) -> None:
    """A, B, S, R, W, F in two layers, G, Q, Q', L, g, k on all faces, a Global, drives of u and w: flux and traces."""
    rng = np.random.default_rng(3)
    drives = (Gradient("u", "x"), Gradient("w_y", "x"), Gradient("u", "y"))
    problem = Problem(
        Layers("AB", [list(thickness)]),
        {"A": made_up(rng), "B": made_up(rng)},
        {"bottom": made_up_face(rng, 1), "A|B": made_up_face(rng, 2, tie), "top": made_up_face(rng, 1)},
        gradients=drives,
        globals=(Global("lead", ("top",), "u", admittance=4e14, source=2e9),),
    )
    system = Multilayer().assemble(problem)
    oracle = Oracle(problem, 4, 80)
    cases = [({g.name: 1.0}, 0.0) for g in drives] + [({}, 1.0)]
    for amplitudes, sources in cases:
        flux, traces = oracle.solve(amplitudes, sources)
        if sources:
            solver = Multilayer().default_solver(system).prepare(system.subsystem(Part.ALL).linear)
            state = solver.solve(system.source_load(), tolerance=1e-12)
            got = {
                g.name: system.source_functional(g.name)
                + np.einsum("bi,bi->b", system.gradient_functional(g.name), state)
                for g in drives
            }
        else:
            state, got = responses(system, next(iter(amplitudes)))
        exact = {(k, side): np.array([float(v) for v in t[:4]]) for (k, side), t in traces.items()}
        scale = max(np.abs(v).max() for v in exact.values())
        for end, values in exact.items():
            assert np.abs(state[0, system.model.numbering.traces[end]] - values).max() <= GENERAL * scale
        wanted = {g.name: float(flux[g.name] + sheet(problem, traces, g, amplitudes, sources)) for g in drives}
        largest = max(abs(v) for v in wanted.values())
        for name, value in wanted.items():
            assert abs(got[name][0] - value) <= GENERAL * largest, name


def test_parts_add_up() -> None:
    """ALL = REFERENCE + PERTURBATIVE for the operator, loads, functionals and pairs of the made-up law."""
    rng = np.random.default_rng(4)
    problem = Problem(Layers("A", [[3e-9]]), {"A": made_up(rng)}, {"top": made_up_face(rng, 1)}, gradients=BOTH)
    system = Multilayer().assemble(problem)
    state = rng.normal(size=(1, system.size))
    other = rng.normal(size=(1, system.size))
    quantities = [
        lambda part: system.apply(state, part),
        lambda part: system.apply_transpose(state, part),
        lambda part: system.gradient_load("du/dx", part),
        lambda part: system.gradient_functional("du/dx", part),
        lambda part: system.gradient_pair("du/dx", "du/dy", part),
    ]
    for quantity in quantities:
        whole, reference, rest = (quantity(p) for p in (Part.ALL, Part.REFERENCE, Part.PERTURBATIVE))
        assert np.abs(whole - reference - rest).max() <= 1e-13 * np.abs(whole).max()
        assert np.abs(rest).max() > 1e-3 * np.abs(whole).max()
    for part in Part:
        forward = np.sum(other * system.apply(state, part))
        assert forward == pytest.approx(np.sum(state * system.apply_transpose(other, part)), rel=1e-10)


def test_terminals_give_the_conductance_of_layers_in_series() -> None:
    """u between two terminals: 1/g = sum d/sigma + 1/G of the jump; the reference part carries it, theta changes it."""
    bulk = {
        k: normal_metal(conductivity=s, diffusion_constant=1e-4, diffusion_length=2e-9)
        for k, s in zip("AB", (1e6, 3e7), strict=True)
    }
    law = FaceLaw(
        (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN)),
        G=(term(2e14, 1.0, np.kron([[-1, 1], [1, -1]], np.eye(4))),),
    )
    problem = Problem(
        Layers("AB", [[5e-9, 20e-9]]),
        bulk,
        {"A|B": Face(law, {"below": "minus", "above": "plus"})},
        {"low": Terminal(("bottom",)), "high": Terminal(("top",))},
    )
    system = Multilayer().assemble(problem)
    solver = Multilayer().default_solver(system).prepare(system.subsystem(Part.ALL).linear)
    start = system.terminal_vector("high")
    state = start + solver.solve(np.where(system.fixed, 0.0, -system.apply(start)), tolerance=1e-12)
    wanted = 1 / (5e-9 / 1e6 + 20e-9 / 3e7 + 1 / 2e14)
    assert np.sum(start * system.apply(state)) == pytest.approx(wanted, rel=1e-13)


def test_one_more_field_with_its_own_units() -> None:
    """The engine knows no field: one scalar T beside u, coupled in A (thermopower) and lost to a bath."""
    heat = Field("T", 1, "K", "W/m^2", "temperature")
    fields = FieldSet((CHARGE_AND_SPIN.fields[0], heat))
    sigma, seebeck, kappa, bath, d = 2e6, 1e-5, 40.0, 1e17, 30e-9
    A = np.array([[sigma, sigma * seebeck], [300 * sigma * seebeck, kappa]])
    law = Bulk(
        fields, A=(term(1.0, np.eye(3), A),), R=(term(bath, 1.0, [[0, 0], [0, 1]]),), F=(term(1e19, 1.0, [0, 1]),)
    )
    sink = FaceLaw((Side("s", fields), Side("n", NOTHING)), G=(term(-3e9, 1.0, [[0, 0], [0, 1]]),))
    problem = Problem(
        Layers("A", [[d]]), {"A": law}, {"bottom": Face(sink, {"s": "minus"})}, {"top": Terminal(("top",))}
    )
    system = Multilayer().assemble(problem)
    solver = Multilayer().default_solver(system).prepare(system.subsystem(Part.ALL).linear)
    state = solver.solve(np.where(system.fixed, 0.0, system.source_load()), tolerance=1e-12)
    # j = 0: u' = -S T'; kappa_eff T'' = bath T - F; kappa_eff T'(0) = 3e9 T(0); T'(d) = 0
    effective = kappa - 300 * sigma * seebeck**2
    x = np.sqrt(bath / effective)
    cold = 1e19 / bath * x * effective * np.tanh(x * d) / (3e9 + x * effective * np.tanh(x * d))
    low = system.model.numbering.traces[0, 0]
    assert state[0, low[1]] == pytest.approx(cold, rel=1e-12)
