"""runsvdir with one runsv per program."""

import signal
from pathlib import Path

from ..model import Program
from .files import direct_run, package_version, shell_run, write_script


class Runit:
    family = "runit"
    # HUP is its orderly end: TERM to every runsv, which in turn stops its program. TERM would leave them all running.
    stop_signal = signal.SIGHUP
    needs_reaper = "to stop"

    def __init__(self, name: str, direct: bool = False):
        self.name = name
        self.direct = direct

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        for program in programs:
            service = place / "scan" / program.name
            write_script(service / "run", direct_run(program.command) if self.direct else shell_run(program.command))
            if program.logged:
                directory = place / "log" / program.name
                directory.mkdir(parents=True)
                (directory / "config").write_text("s0\n")  # never rotate
                write_script(service / "log" / "run", shell_run(["svlogd", str(directory)]))
        return ["/usr/bin/runsvdir", "-P", str(place / "scan")]

    def helper_names(self) -> set[str]:
        return {"runsv"}

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        return ["/usr/bin/sv", "status", *(str(place / "scan" / p.name) for p in programs)]

    def version(self) -> str:
        return package_version("runit")


RUNIT = Runit("runit")
RUNIT_DIRECT = Runit("runit-direct", direct=True)
