"""What the kernel knows of the supervisor's processes: memory, CPU time and context switches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .model import Peer
from .workshop import Running, children_of


def supervisor_pids(running: Running, peer: Peer) -> list[int]:
    """PID 1, and the helpers that it runs one of per program (s6-supervise, runsv)."""
    helpers = peer.helper_names()
    if not helpers:
        return [running.pid]
    return [running.pid, *(pid for pid in children_of(running.pid) if command_name(pid) in helpers)]


def find_descendant(pid: int, name: str) -> int | None:
    """The first descendant with this command name."""
    waiting = [pid]
    while waiting:
        for child in children_of(waiting.pop()):
            if command_name(child) == name:
                return child
            waiting.append(child)
    return None


def command_name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def pss_bytes(pid: int) -> int:
    """Proportional set size: shared pages count by their share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"cannot find Pss in /proc/{pid}/smaps_rollup")


@dataclass(frozen=True)
class Activity:
    cpu_ns: int
    wakeups: int


def activity(pids: list[int]) -> Activity:
    """Time on a CPU (user and system, all threads) and context switches of both kinds until now."""
    cpu_ns = wakeups = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            cpu_ns += int((task / "schedstat").read_text().split()[0])
            for line in (task / "status").read_text().splitlines():
                if "ctxt_switches:" in line:
                    wakeups += int(line.split()[1])
    return Activity(cpu_ns, wakeups)


def activity_between(before: Activity, after: Activity) -> Activity:
    return Activity(after.cpu_ns - before.cpu_ns, after.wakeups - before.wakeups)
