"""The film of benchmarks/films.py written by hand for NGSolve: python ngsolve_film.py nx ny strong order.

GMRES on the coupled matrix with a block-diagonal preconditioner: one scalar operator for the potential, one for each
spin component, inverted by sparse Cholesky ("chol") or by NGSolve's multigrid with its direct coarse solver
("multigrid"). The known solution u = x is the lift. Prints JSON: CPU seconds without meshing.
"""

import json
import resource
import sys
import time

import numpy as np
from ngsolve import (
    BND,
    H1,
    BilinearForm,
    CoefficientFunction,
    GridFunction,
    InnerProduct,
    Integrate,
    Preconditioner,
    SetNumThreads,
    ds,
    dx,
    grad,
    x,
    z,
)
from ngsolve.comp import ProductSpace
from ngsolve.krylovspace import GMRes
from ngsolve.meshes import MakeStructured3DMesh

THETA, LAMBDA, HEIGHT, STEP = 0.1, 3.0, 5.0, 10 * 5.0 / 15


def epsilon(i, j, k):
    return (i - j) * (j - k) * (k - i) / 2


def turn(v):
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


def coefficients(strong):
    """Relaxation and precession [1/nm^2], interface matrix [1/nm], both over sigma."""
    omega, diffusion, g_i = (1e13, 1e-5, 3e14) if strong else (1e12, 1e-4, 1e14)
    relaxation = np.eye(3) / LAMBDA**2 - omega / (diffusion * 1e18) * turn((0, 0, 1))
    g_s, g_r, g_i = (2e-9 / 1e6 * g for g in (-1e13, 3e14, g_i))
    m = turn((0, 1, 0))
    return relaxation, -(g_s * np.eye(3) + g_r * m @ m + g_i * m), omega / (diffusion * 1e18), g_r - g_s


def form(space, relaxation, interface, bottom):
    (u, *w), (v, *s) = space.TnT()
    bulk = (1 - 2 * THETA**2) * grad(u) * grad(v)
    for a in range(3):
        bulk += grad(w[a]) * grad(s[a])
        for i in range(3):
            for k in range(3):
                if epsilon(i, a, k):
                    bulk += THETA * epsilon(i, a, k) * (grad(v)[i] * grad(w[a])[k] + grad(s[a])[i] * grad(u)[k])
        for b in range(3):
            if relaxation[a, b]:
                bulk += relaxation[a, b] * w[b] * s[a]
    face = 0 * w[0] * s[0]
    for a in range(3):
        for b in range(3):
            if abs(interface[a, b]) > 1e-16:
                face += interface[a, b] * w[b] * s[a]
    operator = BilinearForm(space)
    operator += bulk * dx
    operator += face * ds(bottom)
    return operator.Assemble()


def scalar(space, conduction, mass, robin, bottom, kind):
    u, v = space.TnT()
    operator = BilinearForm(space)
    operator += conduction * grad(u) * grad(v) * dx
    if mass:
        operator += mass * u * v * dx
        operator += robin * u * v * ds(bottom)
    preconditioner = Preconditioner(operator, "multigrid") if kind == "multigrid" else None
    operator.Assemble()
    return (
        preconditioner.mat if preconditioner else operator.mat.Inverse(space.FreeDofs(), inverse="sparsecholesky")
    )


def solve(mesh, ends, bottom, strong, order, kind):
    start = time.process_time()
    potential, spin = H1(mesh, order=order, dirichlet=ends), H1(mesh, order=order)
    space = ProductSpace(potential, spin, spin, spin)
    relaxation, interface, turning, robin = coefficients(strong)
    operator = form(space, relaxation, interface, bottom)
    lift = GridFunction(space)
    lift.components[0].Set(x)
    rhs = (-operator.mat * lift.vec).Evaluate()
    blocks = [scalar(potential, 1 - 2 * THETA**2, 0, 0, bottom, kind)]
    blocks += [scalar(spin, 1, 1 / LAMBDA**2 + turning, robin, bottom, kind)] * 3
    parts = [space.embeddings[k] @ blocks[k] @ space.embeddings[k].T for k in range(4)]
    count = [0]

    def tick(*_):
        count[0] += 1

    found = GMRes(
        A=operator.mat,
        b=rhs,
        pre=parts[0] + parts[1] + parts[2] + parts[3],
        tol=1e-8,
        maxsteps=300,
        printrates=False,
        callback=tick,
    )
    load, change = GridFunction(space), GridFunction(space)
    load.vec.data, change.vec.data = rhs, found
    volume = Integrate(CoefficientFunction(1), mesh)
    gained = sum(InnerProduct(load.components[k].vec, change.components[k].vec) for k in (1, 2, 3))
    return time.process_time() - start, count[0], gained / volume


def main(nx, ny, strong, order):
    SetNumThreads(1)
    length, width = (nx - 1) * STEP, (ny - 1) * STEP

    def place(a, b, c):
        return a * length, b * width, HEIGHT * np.expm1(1.5 * c) / np.expm1(1.5)

    mesh = MakeStructured3DMesh(hexes=True, nx=nx - 1, ny=ny - 1, nz=15, mapping=place)
    centre = {}
    for name in set(mesh.GetBoundaries()):
        part = mesh.Boundaries(name)
        area = Integrate(CoefficientFunction(1), mesh, VOL_or_BND=BND, definedon=part)
        centre[name] = [Integrate(q, mesh, VOL_or_BND=BND, definedon=part) / area for q in (x, z)]
    ends = "|".join(n for n, c in centre.items() if abs(c[0] - length / 2) > 1e-6 * length)
    bottom = next(n for n, c in centre.items() if abs(c[1]) < 1e-9)
    result = {}
    for kind in ("chol", "multigrid"):
        cpu, iterations, correction = solve(mesh, ends, bottom, strong, order, kind)
        result |= {f"{kind}_cpu": cpu, f"{kind}_iterations": iterations, f"{kind}_correction": correction}
    result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), bool(int(sys.argv[3])), int(sys.argv[4]))
