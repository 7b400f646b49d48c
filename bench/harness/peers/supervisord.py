"""supervisord, with its defaults wherever they do not matter here; and init, which runs the same file."""

import shlex
import signal
from pathlib import Path

from ..model import Program
from .files import package_version
from .init import BINARY, INIT


class Supervisord:
    family = "supervisord"
    stop_signal = signal.SIGTERM
    needs_reaper = "never"

    def __init__(self, name: str, redirect: bool = False, startsecs: int = 1):
        self.name = name
        self.redirect = redirect
        self.startsecs = startsecs

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        # Three pipes per program. It closes every number below minfds in each child, so more than needed would slow its spawns down.
        descriptors = max(1024, 4 * len(programs) + 64)
        sections = [
            f"""[supervisord]
nodaemon=true
user=root
logfile={place}/supervisord.log
logfile_maxbytes=0
pidfile={place}/supervisord.pid
childlogdir={place}
minfds={descriptors}
[unix_http_server]
file={place}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{place}/supervisor.sock
"""
        ]
        for program in programs:
            log = str(self.log_file(place, program.name)) if program.logged else "NONE"
            sections.append(
                f"""[program:{program.name}]
command={shlex.join(program.command)}
autorestart=true
startsecs={self.startsecs}
{"redirect_stderr=true" if self.redirect else "stderr_logfile=NONE"}
stdout_logfile={log}
stdout_logfile_maxbytes=0
"""
            )
        config = place / "supervisord.conf"
        config.write_text("\n".join(sections))
        return ["/usr/bin/supervisord", "-c", str(config)]

    def socket(self, place: Path) -> Path:
        """Where it serves XML-RPC."""
        return place / "supervisor.sock"

    def log_file(self, place: Path, name: str) -> Path:
        return place / f"{name}.log"

    def helper_names(self) -> set[str]:
        return set()

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        return ["/usr/bin/supervisorctl", "-c", str(place / "supervisord.conf"), "status"]

    def version(self) -> str:
        return package_version("supervisor")


class AsSupervisord(Supervisord):
    """init with a supervisord.conf."""

    family = "init"

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        _, *options = super().lay_out(place, programs)
        return [BINARY, "run", *options]

    def version(self) -> str:
        return INIT.version()


SUPERVISORD = Supervisord("supervisord")
# One pipe per program instead of two. It matters to its stop: see measures/stop.py.
SUPERVISORD_ONE_PIPE = Supervisord("supervisord, redirect_stderr", redirect=True)
AS_SUPERVISORD = AsSupervisord("init")
# A program that ends is due again at once, however short its life was.
SUPERVISORD_CRASHING = Supervisord("supervisord", startsecs=0)
AS_SUPERVISORD_CRASHING = AsSupervisord("init", startsecs=0)
