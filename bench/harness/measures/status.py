"""Asking for the state of 100 programs from the command line."""

import time
from collections.abc import Iterator

from ..commands import stopwatch
from ..model import Bound, Figure, Measure, Peer
from ..peers import INIT, RUNIT, S6, SUPERVISORD
from ..workshop import Workshop

SAMPLES = 20
SETTLE_SECONDS = 2.0


def ask(workshop: Workshop, peer: Peer) -> Iterator[tuple[str, float]]:
    with workshop.run(peer, 100) as running:
        running.wait_started(100)
        time.sleep(SETTLE_SECONDS)
        command = peer.status_command(running.place, running.programs)
        stopwatch(command, {0})  # the first one reads files from disk
        for _ in range(SAMPLES):
            yield "status", stopwatch(command, {0}) / 1e6


OF_HUNDRED = Measure(
    name="status",
    title="status of 100 programs from the command line",
    how="From spawn to exit of the whole command: init status, supervisorctl status, sv status of 100 services, 100 times s6-svstat in one shell loop.",
    figures=[Figure("status", "whole process", "ms", {"init": Bound(10)})],
    subjects=[INIT, SUPERVISORD, S6, RUNIT],
    rounds=3,
    run=ask,
)
