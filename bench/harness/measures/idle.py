"""What a supervisor does when nothing happens."""

import time
from collections.abc import Iterator

from ..model import Bound, Figure, Measure, Peer
from ..peers import INIT, RUNIT, S6, SUPERVISORD
from ..processes import activity, activity_between, supervisor_pids
from ..workshop import Workshop

IDLE_SECONDS = 20.0
# Timers that belong to the start (startsecs, grace) have passed by then.
SETTLE_SECONDS = 4.0


def sit_still(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, 100) as running:
        running.wait_started(100)
        time.sleep(SETTLE_SECONDS)
        pids = supervisor_pids(running, peer)
        before = activity(pids)
        time.sleep(IDLE_SECONDS)
        during = activity_between(before, activity(pids))
        yield "wakeups", during.wakeups
        yield "cpu", during.cpu_ns / 1e6


HUNDRED = Measure(
    name="idle",
    title="20 s idle with 100 children, no probes",
    how="Context switches (voluntary and not) and CPU time of all threads of all the supervisor's processes, from /proc; nothing is attached to them.",
    figures=[
        Figure("wakeups", "wake-ups", "", {"init": Bound(0)}, decimals=0),
        Figure("cpu", "CPU time", "ms", {"init": Bound(1)}),
    ],
    subjects=[INIT, SUPERVISORD, S6, RUNIT],
    rounds=3,
    run=sit_still,
)
