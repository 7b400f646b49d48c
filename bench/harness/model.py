"""The few nouns of a benchmark: programs, peers, figures, bounds and measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from .workshop import Workshop


class CannotMeasure(Exception):
    """This peer gave no figure in this round; the text says why. The run goes on without it."""


@dataclass(frozen=True)
class Program:
    """One child, described without regard to who supervises it."""

    name: str
    command: list[str]
    # Its stdout goes to a file by the peer's own means; otherwise it goes wherever the peer sends it without a logger.
    logged: bool = False


class Subject(Protocol):
    """Whatever has a row in a table."""

    name: str  # as in the table
    family: str  # as in --peers: "s6" selects s6, s6-ready and s6-log


class Peer(Protocol):
    """A supervisor: how to write its configuration, start it, stop it and ask it."""

    name: str
    family: str
    stop_signal: int
    # "never": it is PID 1. "to stop": it leaves before its children do, so PID 1 is a bare reaper while its stop is timed. "always": likewise.
    needs_reaper: Literal["never", "to stop", "always"]

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        """Writes the configuration below place and returns the command that runs it in the foreground."""

    def helper_names(self) -> set[str]:
        """The command names (comm) of the processes that belong to the supervisor beside PID 1."""

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        """The command that shows the state of all programs."""

    def version(self) -> str: ...


@dataclass(frozen=True)
class Bound:
    """What a figure of init's must reach: a number, or a share of a peer's median in the same run plus a number."""

    limit: float = 0
    peer: str | None = None
    at_least: bool = False
    factor: float = 1  # of the peer's

    def value(self, medians: dict[str, float]) -> float | None:
        if self.peer is None:
            return self.limit
        return medians[self.peer] * self.factor + self.limit if self.peer in medians else None

    def describe(self) -> str:
        sign = ">=" if self.at_least else "<="
        if self.peer is None:
            return f"{sign} {self.limit:g}"
        share = "" if self.factor == 1 else f"{self.factor:g} x "
        return f"{sign} {share}{self.peer}" + (f" + {self.limit:g}" if self.limit else "")

    def holds(self, median: float, medians: dict[str, float]) -> bool | None:
        """None when the peer it compares with is not in this run."""
        limit = self.value(medians)
        if limit is None:
            return None
        return median >= limit if self.at_least else median <= limit


@dataclass(frozen=True)
class Figure:
    """One number that a measure yields."""

    key: str
    title: str
    unit: str
    # Bounds by row name: "init" has most of them.
    bounds: dict[str, Bound] = field(default_factory=dict)
    decimals: int = 2


@dataclass(frozen=True)
class Measure:
    name: str
    title: str
    how: str  # one or two sentences under the title of its table
    figures: list[Figure]
    subjects: list[Subject]
    rounds: int
    # One round of one subject: (figure key, value), as often as the round has samples.
    run: Callable[[Workshop, Subject], Iterable[tuple[str, float]]]
    notes: list[str] = field(default_factory=list)
    # A subject that needs half a minute for each round gets fewer of them.
    rounds_at_most: dict[str, int] = field(default_factory=dict)
