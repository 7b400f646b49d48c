"""What a small init adds to the command it runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..commands import stopwatch
from ..model import Bound, Figure, Measure
from ..peers.init import BINARY
from ..workshop import Workshop


@dataclass(frozen=True)
class Wrapping:
    name: str
    family: str
    command: tuple[str, ...]


def run_true(workshop: Workshop, wrapping: Wrapping) -> Iterator[tuple[str, float]]:
    yield "true", stopwatch([*wrapping.command, "/usr/bin/true"], {0}) / 1e6


TRUE = Measure(
    name="wrapper",
    title="init -- true over tini -- true",
    how="From spawn to exit of the whole command, not as PID 1, output discarded.",
    figures=[Figure("true", "whole process", "ms", {"init": Bound(6, peer="tini")})],
    subjects=[
        Wrapping("init", "init", (BINARY, "--")),
        Wrapping("tini", "tini", ("/usr/bin/tini", "--")),
        Wrapping("dumb-init", "dumb-init", ("/usr/bin/dumb-init", "--")),
        Wrapping("true alone", "none", ()),
    ],
    rounds=50,
    run=run_true,
)
