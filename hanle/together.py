"""Several processes act together: the first acts for all, or each does its part; an error on one is raised on all.

Actions must not communicate: where one process fails the others would wait for it. On one process they simply run.
"""

import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from hanle.pde.errors import HanleError
from hanle.pde.processes import Processes

T = TypeVar("T")


def each(processes: Processes, action: Callable[[], T]) -> list[T]:
    """What an action gives on each process, in their order.

    Raises:
        Exception: that of the first process that failed.
    """
    if processes.size == 1:
        return [action()]
    found: list[T] = []
    failure: Exception | None = None
    try:
        found.append(action())
    except Exception as error:
        failure = error
    outcomes = processes.gather((found, None if failure is None else _portable(failure)))
    if failure is not None:
        raise failure
    for _, remote in outcomes:
        if remote is not None:
            raise remote
    return [part for parts, _ in outcomes for part in parts]


def led(processes: Processes, action: Callable[[], T]) -> T:
    """What an action gives on the first process, which alone performs it; each process gets a copy.

    Raises:
        Exception: that of the first process.
    """
    return each(processes, lambda: [action()] if processes.rank == 0 else [])[0][0]


def streamed(processes: Processes, part: T, take: Callable[[T], None]) -> None:
    """Hand the parts of all processes to `take` of the first one, in their order and one at a time.

    Raises:
        Exception: that of `take`.
    """
    failures: list[Exception] = []

    def guarded(one: T) -> None:
        # The others go on sending, so the first process goes on receiving.
        if not failures:
            try:
                take(one)
            except Exception as error:
                failures.append(error)

    processes.stream(part, guarded)
    led(processes, lambda: _raise_first(failures))


@contextmanager
def shared(processes: Processes, make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What a context gives, for all processes; the first enters and leaves it."""
    with ExitStack() as held:
        yield led(processes, lambda: held.enter_context(make()))
        led(processes, held.close)


def _raise_first(failures: list[Exception]) -> None:
    if failures:
        raise failures[0]


def _portable(error: Exception) -> Exception:
    """The error as another process can receive it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return HanleError(str(error) if isinstance(error, HanleError) else f"{type(error).__name__}: {error}")
    return error
