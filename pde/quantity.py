"""Units at the door: strings such as "5 nm" become SI numbers, and SI numbers become strings for messages.

Grammar of a quantity: a number, then unit factors joined by a space or "*" (product) and "/" (quotient), each with
an optional integer power ("m^2", "m2", "m**-2"); parentheses are allowed. A product after "/" is ambiguous and
refused: write "1/(J m^3)". The angle is a dimension of its own, so that "rad/s" is not a frequency.
"""

import math
import re
from dataclasses import dataclass
from numbers import Real
from typing import Any, Final, TypeAlias

from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError, nearest, unknown_name

#: Exponents of metre, kilogram, second, ampere, kelvin, radian.
Exponents: TypeAlias = tuple[int, int, int, int, int, int]

_NONE: Final[Exponents] = (0, 0, 0, 0, 0, 0)
_PREFIXES: Final = {
    "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1, "": 1.0,
    "h": 1e2, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
}  # fmt: skip
_PREFIX_OF_POWER: Final = {
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "u",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
    15: "P",
}
#: Units that take SI prefixes: factor to SI, exponents.
_PREFIXED: Final[dict[str, tuple[float, Exponents]]] = {
    "m": (1.0, (1, 0, 0, 0, 0, 0)),
    "g": (1e-3, (0, 1, 0, 0, 0, 0)),
    "s": (1.0, (0, 0, 1, 0, 0, 0)),
    "A": (1.0, (0, 0, 0, 1, 0, 0)),
    "K": (1.0, (0, 0, 0, 0, 1, 0)),
    "rad": (1.0, (0, 0, 0, 0, 0, 1)),
    "Hz": (1.0, (0, 0, -1, 0, 0, 0)),
    "N": (1.0, (1, 1, -2, 0, 0, 0)),
    "Pa": (1.0, (-1, 1, -2, 0, 0, 0)),
    "J": (1.0, (2, 1, -2, 0, 0, 0)),
    "eV": (E_CHARGE, (2, 1, -2, 0, 0, 0)),
    "W": (1.0, (2, 1, -3, 0, 0, 0)),
    "C": (1.0, (0, 0, 1, 1, 0, 0)),
    "V": (1.0, (2, 1, -3, -1, 0, 0)),
    "Ohm": (1.0, (2, 1, -3, -2, 0, 0)),
    "S": (1.0, (-2, -1, 3, 2, 0, 0)),
    "F": (1.0, (-2, -1, 4, 2, 0, 0)),
    "H": (1.0, (2, 1, -2, -2, 0, 0)),
    "Wb": (1.0, (2, 1, -2, -1, 0, 0)),
    "T": (1.0, (0, 1, -2, -1, 0, 0)),
    "G": (1e-4, (0, 1, -2, -1, 0, 0)),
    # H in oersted is read as mu_0 H, the field outside the magnets.
    "Oe": (1e-4, (0, 1, -2, -1, 0, 0)),
}
_BARE: Final[dict[str, tuple[float, Exponents]]] = {
    "deg": (math.pi / 180, (0, 0, 0, 0, 0, 1)),
    "Angstrom": (1e-10, (1, 0, 0, 0, 0, 0)),
    "%": (1e-2, _NONE),
    "1": (1.0, _NONE),
}
_SPELLINGS: Final = str.maketrans(
    {
        "\u00b5": "u",  # micro sign
        "\u03bc": "u",  # Greek mu
        "\u2126": "Ohm",  # Ohm sign
        "\u03a9": "Ohm",  # Greek Omega
        "\u212b": "Angstrom",  # Angstrom sign
        "\u00c5": "Angstrom",  # A with ring
        "\u00b0": "deg",
        "\u2212": "-",
        "\u00b7": "*",
        "\u00d7": "*",
    }
)
_SUPERSCRIPTS: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TOKEN: Final = re.compile(r"([A-Za-z]+|%|1(?!\d))(?:(?:\^|\*\*)?\s*([+-]?\d+))?|([()*/])")


def _all_units() -> dict[str, tuple[float, Exponents]]:
    units = {p + name: (f * factor, e) for name, (factor, e) in _PREFIXED.items() for p, f in _PREFIXES.items()}
    units |= {p + "ohm": units[p + "Ohm"] for p in _PREFIXES}
    # Names that are units themselves win over a prefix with a unit.
    return units | _PREFIXED | _BARE


