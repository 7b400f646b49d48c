"""s6-svscan with one s6-supervise per program.

Three variants, because s6 is only as fast as its run files let it be:
  s6         a run file in sh, as people write it
  s6-ready   the same, and the program announces readiness on descriptor 3: after one second of it, s6 restarts without its floor of a second
  s6-direct  as s6-ready, and the run file's interpreter is the program itself, so no shell is executed: the best that s6 can do
"""

import signal
from pathlib import Path

from ..model import Program
from .files import direct_run, package_version, shell_run, write_script

READY_DESCRIPTOR = 3


class S6Svscan:
    family = "s6"
    stop_signal = signal.SIGTERM
    needs_reaper = "never"

    def __init__(self, name: str, ready: bool = False, direct: bool = False):
        self.name = name
        self.ready = ready
        self.direct = direct

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        for program in programs:
            service = place / "scan" / program.name
            write_script(service / "run", self.run_file(program))
            if self.ready:
                (service / "notification-fd").write_text(f"{READY_DESCRIPTOR}\n")
            if program.logged:
                # Its largest size of a file is 256 MiB, so this one rotates; the others need not.
                logger = ["s6-log", "n20", "s100000000", str(place / "log" / program.name)]
                (place / "log" / program.name).mkdir(parents=True)
                write_script(service / "log" / "run", shell_run(logger))
        return ["/usr/bin/s6-svscan", "-c", "2000", "-t", "0", str(place / "scan")]

    def run_file(self, program: Program) -> str:
        command = [*program.command, str(READY_DESCRIPTOR)] if self.ready else program.command
        return direct_run(command) if self.direct else shell_run(command)

    def helper_names(self) -> set[str]:
        return {"s6-supervise"}

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        # s6-svstat answers for one service at a time.
        names = " ".join(str(place / "scan" / p.name) for p in programs)
        return ["/bin/sh", "-c", f"for service in {names}; do s6-svstat $service; done"]

    def version(self) -> str:
        return package_version("s6")


S6 = S6Svscan("s6")
S6_READY = S6Svscan("s6-ready", ready=True)
S6_DIRECT = S6Svscan("s6-direct", ready=True, direct=True)
