"""A figure, what it is held against, and tables of them."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from rich.console import Console
from rich.table import Table


class Bound(StrEnum):
    """How a figure is compared: with a least, with a most, or not at all."""

    AT_LEAST = "≥"
    BELOW = "<"
    NONE = ""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """
    One measured number.

    `target` must be met, `aim` would be good; both are None where a figure only explains another one. `note` says
    what the number is made of.
    """

    name: str
    measured: float
    unit: str = ""
    bound: Bound = Bound.NONE
    target: float | None = None
    aim: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`missed`, `met`, `aim met`, or nothing where there is no target."""
        if self.target is None:
            return ""
        if not self._meets(self.target):
            return "missed"
        return "aim met" if self.aim is not None and self._meets(self.aim) else "met"

    def _meets(self, value: float) -> bool:
        return self.measured >= value if self.bound is Bound.AT_LEAST else self.measured < value


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one benchmark found."""

    name: str
    figures: Sequence[Figure]
    seconds: float


def at_least(
    name: str, measured: float, target: float, *, aim: float | None = None, unit: str = "", note: str = ""
) -> Figure:
    return Figure(name=name, measured=measured, unit=unit, bound=Bound.AT_LEAST, target=target, aim=aim, note=note)


def below(name: str, measured: float, target: float, *, unit: str, note: str = "") -> Figure:
    return Figure(name=name, measured=measured, unit=unit, bound=Bound.BELOW, target=target, note=note)


def show(report: Report, console: Console) -> None:
    """The report as a table."""
    table = Table(title=f"{report.name} ({report.seconds:.0f} s)", title_justify="left", title_style="bold")
    for heading in ("figure", "measured", "target", "aim", "verdict", "made of"):
        table.add_column(heading, justify="right" if heading in ("measured", "target", "aim") else "left")
    for figure in report.figures:
        table.add_row(
            figure.name,
            _number(figure.measured, figure.unit),
            _limit(figure, figure.target),
            _limit(figure, figure.aim),
            figure.verdict,
            figure.note,
        )
    console.print(table)


def _limit(figure: Figure, value: float | None) -> str:
    return "" if value is None else f"{figure.bound.value} {_number(value, figure.unit)}"


def _number(value: float, unit: str) -> str:
    """Three digits or so, and enough of them to tell a ratio from its target."""
    magnitude = abs(value)
    digits = 2
    if magnitude >= 100 or (magnitude >= 10 and value == int(value)):
        digits = 0
    elif magnitude >= 10:
        digits = 1
    elif magnitude < 1 and round(value, 2) != value:
        digits = 3
    text = f"{value:,.{digits}f}"
    return f"{text} {unit}" if unit else text