_UNITS: Final = _all_units()


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity.

    Attributes:
        title: with its article, as messages say it ("a length").
        unit: its SI unit, as `show` prints it.
        low, high: usual range in SI, quoted by messages; not a bound.
        usual: the unit people type ("nm").
        scaled: `show` puts an SI prefix before the unit.
    """

    title: str
    unit: str
    low: float
    high: float
    usual: str
    scaled: bool = False


#: The kinds of quantity, by name.
DIMENSIONS: Final[dict[str, Dimension]] = {
    "dimensionless": Dimension("a plain number", "", 0.0, 1.0, ""),
    "angle": Dimension("an angle", "rad", 0.0, 2 * math.pi, "deg"),
    "length": Dimension("a length", "m", 1e-10, 1e-3, "nm", True),
    "wave number": Dimension("a wave number", "1/m", 1e7, 1e11, "1/nm"),
    "area": Dimension("an area", "m^2", 1e-18, 1e-6, "um^2"),
    "volume": Dimension("a volume", "m^3", 1e-27, 1e-12, "um^3"),
    "time": Dimension("a time", "s", 1e-15, 1e-3, "ps", True),
    "frequency": Dimension("a frequency", "Hz", 1.0, 1e12, "GHz", True),
    "rate": Dimension("a rate", "1/s", 1e6, 1e15, "1/ps"),
    "velocity": Dimension("a velocity", "m/s", 1.0, 1e7, "m/s"),
    "temperature": Dimension("a temperature", "K", 0.01, 1000.0, "K", True),
    "magnetic field": Dimension("a magnetic field", "T", 0.0, 50.0, "T", True),
    "magnetisation": Dimension("a magnetisation", "A/m", 1e4, 2e6, "kA/m", True),
    "charge": Dimension("an electric charge", "C", 1e-19, 1.0, "C", True),
    "current": Dimension("a current", "A", 1e-9, 0.1, "mA", True),
    "current per length": Dimension("a current per length", "A/m", 1e-3, 1e6, "mA/mm"),
    "current density": Dimension("a current density", "A/m^2", 1e6, 1e12, "MA/cm^2"),
    "voltage": Dimension("a voltage", "V", 1e-9, 100.0, "mV", True),
    "electric field": Dimension("an electric field", "V/m", 1.0, 1e6, "kV/m"),
    "resistance": Dimension("a resistance", "Ohm", 1e-3, 1e6, "Ohm", True),
    "resistivity": Dimension("a resistivity", "Ohm m", 1e-8, 1e-5, "uOhm cm", True),
    "conductance": Dimension("a conductance", "S", 1e-6, 1e3, "S", True),
    "conductivity": Dimension("a conductivity", "S/m", 1e5, 1e8, "S/m"),
    "conductance per area": Dimension("a conductance per area", "S/m^2", 1e11, 1e16, "S/m^2"),
    "resistance area": Dimension("a resistance-area product", "Ohm m^2", 1e-16, 1e-11, "Ohm um^2"),
    "diffusion constant": Dimension("a diffusion constant", "m^2/s", 1e-6, 1e-1, "cm^2/s"),
    "mobility": Dimension("a mobility", "m^2/(V s)", 1e-5, 1.0, "cm^2/(V s)"),
    "density of states": Dimension("a density of states", "1/(J m^3)", 1e45, 1e48, "1/(eV nm^3)"),
    "areal density": Dimension("an areal density", "1/m^2", 1e17, 2e19, "1/nm^2"),
    "volume density": Dimension("a volume density", "1/m^3", 1e25, 1e29, "1/nm^3"),
    "mass": Dimension("a mass", "kg", 1e-32, 1e-28, "kg"),
    "energy": Dimension("an energy", "J", 1e-24, 1e-18, "meV"),
    "energy volume": Dimension("an energy times a volume", "J m^3", 1e-50, 1e-46, "eV nm^3"),
    "energy per area": Dimension("an energy per area", "J/m^2", 1e-6, 1e-1, "mJ/m^2"),
    "spin wave stiffness": Dimension("a spin wave stiffness", "J m^2", 1e-40, 1e-38, "meV nm^2"),
    "exchange stiffness": Dimension("an exchange stiffness", "J/m", 1e-13, 1e-10, "pJ/m"),
    "power": Dimension("a power", "W", 1e-9, 1.0, "mW", True),
    "heat flux": Dimension("a heat flux", "W/m^2", 1.0, 1e12, "W/m^2"),
    "power per length": Dimension("a power per length", "W/m", 1e-3, 1e6, "W/m"),
    "thermal conductivity": Dimension("a thermal conductivity", "W/(m K)", 0.01, 1000.0, "W/(m K)"),
    "thermal conductance per area": Dimension(
        "a thermal conductance per area", "W/(m^2 K)", 1e5, 1e11, "W/(m^2 K)"
    ),
    "heat exchange per volume": Dimension(
        "a heat exchange per volume", "W/(m^3 K)", 1e14, 1e19, "W/(m^3 K)"
    ),
    "heat capacity per volume": Dimension("a heat capacity per volume", "J/(m^3 K)", 1e2, 1e7, "J/(m^3 K)"),
    "temperature coefficient": Dimension("a temperature coefficient", "1/K", 1e-4, 1e-2, "1/K"),
    "Sommerfeld coefficient": Dimension(
        "an electronic heat capacity over T, per volume", "J/(m^3 K^2)", 10.0, 2e3, "J/(m^3 K^2)"
    ),
    "number susceptibility": Dimension(
        "a number of magnons per volume and energy", "1/(J m^3)", 1e45, 1e49, "1/(J m^3)"
    ),
    "number change per temperature": Dimension(
        "a number of magnons per volume and temperature", "1/(m^3 K)", 1e21, 1e26, "1/(m^3 K)"
    ),
    "number exchange per volume": Dimension(
        "a number of magnons per volume, temperature and time", "1/(m^3 K s)", 1e32, 1e38, "1/(m^3 K s)"
    ),
    "Seebeck coefficient": Dimension("a Seebeck coefficient", "V/K", 1e-8, 1e-2, "uV/K"),
    "bulk spin Seebeck coefficient": Dimension("a bulk spin Seebeck coefficient", "A/(m K)", 0.1, 1e3, "A/(m K)"),
}  # fmt: skip


class _Shown:
    """Prints its text without quotes inside an error message."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def parse(value: Any, dimension: str, key: str, *, bare_is_si: bool = True) -> float:
    """`value` in SI.

    Args:
        value: a string with a unit ("5 nm"), or a number.
        dimension: a name in `DIMENSIONS`.
        key: the place, as the user wrote it ("Pt.diffusion_length").
        bare_is_si: take a number without unit as SI; otherwise refuse it (plain numbers excepted). Strings always
            need a unit.

    Raises:
        InputError: no number, unknown unit, wrong dimension, missing unit, NaN or infinity.
    """
    kind = _dimension(dimension)
    if isinstance(value, bool) or not isinstance(value, (str, Real)):
        raise InputError(key, kind.title, value, f"write e.g. {_example(kind)}")
    number, unit = _split(value, kind, key) if isinstance(value, str) else (float(value), "")
    if not math.isfinite(number):
        raise InputError(key, f"{kind.title}, finite", value, f"usual: {usual_range(dimension)}")
    if not unit:
        if not kind.unit or (bare_is_si and not isinstance(value, str)):
            return number
        # A number in the usual range of the SI unit was probably meant in it.
        guess = kind.unit if kind.low <= abs(number) <= kind.high else kind.usual
        raise InputError(key, kind.title, _Shown(f"{number:g} (no unit)"), f'did you mean "{number:g} {guess}"?')
    factor, exponents = _read_unit(unit, key, kind)
    if exponents != _si_exponents(kind):
        raise InputError(
            key, kind.title, _Shown(f'"{value}" ({_title_of(exponents)})'), f"usual: {usual_range(dimension)}"
        )
    result = _scaled(number, factor)
    if not math.isfinite(result):
        raise InputError(key, f"{kind.title}, finite", value, f"usual: {usual_range(dimension)}")
    return result


