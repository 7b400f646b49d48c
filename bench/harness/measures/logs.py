"""500 MB of lines through each way of keeping a program's output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..commands import verify_flood
from ..model import Bound, CannotMeasure, Figure, Measure, Peer
from ..peers import INIT, INIT_MIRRORED, RUNIT, S6, SUPERVISORD
from ..processes import activity, activity_between, find_descendant
from ..workshop import BEACON, ENVIRONMENT, Report, Reports, Running, Workshop, now

LINE_BYTES = 100
LINES = 5_000_000
FLOOD_LIMIT_SECONDS = 120.0
# How long a logger may still write after the program has written its last byte.
DRAIN_LIMIT_SECONDS = 30.0
POLL_SECONDS = 0.001

# What a program does that does not buffer, and what stdio does into a pipe.
WRITE_BYTES = {"by-line": LINE_BYTES, "by-8k": 8192}


@dataclass(frozen=True)
class Capture:
    """One way to keep output: who runs the program, which process writes the file, and where it is."""

    name: str
    family: str
    peer: Peer | None  # None: a plain pipe to cat
    logger: str | None  # command name of the logging process; None = the supervisor itself
    log_files: Callable[[Path], list[Path]]  # from place; the file that is written last comes last
    prefixed: bool = False


def flood(workshop: Workshop, capture: Capture) -> Iterator[tuple[str, float]]:
    for key, write_bytes in WRITE_BYTES.items():
        through = flood_pipe(workshop, write_bytes) if capture.peer is None else flood_supervised(workshop, capture, capture.peer, write_bytes)
        with through as (place, child, logger_pid, reports):
            before = activity([logger_pid])
            os.kill(child.pid, signal.SIGUSR1)
            begin = reports.collect("begin", 1, FLOOD_LIMIT_SECONDS)[0]
            wait_for_last_line(lambda: capture.log_files(place))
            elapsed_ns = now() - begin.at
            during = activity_between(before, activity([logger_pid]))
            wrong, other_bytes = verify_flood(LINES, [str(path) for path in capture.log_files(place)])
            if wrong == 0 and other_bytes != 0 and not capture.prefixed:
                raise CannotMeasure(f"its log has {other_bytes} bytes that the program did not write")

        yield f"{key}-rate", LINES * LINE_BYTES / 1e6 / (elapsed_ns / 1e9)
        yield f"{key}-cpu", during.cpu_ns / 1e9
        yield f"{key}-wrong", wrong


@contextlib.contextmanager
def flood_supervised(workshop: Workshop, capture: Capture, peer: Peer, write_bytes: int) -> Iterator[tuple[Path, Report, int, Reports]]:
    with workshop.run(peer, mode=("flood", str(LINES), str(write_bytes)), logged=True) as running:
        child = running.wait_started(1)[0]
        time.sleep(0.2)  # the logger may start after the program
        yield running.place, child, logger_of(running, capture), running.reports


def logger_of(running: Running, capture: Capture) -> int:
    if capture.logger is None:
        return running.pid
    pid = find_descendant(running.pid, capture.logger)
    if pid is None:
        raise CannotMeasure(f"there is no process {capture.logger}")
    return pid


@contextlib.contextmanager
def flood_pipe(workshop: Workshop, write_bytes: int) -> Iterator[tuple[Path, Report, int, Reports]]:
    with workshop.place() as place:
        reports = Reports(place / "beacon")
        command = [BEACON, "flood", str(reports.path), "p0000", str(LINES), str(write_bytes)]
        with (
            open(place / "p0000.log", "wb") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT) as child,
            subprocess.Popen(["/bin/cat"], stdin=child.stdout, stdout=log, env=ENVIRONMENT) as cat,
        ):
            assert child.stdout is not None
            child.stdout.close()
            try:
                yield place, reports.collect("main", 1, 10)[0], cat.pid, reports
            finally:
                child.kill()
                reports.socket.close()


def wait_for_last_line(log_files: Callable[[], list[Path]]) -> None:
    ending = b"%012d " % (LINES - 1)
    deadline = time.monotonic() + DRAIN_LIMIT_SECONDS
    while True:
        files = log_files()
        # Right after a rotation the last line may stand at the end of the newest rotated file.
        for path in files[-2:]:
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as log:  # renamed meanwhile: the next look finds it
                log.seek(max(0, os.fstat(log.fileno()).st_size - LINE_BYTES))
                last = log.read(LINE_BYTES)
                if last.startswith(ending) and last.endswith(b"\n"):
                    return
        if time.monotonic() > deadline:
            raise CannotMeasure(f"the last line was not in its log {DRAIN_LIMIT_SECONDS:g} s after it was written")
        time.sleep(POLL_SECONDS)


def rotated_then_current(place: Path) -> list[Path]:
    """s6-log and svlogd: @TIMESTAMP.s in the order of time, then current."""
    directory = place / "log" / "p0000"
    return [*sorted(directory.glob("@*")), directory / "current"]


CAPTURE = Measure(
    name="logs",
    title="log capture: 500 MB of 100-byte lines",
    how="From the program's first write until its last line is in the file (on tmpfs). CPU is the logging process's alone. Every line is then looked up.",
    figures=[
        Figure(
            "by-line-rate",
            "one line per write",
            "MB/s",
            {"init, prefix and time": Bound(300, at_least=True), "init, file only": Bound(peer="cat", at_least=True)},
            decimals=0,
        ),
        Figure("by-line-cpu", "CPU", "s", {"init, prefix and time": Bound(1.5), "init, file only": Bound(1.5)}),
        Figure("by-line-wrong", "lines lost or doubled", "", {"init, prefix and time": Bound(0), "init, file only": Bound(0)}, decimals=0),
        Figure("by-8k-rate", "8 KiB per write", "MB/s", {"init, file only": Bound(peer="cat", at_least=True)}, decimals=0),
        Figure("by-8k-cpu", "CPU", "s", {"init, prefix and time": Bound(1.5), "init, file only": Bound(1.5)}),
        Figure("by-8k-wrong", "lines lost or doubled", "", {"init, prefix and time": Bound(0), "init, file only": Bound(0)}, decimals=0),
    ],
    subjects=[
        Capture("init, prefix and time", "init", INIT_MIRRORED, None, lambda place: [place / "supervisor.out"], prefixed=True),
        Capture("init, file only", "init", INIT, None, lambda place: [place / "log" / "p0000.log"]),
        Capture("supervisord", "supervisord", SUPERVISORD, None, lambda place: [place / "p0000.log"]),
        Capture("s6-log", "s6", S6, "s6-log", rotated_then_current),
        Capture("svlogd", "runit", RUNIT, "svlogd", rotated_then_current),
        Capture("cat", "none", None, "cat", lambda place: [place / "p0000.log"]),
    ],
    rounds=3,
    run=flood,
    notes=[
        '"init, prefix and time" writes "time name | line" to its standard output, a file here; the rate counts the program\'s bytes, not the prefix.',
        "s6-log rotates at 100 MB, because it has no larger size than 256 MiB; the others do not rotate.",
    ],
)
