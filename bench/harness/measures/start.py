"""From exec of the supervisor to main() of its children."""

from collections.abc import Iterator

from ..model import Bound, Figure, Measure, Peer
from ..peers import BARE, DUMB_INIT, INIT, RUNIT, S6, S6_DIRECT, SUPERVISORD, TINI
from ..workshop import Workshop


def start_one(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    yield "exec-to-main", time_to_start(workshop, peer, 1)


def start_hundred(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    yield "exec-to-100", time_to_start(workshop, peer, 100)


def time_to_start(workshop: Workshop, peer: Peer, count: int) -> float:
    with workshop.run(peer, count) as running:
        last = max(report.at for report in running.wait_started(count))
        return (last - running.executed_at) / 1e6


FIRST_CHILD = Measure(
    name="first-child",
    title="exec to the first child's main()",
    how="From just before execve of the supervisor as PID 1 to the first statement of its only child's main().",
    figures=[Figure("exec-to-main", "exec to main()", "ms", {"init": Bound(12)})],
    subjects=[INIT, SUPERVISORD, S6, S6_DIRECT, RUNIT, TINI, DUMB_INIT, BARE],
    rounds=15,
    run=start_one,
)

HUNDRED = Measure(
    name="start-100",
    title="exec to 100 programs running",
    how="From just before execve of the supervisor as PID 1 to main() of the last of its 100 children.",
    figures=[Figure("exec-to-100", "exec to the 100th main()", "ms", {"init": Bound(peer="s6")})],
    subjects=[INIT, SUPERVISORD, S6, S6_DIRECT, RUNIT],
    rounds=10,
    run=start_hundred,
)
