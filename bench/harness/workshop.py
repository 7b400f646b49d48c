"""Where supervisors run while they are measured: a directory on tmpfs, a pid namespace, and a socket that their children report to."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .model import CannotMeasure, Peer, Program

BEACON = os.environ.get("INIT_BENCH_BEACON", "out/bench/beacon")
ROOT = Path("/dev/shm")  # our own tmpfs, see bench/run
REPORT_BYTES_MAX = 256
START_LIMIT_SECONDS = 60.0
KILL_LIMIT_SECONDS = 30.0

# What a supervisor and its programs see: the same for all, whatever the caller's shell has set.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


@dataclass(frozen=True)
class Report:
    """One datagram of a beacon."""

    event: str
    name: str
    at: int  # CLOCK_MONOTONIC, nanoseconds
    value: int
    pid: int  # as seen from here


def now() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Reports:
    """The socket that beacons report to."""

    def __init__(self, path: Path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(str(path))

    def next(self, limit_seconds: float) -> Report:
        """The next report; TimeoutError when none comes in time."""
        self.socket.settimeout(max(limit_seconds, 0.001))
        text, ancillary, _, _ = self.socket.recvmsg(REPORT_BYTES_MAX, socket.CMSG_SPACE(struct.calcsize("3i")))
        pid, _, _ = struct.unpack("3i", ancillary[0][2])
        event, name, at, value = text.decode().split()
        return Report(event, name, int(at), int(value), pid)

    def collect(self, event: str, count: int, limit_seconds: float) -> list[Report]:
        """Waits for this many reports of one event; others that come meanwhile are dropped."""
        found: list[Report] = []
        deadline = time.monotonic() + limit_seconds
        while len(found) < count:
            try:
                report = self.next(deadline - time.monotonic())
            except TimeoutError:
                raise CannotMeasure(f'{len(found)} of {count} reports "{event}" came within {limit_seconds:g} s') from None
            if report.event == event:
                found.append(report)
            elif report.event == "exit":
                raise CannotMeasure(f"the supervisor exited with {report.value}")
        return found

    def drain(self) -> list[Report]:
        """What has come and not been read."""
        found: list[Report] = []
        with contextlib.suppress(TimeoutError):
            while True:
                found.append(self.next(0.001))
        return found


@dataclass
class Running:
    """A supervisor that runs in its namespace."""

    pid: int  # the supervisor
    executed_at: int
    place: Path
    programs: list[Program]
    reports: Reports
    launcher: subprocess.Popen[bytes]

    def wait_started(self, count: int, limit_seconds: float = START_LIMIT_SECONDS) -> list[Report]:
        return self.reports.collect("main", count, limit_seconds)


class Workshop:
    """Makes places and starts things in them."""

    def __init__(self) -> None:
        self.count = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[Path]:
        """An empty directory, gone afterwards. Its name is short, for a unix socket's path has 108 bytes and a #! line 256."""
        self.count += 1
        path = ROOT / f"w{self.count}"
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path)

    @contextlib.contextmanager
    def run(self, peer: Peer, programs: int = 1, mode: tuple[str, ...] = ("sleep",), logged: bool = False, stopping: bool = False) -> Iterator[Running]:
        """
        Starts this many beacons under a peer, as PID 1 of a new namespace, and kills the whole namespace in the end. The beacons run in the
        given mode: its word, then what follows socket and name. Say stopping when the peer's own end is to be timed.
        """
        with self.place() as place:
            reports = Reports(place / "beacon")
            children = [
                Program(name, [BEACON, mode[0], str(reports.path), name, *mode[1:]], logged)
                for name in (f"p{number:04}" for number in range(programs))
            ]
            command = peer.lay_out(place, children)
            reaper = peer.needs_reaper == "always" or (stopping and peer.needs_reaper == "to stop")
            with (
                open(place / "supervisor.out", "wb") as output,
                subprocess.Popen(
                    [BEACON, "kept-namespace" if reaper else "namespace", str(reports.path), *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=place,
                    env=ENVIRONMENT,
                ) as launcher,
            ):
                try:
                    started = reports.collect("exec", 1, START_LIMIT_SECONDS)[0]
                    yield Running(started.pid, started.at, place, children, reports, launcher)
                except CannotMeasure as problem:
                    tail = (place / "supervisor.out").read_bytes()[-300:].decode(errors="replace").strip()
                    raise CannotMeasure(f"{problem}{'; its last words: ' + tail if tail else ''}") from problem
                finally:
                    end(launcher)
                    reports.socket.close()


def end(launcher: subprocess.Popen[bytes]) -> None:
    """
    Kills the launcher and, by its parent-death signal, PID 1 of the namespace; the kernel then kills the rest. The place may only be
    removed when all are gone, and the launcher's own children tell when that is.
    """
    if launcher.poll() is not None:
        return
    first = children_of(launcher.pid)
    for pid in first:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.kill(pid, signal.SIGKILL)
    # The launcher waits for PID 1, whose end the kernel reports only when its namespace is empty (pid_namespaces(7)).
    try:
        launcher.wait(KILL_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        launcher.kill()
        raise


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found
