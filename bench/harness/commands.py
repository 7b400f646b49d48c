"""Short commands, run and timed outside of Python: its own way to start a process costs more than some of them."""

import subprocess

from .model import CannotMeasure
from .workshop import BEACON, ENVIRONMENT

COMMAND_LIMIT_SECONDS = 60.0


def beacon(*arguments: str) -> list[int]:
    """The numbers that a helper mode of the beacon prints."""
    answer = subprocess.run(
        [BEACON, *arguments],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_SECONDS,
        check=False,
    )
    if answer.returncode != 0:
        raise CannotMeasure(answer.stderr.strip())
    return [int(word) for word in answer.stdout.split()]


def stopwatch(command: list[str], expected_exit_codes: set[int]) -> float:
    """Nanoseconds from spawn to exit."""
    elapsed, exit_code = beacon("stopwatch", *command)
    if exit_code not in expected_exit_codes:
        raise CannotMeasure(f'"{" ".join(command)[:120]}" exited with {exit_code}')
    return elapsed


def verify_flood(lines: int, files: list[str]) -> tuple[int, int]:
    """How many lines of a flood are not in these files, whole, once and in order; and how many other bytes are in them."""
    wrong, other_bytes = beacon("verify", str(lines), *files)
    return wrong, other_bytes
