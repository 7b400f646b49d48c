"""The supervisor's share of memory with 1, 100 and 1000 children."""

import time
from collections.abc import Iterator

from ..model import Bound, Figure, Measure, Peer
from ..peers import DUMB_INIT, INIT, RUNIT, S6, SUPERVISORD, TINI
from ..processes import pss_bytes, supervisor_pids
from ..workshop import Workshop

COUNTS = [1, 100, 1000]
SETTLE_SECONDS = 3.0


def weigh(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    for count in COUNTS:
        if count > 1 and peer in (TINI, DUMB_INIT):
            break  # they run one program only
        with workshop.run(peer, count) as running:
            running.wait_started(count)
            time.sleep(SETTLE_SECONDS)
            yield f"pss-{count}", sum(pss_bytes(pid) for pid in supervisor_pids(running, peer)) / 1e6


OF_SUPERVISOR = Measure(
    name="memory",
    title="memory (PSS) of the supervisor with 1, 100 and 1000 children",
    how="Proportional set size from smaps_rollup, 3 s after the last start, without loggers; for s6 and runit summed over PID 1 and one helper per program.",
    figures=[
        Figure("pss-1", "1 child", "MB", {"init": Bound(12)}),
        Figure("pss-100", "100 children", "MB", {"init": Bound(14)}),
        Figure("pss-1000", "1000 children", "MB", {"init": Bound(25)}),
    ],
    subjects=[INIT, SUPERVISORD, S6, RUNIT, TINI, DUMB_INIT],
    rounds=3,
    run=weigh,
)
