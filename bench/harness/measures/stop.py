"""The orderly end of 100 programs that exit when they are told to."""

import os
import time
from collections.abc import Iterator

from ..model import Bound, CannotMeasure, Figure, Measure, Peer
from ..peers import INIT, RUNIT, S6, S6_DIRECT, SUPERVISORD, SUPERVISORD_ONE_PIPE
from ..workshop import Workshop, now

COUNT = 100
STOP_LIMIT_SECONDS = 60.0
# supervisord stops a program that is STARTING another way; after this all are RUNNING (startsecs = 1).
SETTLE_SECONDS = 2.5


def stop_hundred(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, COUNT, stopping=True) as running:
        running.wait_started(COUNT)
        time.sleep(SETTLE_SECONDS)

        stop_sent_at = now()
        os.kill(running.pid, peer.stop_signal)

        farewells = 0
        deadline = time.monotonic() + STOP_LIMIT_SECONDS
        while True:
            try:
                report = running.reports.next(deadline - time.monotonic())
            except TimeoutError:
                raise CannotMeasure(f"it was still running {STOP_LIMIT_SECONDS:g} s after its stop signal") from None
            if report.event == "bye":
                farewells += 1
            if report.event == "exit":
                break
        if farewells != COUNT:
            raise CannotMeasure(f"only {farewells} of {COUNT} programs ended in order")
        yield "stop-to-exit", (report.at - stop_sent_at) / 1e6


HUNDRED = Measure(
    name="stop-100",
    title="stop of 100 cooperative programs, waiting for all",
    how="From the supervisor's stop signal (TERM; runit: HUP) to the moment when it and all 100 children have exited. Each child reports that it got TERM.",
    figures=[Figure("stop-to-exit", "stop signal to exit", "ms", {"init": Bound(peer="s6")}, decimals=1)],
    subjects=[INIT, SUPERVISORD, SUPERVISORD_ONE_PIPE, S6, S6_DIRECT, RUNIT],
    rounds=6,
    run=stop_hundred,
    rounds_at_most={SUPERVISORD_ONE_PIPE.name: 2},
    notes=[
        "supervisord stops one program per pass of its loop, and a pass lasts up to a second unless something wakes it. With the two pipes per program of "
        "its defaults the end of a program nearly always does, with one (redirect_stderr=true) it mostly does not.",
        "runsvdir itself leaves at once and does not wait. It runs below a bare reaper here, and the time is until the last process is gone.",
    ],
)
