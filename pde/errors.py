"""Errors that name the place, the value and the cure.

Grammar of every message: "*key* must be ...; instead received ...", followed by the cure.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class HanleError(Exception):
    """Base of all errors raised on purpose; the command line prints its message and exits with code 1."""


class InputError(HanleError, ValueError):
    """Something the user gave cannot be used.

    Args:
        key: the place, as the user wrote it ("materials.Pt.diffusion_length").
        must: what it must be ("a positive length").
        received: the offending value; printed with `repr` unless it is a string.
        hint: the cure, one sentence.
    """

    def __init__(self, key: str, must: str, received: Any, hint: str = "") -> None:
        self.key, self.must, self.received, self.hint = key, must, received, hint
        shown = f'"{received}"' if isinstance(received, str) else repr(received)
        message = f"{key} must be {must}; instead received {shown}"
        super().__init__(f"{message} - {hint}" if hint else message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled with the message as their only argument; this one takes its parts.
        return type(self), (self.key, self.must, self.received, self.hint)

    def within(self, place: str) -> "InputError":
        """The same error at a key inside `place` ("device.toml: ")."""
        return InputError(f"{place}{self.key}", self.must, self.received, self.hint)


class UnsupportedError(HanleError, NotImplementedError):
    """The request is sound but this part does not model it; the message names the part that does."""


class UserCodeError(HanleError):
    """A function supplied by the user raised; the message names the function, the cause is chained."""


class SolveError(HanleError, RuntimeError):
    """A solve failed; the message names cause, number and next step."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint "did you mean ...?" (or the list of known names) for a name that was not found."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f'did you mean "{close[0]}"?'
    return "known: " + ", ".join(names) if names else "there is none to choose from"


def unknown_name(key: str, name: str, known: Iterable[str]) -> InputError:
    """The error for `name`, given at `key`, that is not among `known`."""
    names = sorted(known)
    return InputError(key, "one of " + ", ".join(names), name, nearest(name, names))