def _scaled(number: float, factor: float) -> float:
    """number * factor; by the inverse where that is a whole number, so that "1.5 nm" is 1.5e-9 to the last digit."""
    inverse = 1.0 / factor
    if inverse > 1 and abs(inverse - round(inverse)) < 1e-12 * inverse:
        return number / round(inverse)
    return number * factor


def show(value: float, dimension: str) -> str:
    """An SI number as people read it: `show(5e-9, "length")` is "5 nm"; four significant digits."""
    kind = _dimension(dimension)
    if not kind.scaled or value == 0 or not math.isfinite(value):
        return f"{value:.4g} {kind.unit}".rstrip()
    # The prefix is chosen after rounding, so that 999.99 nm reads "1 um".
    mantissa, exponent = f"{value:.3e}".split("e")
    power = max(-15, min(15, 3 * (int(exponent) // 3)))
    return f"{float(mantissa) * 10.0 ** (int(exponent) - power):.4g} {_PREFIX_OF_POWER[power]}{kind.unit}"


def exact(value: float, dimension: str) -> str | float:
    """An SI number as files hold it: `parse` gives back exactly `value`; a plain number where there is no unit.

    With the SI prefix that reads best ("5 nm") where that loses nothing, otherwise in the SI unit.
    """
    kind = _dimension(dimension)
    if not kind.unit:
        return float(value)
    if value == 0:
        return f"0 {kind.unit}"
    if kind.scaled:
        power = max(-15, min(15, 3 * math.floor(math.log10(abs(value)) / 3 + 1e-12)))
        text = f"{value / 10.0**power:.12g} {_PREFIX_OF_POWER[power]}{kind.unit}"
        if parse(text, dimension, "value") == value:
            return text
    short = f"{value:.12g}"
    return f"{short if float(short) == value else repr(float(value))} {kind.unit}"


def usual_range(dimension: str) -> str:
    """The usual range of a kind of quantity, for messages: "100 pm to 1 mm"."""
    kind = _dimension(dimension)
    return f"{show(kind.low, dimension)} to {show(kind.high, dimension)}"


def _dimension(name: str) -> Dimension:
    if name not in DIMENSIONS:
        raise unknown_name("dimension", name, DIMENSIONS)
    return DIMENSIONS[name]


def _example(kind: Dimension) -> str:
    return f'"1 {kind.usual}"' if kind.usual else "0.1"


def _split(text: str, kind: Dimension, key: str) -> tuple[float, str]:
    """The number and the unit string of `text`."""
    plain = text.strip().translate(_SPELLINGS)
    match = _NUMBER.match(plain)
    if match is None:
        raise InputError(key, f"{kind.title}: a number and a unit", text, f"write e.g. {_example(kind)}")
    return float(match[0]), plain[match.end() :].translate(_SUPERSCRIPTS).strip()


def _title_of(exponents: Exponents) -> str:
    """What a quantity of these exponents is called; its SI base units where it has no name."""
    for kind in DIMENSIONS.values():
        if _si_exponents(kind) == exponents:
            return kind.title
    names = ("m", "kg", "s", "A", "K", "rad")
    return " ".join(f"{n}^{e}" for n, e in zip(names, exponents, strict=True) if e)


def _si_exponents(kind: Dimension) -> Exponents:
    return _read_unit(kind.unit or "1", "unit", kind)[1]


def _unit_hint(name: str, kind: Dimension) -> str:
    """The nearest unit of the wanted kind, or the one people use for it."""
    wanted = _si_exponents(kind)
    same_kind = [u for u, (_, exponents) in _UNITS.items() if exponents == wanted and u[0] not in "dh"]
    hint = nearest(name, same_kind)
    return hint if hint.startswith("did") else f"write e.g. {_example(kind)}"


_Factor: TypeAlias = tuple[float, Exponents]


def _read_unit(text: str, key: str, kind: Dimension) -> _Factor:
    """Factor to SI and exponents of a unit expression; `kind` is what was wanted, for hints."""
    tokens = _tokens(text, key)
    result = _product(tokens, text, key, kind)
    if tokens:
        raise InputError(key, "given with a well-formed unit", text, 'a ")" has no "(" before it')
    return result


def _tokens(text: str, key: str) -> list[re.Match[str]]:
    """The tokens of a unit expression, last first, so that `pop` reads them in order."""
    tokens: list[re.Match[str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise InputError(
                key,
                "given with a well-formed unit",
                text,
                f'cannot read "{text[position:]}"; write e.g. "1/(J m^3)"',
            )
        tokens.append(match)
        position = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
    return tokens[::-1]


def _product(tokens: list[re.Match[str]], text: str, key: str, kind: Dimension) -> _Factor:
    """Reads factors up to the end or a closing parenthesis."""
    total: _Factor = (1.0, _NONE)
    divided = False
    while tokens and tokens[-1][3] != ")":
        operator = tokens.pop()[3] if tokens[-1][3] in ("*", "/") else "*"
        if divided and operator == "*":
            raise InputError(key, "given with an unambiguous unit", text, 'use parentheses, as in "1/(J m^3)"')
        divided |= operator == "/"
        total = _times(total, _factor(tokens, text, key, kind), -1 if operator == "/" else 1)
    return total


def _factor(tokens: list[re.Match[str]], text: str, key: str, kind: Dimension) -> _Factor:
    """One unit with its power, or a group in parentheses."""
    if not tokens or tokens[-1][3] in ("*", "/", ")"):
        raise InputError(key, "given with a well-formed unit", text, "a unit is missing")
    token = tokens.pop()
    if token[3] == "(":
        group = _product(tokens, text, key, kind)
        if not tokens:
            raise InputError(key, "given with a well-formed unit", text, 'a ")" is missing')
        tokens.pop()
        return group
    name, power = token[1], int(token[2] or 1)
    if name not in _UNITS:
        raise InputError(key, "given with a known unit", name, _unit_hint(name, kind))
    return _times((1.0, _NONE), _UNITS[name], power)


def _times(left: _Factor, right: _Factor, power: int) -> _Factor:
    """left * right^power."""
    a, b, c, d, e, f = (x + power * y for x, y in zip(left[1], right[1], strict=True))
    return left[0] * right[0] ** power, (a, b, c, d, e, f)
