"""supervisord's XML-RPC interface: how long the state of 100 programs takes, how much it carries while they crash, and supervisorctl."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..commands import stopwatch
from ..model import Bound, CannotMeasure, Figure, Measure
from ..peers.init import BINARY
from ..peers.supervisord import AS_SUPERVISORD, AS_SUPERVISORD_CRASHING, SUPERVISORD, SUPERVISORD_CRASHING, Supervisord
from ..rpc import Connection, call, run_load
from ..workshop import Running, Workshop

PROGRAMS = 100
SETTLE_SECONDS = 2.5
SAMPLES = 200
COMMAND_SAMPLES = 20
SERVING_LIMIT_SECONDS = 20.0

CLIENTS = 50
# A little more than what must be carried, so that the last answers' way does not count against it.
PER_SECOND = 1010.0
LOAD_SECONDS = 10.0
# One call of so many is for all processes, the others are for one.
CALLS_PER_LISTING = 20
LIFE_MILLISECONDS = 1000
RESTART_LIMIT_SECONDS = 15.0

ALL_PROCESSES = "supervisor.getAllProcessInfo"


def serving(peer: Supervisord, running: Running) -> None:
    """Waits until it answers, then until it has nothing left to do."""
    path = peer.socket(running.place)
    deadline = time.monotonic() + SERVING_LIMIT_SECONDS
    while True:
        connection = Connection(path)
        try:
            connection.ask(call("supervisor.getState"))
            break
        except OSError as problem:
            if time.monotonic() > deadline:
                raise CannotMeasure(f"nobody answers at {path}: {problem}") from None
            time.sleep(0.05)
        finally:
            connection.close()
    time.sleep(SETTLE_SECONDS)


def ask(workshop: Workshop, peer: Supervisord) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, PROGRAMS) as running:
        running.wait_started(PROGRAMS)
        serving(peer, running)
        for key, keep in [("kept", True), ("new", False)]:
            connection = Connection(peer.socket(running.place))
            request = call(ALL_PROCESSES, keep=keep)
            for number in range(SAMPLES + 10):
                began = time.monotonic_ns()
                connection.ask(request)
                elapsed = time.monotonic_ns() - began
                if not keep:
                    connection.close()
                if number >= 10:  # the first ones find nothing prepared
                    yield key, elapsed / 1e6
            connection.close()


def load_while_crashing(workshop: Workshop, peer: Supervisord) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, PROGRAMS, mode=("crash", str(LIFE_MILLISECONDS))) as running:
        running.wait_started(PROGRAMS)
        serving(peer, running)
        running.reports.drain()
        requests = [
            [call(ALL_PROCESSES) if number % CALLS_PER_LISTING == client % CALLS_PER_LISTING else call("supervisor.getProcessInfo", program.name)
             for number, program in enumerate(running.programs)]
            for client in range(CLIENTS)
        ]
        load = run_load(peer.socket(running.place), CLIENTS, PER_SECOND, LOAD_SECONDS, requests)
        late = lateness(running, load.began, load.ended)
        latencies = sorted(load.latencies)
        yield "worst", max(late)
        yield "median", statistics.median(late)
        yield "restarts", len(late) / ((load.ended - load.began) / 1e9)
        yield "rate", load.per_second
        yield "latency", statistics.median(latencies) / 1e6
        yield "latency-99", latencies[int(len(latencies) * 0.99)] / 1e6


def lateness(running: Running, began: int, ended: int) -> list[float]:
    """For each end of a program in this time: the milliseconds until main() of its next life."""
    died: dict[str, int] = {}
    late: list[float] = []
    deadline = time.monotonic() + RESTART_LIMIT_SECONDS
    while True:
        try:
            report = running.reports.next(min(1.0, deadline - time.monotonic()))
        except TimeoutError:
            report = None
        if report is None or time.monotonic() > deadline:
            raise CannotMeasure(f"{len(died)} programs did not come back within {RESTART_LIMIT_SECONDS:g} s")
        if report.event == "bye" and began <= report.at < ended:
            died[report.name] = report.at
        elif report.event == "main" and report.name in died:
            late.append((report.at - died.pop(report.name)) / 1e6)
        # What is under way at the end is waited for.
        if report.at >= ended and not died:
            return late


@dataclass(frozen=True)
class Supervisorctl:
    """A supervisorctl and whom it asks."""

    name: str
    family: str
    server: Supervisord
    ours: bool


def run_supervisorctl(workshop: Workshop, subject: Supervisorctl) -> Iterator[tuple[str, float]]:
    with workshop.run(subject.server, PROGRAMS) as running:
        running.wait_started(PROGRAMS)
        serving(subject.server, running)
        command = subject.server.status_command(running.place, running.programs)
        if subject.ours:
            link = running.place / "supervisorctl"
            link.symlink_to(BINARY)
            command[0] = str(link)
        stopwatch(command, {0})  # the first one reads files from disk
        for _ in range(COMMAND_SAMPLES):
            yield "status", stopwatch(command, {0}) / 1e6


LATENCY = Measure(
    name="rpc",
    title="getAllProcessInfo of 100 programs at the unix socket",
    how="From before the request is sent (and, without keep-alive, the connection is made) to the last byte of the answer, which is not parsed. "
    "Both run the same supervisord.conf.",
    figures=[
        Figure("kept", "on a kept connection", "ms", {"init": Bound(2)}),
        Figure("new", "with a new connection", "ms", {"init": Bound(2)}),
    ],
    subjects=[AS_SUPERVISORD, SUPERVISORD],
    rounds=3,
    run=ask,
)

LOAD = Measure(
    name="rpc-load",
    title="1,000 calls a second while 100 programs crash-loop",
    how=f"{CLIENTS} clients send {PER_SECOND:g} calls/s in all for {LOAD_SECONDS:g} s: one of {CALLS_PER_LISTING} is getAllProcessInfo, the others are getProcessInfo. "
    f"Each program lives for {LIFE_MILLISECONDS / 2:g} to {LIFE_MILLISECONDS * 1.5:g} ms, then fails; startsecs=0 and autorestart=true, so that it is due again at once. "
    "A restart's lateness is from just before the exit to main() of the next life, by the programs' own reports; a call's latency counts from when it was due.",
    figures=[
        Figure("worst", "the latest restart", "ms", {"init": Bound(20)}),
        Figure("median", "the median restart", "ms"),
        Figure("restarts", "restarts", "/s", decimals=1),
        Figure("rate", "calls answered", "/s", {"init": Bound(1000, at_least=True)}, decimals=1),
        Figure("latency", "the median call", "ms"),
        Figure("latency-99", "the 99th percentile of the calls", "ms"),
    ],
    subjects=[AS_SUPERVISORD_CRASHING, SUPERVISORD_CRASHING],
    rounds=3,
    run=load_while_crashing,
    notes=["The clients, all in one process, run on the same cores as the supervisor and the programs. The latest restart is one sample per round."],
)

SUPERVISORCTL = Measure(
    name="supervisorctl",
    title="supervisorctl status of 100 programs",
    how="From spawn to exit of the whole command, output discarded.",
    figures=[Figure("status", "whole process", "ms", {"init": Bound(15)})],
    subjects=[
        Supervisorctl("init", "init", AS_SUPERVISORD, ours=True),
        Supervisorctl("Debian's supervisorctl, init", "init", AS_SUPERVISORD, ours=False),
        Supervisorctl("supervisord", "supervisord", SUPERVISORD, ours=False),
    ],
    rounds=3,
    run=run_supervisorctl,
)
