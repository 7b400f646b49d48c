"""Inits that run one command: tini, dumb-init, and for comparison none at all."""

import signal
from pathlib import Path

from ..model import CannotMeasure, Program
from .files import package_version


class Wrapper:
    stop_signal = signal.SIGTERM
    needs_reaper = "never"

    def __init__(self, name: str):
        self.name = self.family = name

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        if len(programs) != 1:
            raise CannotMeasure("it runs one program only")
        return [f"/usr/bin/{self.name}", "--", *programs[0].command]

    def helper_names(self) -> set[str]:
        return set()

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        raise CannotMeasure("it has no status")

    def version(self) -> str:
        return package_version(self.name)


class Bare:
    """No supervisor: the child runs below a reaper that does nothing but wait. What it takes, nobody can go below."""

    name = "no supervisor"
    family = "none"
    stop_signal = signal.SIGTERM
    needs_reaper = "always"

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        return programs[0].command

    def helper_names(self) -> set[str]:
        return set()

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        raise CannotMeasure("it has no status")

    def version(self) -> str:
        return ""


BARE = Bare()
TINI = Wrapper("tini")
DUMB_INIT = Wrapper("dumb-init")
