"""3D pictures off screen with pyvista, and what to do where the machine cannot render.

VTK does not raise where it finds no renderer: it ends the process. So a child process draws a small picture first;
only where it comes back with one does this process render.
"""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hanle.pde.tensors import Array

Image: TypeAlias = NDArray[np.uint8]

#: Variable by which VTK chooses its window, and the choices in order: EGL, OSMesa, VTK's own choice.
WINDOW_VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
WINDOWS = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow", "") if sys.platform.startswith("linux") else ("",)
#: Seconds that the trial picture may take.
PATIENCE = 60.0
#: Pixels of a scene before its white margin is cut off.
SCENE_SIZE = (2200, 1400)
CURE = "apt-get install libegl1 libgl1-mesa-dri (or install a headless build of the vtk package)"

_TRIAL = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(32, 32))
plotter.add_mesh(pyvista.Cube())
print("spread", plotter.screenshot(return_img=True).std())
plotter.close()
"""


class RendererWarning(UserWarning):
    """The machine cannot render in 3D; the message names the cure."""


@lru_cache(maxsize=1)
def renderer() -> tuple[str | None, str]:
    """(window class of VTK that renders here, or None; why not). Tried once per process, in a child process."""
    reason = "unknown"
    for window in WINDOWS:
        environment = {**os.environ, WINDOW_VARIABLE: window}
        if not window:
            environment.pop(WINDOW_VARIABLE)
        try:
            trial = subprocess.run(
                [sys.executable, "-c", _TRIAL], env=environment, capture_output=True, text=True, timeout=PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
            continue
        words = trial.stdout.split()
        if trial.returncode == 0 and "spread" in words and float(words[words.index("spread") + 1]) > 1.0:
            return window, ""
        reason = (trial.stderr.strip().splitlines() or [f"exit code {trial.returncode}"])[-1]
    return None, reason


def can_render() -> bool:
    """Whether this machine renders in 3D; if not, a RendererWarning names the cure."""
    window, reason = renderer()
    if window is None:
        message = f"no 3D renderer works here ({reason}); plane sections are drawn instead. Cure: {CURE}"
        warnings.warn(message, RendererWarning, stacklevel=3)
    return window is not None


@contextmanager
def _window_choice() -> Iterator[None]:
    """VTK's environment variable, set while a window is made."""
    window, before = renderer()[0], os.environ.get(WINDOW_VARIABLE)
    if window:
        os.environ[WINDOW_VARIABLE] = window
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(WINDOW_VARIABLE, None)
        else:
            os.environ[WINDOW_VARIABLE] = before


def render(
    draw: Callable[[Any], None], *, direction: tuple[float, float, float], marks: Array
) -> tuple[Image, Array]:
    """Draw a scene on white, with parallel projection and z upwards, and cut off the margin.

    Args:
        draw: adds its actors to a pyvista.Plotter.
        direction: from the scene to the camera.
        marks: (n, 3) places in the scene whose pixels are wanted (for labels).

    Returns:
        (image (rows, columns, 3), pixels (n, 2) of the marks: column and row in the image).
    """
    import pyvista

    with _window_choice():
        plotter = pyvista.Plotter(off_screen=True, window_size=SCENE_SIZE, lighting="light kit")
        try:
            plotter.set_background("white")
            draw(plotter)
            plotter.enable_parallel_projection()
            plotter.view_vector(direction, viewup=(0, 0, 1))
            plotter.enable_anti_aliasing("ssaa")
            plotter.render()
            _fit(plotter)
            image = np.asarray(plotter.screenshot(return_img=True))[..., :3]
            pixels = np.array([_pixel(plotter.renderer, mark, image.shape[0]) for mark in marks])
        finally:
            plotter.close()
    return _cropped(image, pixels)


def _fit(plotter: Any) -> None:
    """Fill the window: the default camera leaves room for a sphere around the scene."""
    x0, x1, y0, y1, z0, z1 = plotter.bounds
    corners = np.array([(x, y, z) for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)])
    height = plotter.window_size[1]
    spots = np.array([_pixel(plotter.renderer, corner, height) for corner in corners])
    share = np.ptp(spots, axis=0) / np.array(plotter.window_size)
    plotter.camera.parallel_scale *= float(share.max()) / 0.94
    plotter.render()


def _pixel(renderer: Any, place: Array, height: int) -> tuple[float, float]:
    renderer.SetWorldPoint(*(float(x) for x in place), 1.0)
    renderer.WorldToDisplay()
    column, row, _ = renderer.GetDisplayPoint()
    return column, height - 1 - row


def _cropped(image: Image, pixels: Array) -> tuple[Image, Array]:
    inked = np.any(image < 250, axis=-1)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not rows.size:
        return image, pixels
    top, left = rows[0], columns[0]
    return image[top : rows[-1] + 1, left : columns[-1] + 1], pixels.reshape(-1, 2) - [left, top]
