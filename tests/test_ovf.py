"""OVF files against a file written by another library, the layout of version 1, and interpolation by hand.

tests/data/texture-*.ovf were written by discretisedfield with `make_ovf.py` beside them, from the formula
repeated here.
"""

import struct
from pathlib import Path

import numpy as np
import pytest

from hanle.meshes.ovf import CHECK, VectorGrid, read_ovf, write_ovf
from hanle.pde.errors import InputError

DATA = Path(__file__).parent / "data"
#: Rounding of numbers stored in so many bytes.
ROUNDING = {"text": 1e-15, "binary4": 1e-7, "binary8": 1e-15}


def magnetisation(points):
    """M [A/m] at points (n, 3) [m], x fastest."""
    x, y, z = points.T / 1e-9
    return (8e5 + 1e4 * z)[:, None] * np.stack(
        [np.cos(0.3 * x), np.sin(0.3 * x) * np.cos(0.1 * y), np.sin(0.1 * y) + 0.05], axis=1
    )


@pytest.fixture
def grid(rng):
    return VectorGrid(np.array([1e-9, -2e-9, 0]), np.array([2e-9, 1e-9, 5e-9]), rng.normal(size=(4, 3, 2, 3)))


@pytest.mark.parametrize("kind", ["text", "binary4", "binary8"])
def test_files_of_another_library(kind):
    grid = read_ovf(DATA / f"texture-{kind}.ovf")
    assert grid.nodes == (4, 3, 2)
    np.testing.assert_allclose(grid.points[0], [-4.5e-9, -1e-9, 2e-9], rtol=1e-12)
    np.testing.assert_allclose(grid.points[1] - grid.points[0], [3e-9, 0, 0], rtol=1e-12)
    np.testing.assert_allclose(grid.points[-1], [4.5e-9, 3e-9, 4e-9], rtol=1e-12)
    np.testing.assert_allclose(grid.vectors, magnetisation(grid.points), atol=9e5 * ROUNDING[kind])


@pytest.mark.parametrize("kind", ["text", "binary4", "binary8"])
def test_what_is_written_is_read(tmp_path, grid, kind):
    write_ovf(tmp_path / "m.ovf", grid, kind)
    again = read_ovf(tmp_path / "m.ovf")
    assert np.array_equal(again.base, grid.base)
    assert np.array_equal(again.step, grid.step)
    np.testing.assert_allclose(again.values, grid.values, atol=4 * ROUNDING[kind])


def version_1(grid, size, header=(), check=None):
    """The bytes of an OVF 1.0 file as OOMMF lays it out: big-endian, lengths in nm, values divided by 1000."""
    lines = ["OOMMF: rectangular mesh v1.0", "", "Segment count: 1", "Begin: Segment", "Begin: Header"]
    lines += ["Title: m", "Desc: a: b", "meshtype: rectangular", "meshunit: nm", "valuemultiplier: 1000"]
    for a, base, step, n in zip("xyz", grid.base * 1e9, grid.step * 1e9, grid.nodes, strict=True):
        lines += [f"{a}base: {base}", f"{a}stepsize: {step}", f"{a}nodes: {n}  ## cells"]
    lines += [*header, "End: Header"]
    numbers = (grid.vectors / 1000).ravel()
    if size == 0:
        data = "# Begin: Data Text\n" + "".join(f"{x} " + "\n" * (k % 3 == 2) for k, x in enumerate(numbers))
        body, kind = data.encode(), "Text"
    else:
        kind = f"Binary {size}"
        form = f">{numbers.size + 1}{'f' if size == 4 else 'd'}"
        first = CHECK[size] if check is None else check
        body = f"# Begin: Data {kind}\n".encode() + struct.pack(form, first, *numbers) + b"\n"
    return (
        "".join(f"# {line}\n" for line in lines).encode() + body + f"# End: Data {kind}\n# End: Segment\n".encode()
    )


@pytest.mark.parametrize("size", [0, 4, 8])
def test_version_1(tmp_path, grid, size):
    (tmp_path / "m.omf").write_bytes(version_1(grid, size))
    again = read_ovf(tmp_path / "m.omf")
    np.testing.assert_allclose(again.points, grid.points, rtol=1e-12, atol=1e-24)
    np.testing.assert_allclose(again.values, grid.values, atol=1e-6 if size == 4 else 1e-14)


def test_case_and_blanks_of_keywords_do_not_count(tmp_path, grid):
    """Nor does the name of version 1 in the oldest files; of an irregular mesh it is said that it is one."""
    content = version_1(grid, 8).replace(b"xnodes", b"X Nodes").replace(b"meshtype", b"Mesh\tType")
    content = content.replace(b"Begin: Data Binary 8", b"Begin: data  binary 8").replace(b"v1.0", b"v0.99")
    (tmp_path / "m.omf").write_bytes(content)
    np.testing.assert_array_equal(read_ovf(tmp_path / "m.omf").nodes, grid.nodes)
    irregular = b"# OOMMF: irregular mesh v1.0\n# meshtype: irregular\n# pointcount: 5\n# Begin: Data Text\n"
    (tmp_path / "m.omf").write_bytes(irregular)
    with pytest.raises(InputError, match="meshtype must be rectangular"):
        read_ovf(tmp_path / "m.omf")


