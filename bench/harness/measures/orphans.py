"""2000 zombies that PID 1 inherits in one moment."""

from collections.abc import Iterator

from ..model import Bound, Figure, Measure, Peer
from ..peers import BARE, DUMB_INIT, INIT, RUNIT, S6, SUPERVISORD, TINI
from ..workshop import Workshop

COUNT = 2000
REAP_LIMIT_SECONDS = 60.0


def reap_orphans(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, mode=("orphans", str(COUNT))) as running:
        orphaned = running.reports.collect("orphaned", 1, REAP_LIMIT_SECONDS)[0]
        reaped = running.reports.collect("reaped", 1, REAP_LIMIT_SECONDS)[0]
        yield "orphans-reaped", (reaped.at - orphaned.at) / 1e6


TWO_THOUSAND = Measure(
    name="orphans",
    title="2000 orphans reaped as PID 1",
    how="A child forks 2000 processes that exit at once, waits for none and exits. From its last fork until the last of the 2000 no longer exists.",
    figures=[Figure("orphans-reaped", "last fork to no zombie left", "ms", {"init": Bound(15)})],
    subjects=[INIT, SUPERVISORD, S6, RUNIT, TINI, DUMB_INIT, BARE],
    rounds=8,
    run=reap_orphans,
    rounds_at_most={"supervisord": 2, "runit": 4},
    notes=["Without a supervisor PID 1 is a loop around wait(2) in C: the exits still under way at the last fork, the handing over, and 2000 calls."],
)
