"""init itself: one file, no loggers unless the program is logged, and no delay before a restart."""

import json
import os
import signal
import subprocess
from pathlib import Path

from ..model import Program

BINARY = os.environ.get("INIT_BENCH_BINARY", "out/init")


class Init:
    family = "init"
    stop_signal = signal.SIGTERM
    needs_reaper = "never"

    def __init__(self, name: str = "init", mirrored: bool = False):
        self.name = name
        self.mirrored = mirrored

    def lay_out(self, place: Path, programs: list[Program]) -> list[str]:
        lines = [
            "[init]",
            f"state_dir = {quoted(place / 'state')}",
            f"log_dir = {quoted(place / 'log')}",
            f"control = {quoted(place / 'control.sock')}",
            'shutdown = "60s"',
        ]
        for program in programs:
            lines += [
                "",
                f"[program.{program.name}]",
                f"command = {json.dumps(program.command)}",
                # A program that was RUNNING is restarted at once, however often: no delay is configured.
                'backoff = { reset_after = "0s", attempts = 0 }',
                f"stdout = {self.log_table(program)}",
            ]
        config = place / "supervisor.toml"
        config.write_text("\n".join(lines) + "\n")
        return [BINARY, "run", "-c", str(config)]

    def log_table(self, program: Program) -> str:
        if not program.logged:
            return '{ file = "", mirror = false }'
        if self.mirrored:
            return '{ file = "", mirror = true }'
        return f'{{ file = "{program.name}.log", max_size = "4GB", mirror = false }}'

    def helper_names(self) -> set[str]:
        return set()

    def status_command(self, place: Path, programs: list[Program]) -> list[str]:
        return [BINARY, "status", "-c", str(place / "supervisor.toml")]

    def version(self) -> str:
        answer = subprocess.run([BINARY, "version"], capture_output=True, text=True, timeout=10, check=False)
        size = os.path.getsize(BINARY) / 1e6
        return f"{answer.stdout.strip() or 'unknown'} ({size:.1f} MB binary)"


def quoted(path: Path) -> str:
    return json.dumps(str(path))


INIT = Init()
INIT_MIRRORED = Init("init, prefix and time", mirrored=True)