def test_bounds_stand_in_for_base_and_step(tmp_path, grid):
    text = version_1(grid, 0).decode()
    lines = [line for line in text.splitlines() if "base:" not in line and "stepsize:" not in line]
    for a, base, step, n in zip("xyz", grid.base * 1e9, grid.step * 1e9, grid.nodes, strict=True):
        lines[9:9] = [f"# {a}min: {base - step / 2}", f"# {a}max: {base + (n - 0.5) * step}"]
    (tmp_path / "m.omf").write_text("\n".join(lines))
    np.testing.assert_allclose(read_ovf(tmp_path / "m.omf").points, grid.points, rtol=1e-12, atol=1e-24)


def test_nearest_cell_and_trilinear(grid, rng):
    """At the centres both give the cells; between them trilinear is the product formula, written out here."""
    m = grid.values / np.linalg.norm(grid.values, axis=-1, keepdims=True)
    for smooth in (False, True):
        at = grid.texture(smooth=smooth)(grid.points)
        np.testing.assert_allclose(at, m.reshape(-1, 3, order="F"), atol=1e-12)
    near = grid.points + grid.step * rng.uniform(-0.49, 0.49, grid.points.shape)
    np.testing.assert_allclose(grid.texture(smooth=False)(near), m.reshape(-1, 3, order="F"), rtol=1e-12)
    a, b, c = 0.3, 0.6, 0.2
    place = grid.base + grid.step * [1 + a, b, c]
    mixed = (1 - c) * (
        (1 - b) * ((1 - a) * m[1, 0, 0] + a * m[2, 0, 0]) + b * ((1 - a) * m[1, 1, 0] + a * m[2, 1, 0])
    )
    mixed += c * ((1 - b) * ((1 - a) * m[1, 0, 1] + a * m[2, 0, 1]) + b * ((1 - a) * m[1, 1, 1] + a * m[2, 1, 1]))
    found = grid.texture()(place)
    np.testing.assert_allclose(found[0], mixed / np.linalg.norm(mixed), rtol=1e-12)


def test_edges_shift_and_uniform_axes(grid):
    """Within half a cell of the surface the outermost cells hold; `uniform` carries one layer through a film."""
    corner = grid.base - 0.5 * grid.step
    first = grid.values[0, 0, 0] / np.linalg.norm(grid.values[0, 0, 0])
    np.testing.assert_allclose(grid.texture()(corner)[0], first, rtol=1e-12)
    np.testing.assert_allclose(
        grid.texture(shift=(1e-6, 0, 0))(corner + np.array([1e-6, 0, 0]))[0], first, rtol=1e-9
    )
    flat = VectorGrid(grid.base, grid.step, grid.values[:, :, :1])
    np.testing.assert_allclose(flat.texture(uniform="z")(grid.base + np.array([0, 0, 1e-3]))[0], first, rtol=1e-12)
    with pytest.raises(InputError, match="one cell"):
        grid.texture(uniform="z")


def test_points_outside_and_holes_are_refused(grid):
    with pytest.raises(InputError, match=r"inside the grid of the file"):
        grid.texture()(grid.base - 0.51 * grid.step)
    grid.values[1] = 0
    with pytest.raises(InputError, match="where the file has a magnetisation"):
        grid.texture(smooth=False)(grid.base + grid.step * [1, 0, 0])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"# OOMMF: rect", b"# OMF: rect", "line 1 must be"),
        (b"meshtype: rectangular", b"meshtype: irregular", "meshtype must be rectangular"),
        (b"meshunit: nm", b"meshunit: ly", "meshunit must be one of"),
        (b"xnodes: 4", b"xnodes: four", "xnodes must be a number"),
        (b"xnodes: 4", b"xnodes: 5", "data must be followed by"),
        (b"# ynodes: 3", b"# nodes: 3", "ynodes must be in the header"),
        (b"Count: 1", b"Count: 2", "segmentcount must be 1"),
        (b"# Segment Count: 1", b"# SegmentCount : 2", "segmentcount must be 1"),
        (b"xnodes: 4", b"xnodes: 4.5", "xnodes, ynodes, znodes must be whole numbers"),
        (b"meshunit: nm", b"desc: nm", "meshunit must be one of .* received .nothing"),
        (b"# Begin: Data Binary 8", b"# Begin: Data Binary 2", "Binary 4 or Binary 8"),
        (b"# Desc: a", b"Desc: a", "line 7 must be a line"),
        (b"xstepsize: 2.0", b"xstepsize: -2.", "xstepsize must be positive"),
        (b"meshtype: rectangular", b"valuedim: 1", "valuedim must be 3"),
    ],
)
def test_bad_files_are_refused(tmp_path, grid, old, new, said):
    content = version_1(grid, 8).replace(b"Segment count", b"Segment Count")
    assert old in content
    (tmp_path / "bad.omf").write_bytes(content.replace(old, new))
    with pytest.raises(InputError, match=rf"bad\.omf.*{said}"):
        read_ovf(tmp_path / "bad.omf")


def test_wrong_byte_order_bad_text_and_missing_file(tmp_path, grid):
    path = tmp_path / "bad.omf"
    path.write_bytes(version_1(grid, 8, check=1.0))
    with pytest.raises(InputError, match="begun by the number"):
        read_ovf(path)
    text = version_1(grid, 0)
    line = text[: text.index(b"Data Text")].count(b"\n") + 2
    path.write_bytes(text.replace(b"Data Text\n", b"Data Text\nnumber ", 1))
    with pytest.raises(InputError, match=f"line {line} must be numbers"):
        read_ovf(path)
    path.write_bytes(text.replace(b"Data Text\n", b"Data Text\n1.0 ", 1))
    with pytest.raises(InputError, match=r"72 numbers.* received 73"):
        read_ovf(path)
    with pytest.raises(InputError, match=r"nothing\.ovf must be a file"):
        read_ovf(tmp_path / "nothing.ovf")
