"""From SIGKILL of a healthy child to main() of its replacement."""

import os
import signal
import time
from collections.abc import Iterator

from ..model import Bound, Figure, Measure, Peer
from ..peers import INIT, RUNIT, RUNIT_DIRECT, S6, S6_DIRECT, S6_READY, SUPERVISORD
from ..workshop import Workshop, now

# Longer than the second after which s6 and runit take a child for healthy.
HEALTHY_SECONDS = 1.5
SAMPLES = 5
RESTART_LIMIT_SECONDS = 15.0


def kill_only_child(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    with workshop.run(peer) as running:
        child = running.wait_started(1)[0]
        for _ in range(SAMPLES):
            time.sleep(HEALTHY_SECONDS)
            killed_at = now()
            os.kill(child.pid, signal.SIGKILL)
            child = running.wait_started(1, RESTART_LIMIT_SECONDS)[0]
            yield "kill-to-main", (child.at - killed_at) / 1e6


def kill_some_of_hundred(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, 100) as running:
        children = running.wait_started(100)
        time.sleep(HEALTHY_SECONDS)
        # Each victim is another one, and all have been up for long enough. Far apart, so that their order in any list does not matter.
        for child in sorted(children, key=lambda report: report.name)[:: 100 // SAMPLES]:
            killed_at = now()
            os.kill(child.pid, signal.SIGKILL)
            replacement = running.wait_started(1, RESTART_LIMIT_SECONDS)[0]
            yield "kill-to-main", (replacement.at - killed_at) / 1e6
            time.sleep(0.05)  # let the supervisor finish what it does after a restart


NOTES = [
    "s6 and runit start a program at most once a second. s6 waives it for a program that announced readiness (s6-ready, s6-direct) more than a second ago; "
    "runit for one that has been up for more than a second.",
    "supervisord restarts a dead child in the pass after the one that reaps it, and a pass sleeps for a second.",
]

OF_ONE = Measure(
    name="restart-1",
    title="SIGKILL of a healthy child to its replacement's main(), 1 child",
    how=f"The child has been up for {HEALTHY_SECONDS} s; no delay is configured where one can be.",
    figures=[Figure("kill-to-main", "SIGKILL to main()", "ms", {"init": Bound(2.5)})],
    subjects=[INIT, SUPERVISORD, S6, S6_READY, S6_DIRECT, RUNIT, RUNIT_DIRECT],
    rounds=4,
    run=kill_only_child,
    notes=NOTES,
)

OF_HUNDRED = Measure(
    name="restart-100",
    title="SIGKILL of a healthy child to its replacement's main(), 100 children",
    how=f"{SAMPLES} of 100 children are killed one after another, each once, all up for {HEALTHY_SECONDS} s or more.",
    figures=[Figure("kill-to-main", "SIGKILL to main()", "ms", {"init": Bound(2.5)})],
    subjects=[INIT, SUPERVISORD, S6, S6_READY, S6_DIRECT, RUNIT, RUNIT_DIRECT],
    rounds=4,
    run=kill_some_of_hundred,
    notes=NOTES,
)
