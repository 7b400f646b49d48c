"""The public port: requests a second, their tail, events, idle WebSockets, large bodies, memory at rest."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import gateway_peers
from ..model import Bound, CannotMeasure, Figure, Measure
from ..peers.gateways import BACKEND_PORT, GATEWAYS, INIT_GATEWAY, NGINX, NGINX_LUA, PATHS, Gateway, small_reply_backend, started
from ..processes import pss_bytes
from ..workshop import ENVIRONMENT, Workshop

WARM_SECONDS, LOAD_SECONDS = 2, 6
CONNECTIONS = 32
TAIL_SHARE = 0.7
TAIL_SECONDS = 6
EVENTS, EVENT_PAUSE_SECONDS = 600, 0.005
# Each needs two open files of a gateway that is one process, and the limit may be 20,000.
SOCKETS_OPENED, SOCKETS = 9_000, 10_000
BULK_BYTES = 10 * 1000**3
SETTLE_SECONDS = 5.0
# Idle is what they have been for a while: init gives memory back when it has come to rest, at most once a minute.
IDLE_SECONDS = 70.0
COMMAND_LIMIT_SECONDS = 300.0

DIRECT = Gateway("no gateway", "none", lambda place, rules, connections: [], port=BACKEND_PORT)


@contextmanager
def between(workshop: Workshop, gateway: Gateway, rules: int = 9) -> Iterator[tuple[Path, list[int]]]:
    """The backend with small replies, and the gateway in front of it; gives its processes."""
    with workshop.place() as place, small_reply_backend(place):
        if gateway is DIRECT:
            yield place, []
        else:
            with gateway.run(place, rules) as process:
                yield place, gateway.pids(process)


def wrk(place: Path, port: int, seconds: int) -> tuple[float, float, float]:
    """Requests a second, and the median and the 99th percentile of their time in milliseconds."""
    paths = ", ".join(f'"{path}"' for path in PATHS)
    script = place / "paths.lua"
    script.write_text(f"local paths, n = {{ {paths} }}, 0\nrequest = function() n = n % #paths + 1; return wrk.format(nil, paths[n]) end\n")
    answer = run(["/usr/bin/wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}/"])
    if "Non-2xx" in answer or "Socket errors" in answer:
        raise CannotMeasure(f"not every request was answered: {answer[-300:]}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", answer)
    percentiles = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+\w+)$", answer, re.MULTILINE))
    if rate is None or len(percentiles) != 2:
        raise CannotMeasure(f"cannot read what wrk says: {answer[-300:]}")
    return float(rate[1]), milliseconds(percentiles["50"]), milliseconds(percentiles["99"])


def milliseconds(text: str) -> float:
    for unit, factor in [("us", 0.001), ("ms", 1.0), ("s", 1000.0)]:
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise CannotMeasure(f"cannot read the time {text}")


def run(command: list[str]) -> str:
    answer = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_LIMIT_SECONDS, check=False)
    if answer.returncode != 0:
        raise CannotMeasure(f"{command[0]} exited with {answer.returncode}: {(answer.stderr or answer.stdout)[-300:]}")
    return answer.stdout


def requests(workshop: Workshop, gateway: Gateway) -> Iterator[tuple[str, float]]:
    with between(workshop, gateway) as (place, _):
        wrk(place, gateway.port, WARM_SECONDS)
        few, p50, p99 = wrk(place, gateway.port, LOAD_SECONDS)
    yield "rate", few
    yield "p50", p50
    yield "p99", p99
    if gateway is DIRECT:
        return
    with between(workshop, gateway, rules=1000) as (place, _):
        wrk(place, gateway.port, WARM_SECONDS)
        many, _, _ = wrk(place, gateway.port, LOAD_SECONDS)
    yield "rate-1000", many
    yield "loss", (1 - many / few) * 100


reference_rate: list[float] = []


def tail(workshop: Workshop, gateway: Gateway) -> Iterator[tuple[str, float]]:
    """The same load for all: a share of what nginx with Lua can carry on this machine."""
    if not reference_rate:
        with between(workshop, NGINX_LUA) as (place, _):
            wrk(place, NGINX_LUA.port, WARM_SECONDS)
            reference_rate.append(wrk(place, NGINX_LUA.port, LOAD_SECONDS)[0])
    per_client = max(1, round(reference_rate[0] * TAIL_SHARE / CONNECTIONS))
    with between(workshop, gateway) as (place, _):
        wrk(place, gateway.port, WARM_SECONDS)
        log = place / "requests.log"
        total = per_client * CONNECTIONS * TAIL_SECONDS
        run([
            "/usr/bin/h2load", "--h1", f"-c{CONNECTIONS}", "-t1", f"-n{total}", f"--rps={per_client}", f"--log-file={log}",
            f"http://127.0.0.1:{gateway.port}/api/chat",
        ])
        rows = [line.split("\t") for line in log.read_text().splitlines()]
        if any(status != "200" for _, status, _ in rows):
            raise CannotMeasure("not every request was answered with 200")
        # The first second finds nothing prepared.
        first = min(int(start) for start, _, _ in rows)
        times = sorted(int(elapsed) for start, _, elapsed in rows if int(start) - first > 1_000_000)
        yield "offered", per_client * CONNECTIONS
        yield "p50", times[len(times) // 2] / 1000
        yield "p99", times[int(len(times) * 0.99)] / 1000
        yield "p999", times[int(len(times) * 0.999)] / 1000


def events(workshop: Workshop, gateway: Gateway) -> Iterator[tuple[str, float]]:
    with workshop.place() as place, started(gateway_peers.command("events", BACKEND_PORT, EVENTS, EVENT_PAUSE_SECONDS), place, BACKEND_PORT), gateway.run(place):
        gateway_peers.event_latencies(gateway.port)  # the first ones find nothing prepared
        through, direct = [], []
        for _ in range(2):
            direct += gateway_peers.event_latencies(BACKEND_PORT)
            through += gateway_peers.event_latencies(gateway.port)
        if len(through) < EVENTS:
            raise CannotMeasure(f"{len(through)} of {2 * EVENTS} events came")
        yield "p50", (statistics.median(through) - statistics.median(direct)) / 1e6
        yield "p99", (percentile(through, 0.99) - percentile(direct, 0.99)) / 1e6


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[int(len(values) * share)]


def idle_sockets(workshop: Workshop, gateway: Gateway) -> Iterator[tuple[str, float]]:
    with (
        workshop.place() as place,
        started(gateway_peers.command("websockets", BACKEND_PORT), place, BACKEND_PORT),
        gateway.run(place, connections=2 * SOCKETS) as process,
    ):
        pids = gateway.pids(process)
        time.sleep(SETTLE_SECONDS)
        before = sum(map(pss_bytes, pids))
        with gateway_peers.open_websockets(gateway.port, SOCKETS_OPENED):
            time.sleep(IDLE_SECONDS)
            after = sum(map(pss_bytes, pids))
        each = (after - before) / SOCKETS_OPENED
        yield "total", (before + each * SOCKETS) / 1e6
        yield "each", each


def bulk(workshop: Workshop, gateway: Gateway) -> Iterator[tuple[str, float]]:
    with (
        workshop.place() as place,
        started(gateway_peers.command("bulk", BACKEND_PORT, BULK_BYTES), place, BACKEND_PORT),
        gateway.run(place) as process,
    ):
        pids = gateway.pids(process)
        time.sleep(1)
        with gateway_peers.peak_memory(pids) as peak:
            yield "download", gateway_peers.download(gateway.port, BULK_BYTES) / 1e6
            yield "upload", gateway_peers.upload(gateway.port, BULK_BYTES) / 1e6
        yield "memory", peak.growth_bytes / 1e6


def at_rest(workshop: Workshop, gateway: Gateway) -> Iterator[tuple[str, float]]:
    with workshop.place() as place, gateway.run(place) as process:
        time.sleep(SETTLE_SECONDS)
        yield "pss", sum(map(pss_bytes, gateway.pids(process))) / 1e6


REQUESTS = Measure(
    name="gateway",
    title="requests/s through the public port",
    how=f"wrk with {CONNECTIONS} kept connections, replies of 32 bytes, 9 rules as the original's defaults are, then 1,000; load, gateway and backend share the cores. "
    "p50 and p99 are those of the full load.",
    figures=[
        Figure("rate", "9 rules", "requests/s", {"init": Bound(peer="nginx+Lua", at_least=True)}, decimals=0),
        Figure("p50", "p50", "ms"),
        Figure("p99", "p99", "ms"),
        Figure("rate-1000", "1,000 rules", "requests/s", decimals=0),
        Figure("loss", "loss by 1,000 rules", "%", {"init": Bound(5)}, decimals=1),
    ],
    subjects=[*GATEWAYS, DIRECT],
    rounds=3,
    run=requests,
)

TAIL = Measure(
    name="gateway-tail",
    title="response time through the public port at a given load",
    how=f"h2load with {CONNECTIONS} kept connections at {TAIL_SHARE:.0%} of what nginx+Lua carries at most, 9 rules; each request's time from its own log.",
    figures=[
        Figure("offered", "load", "requests/s", decimals=0),
        Figure("p50", "p50", "ms"),
        Figure("p99", "p99", "ms", {"init": Bound(peer="nginx")}),
        Figure("p999", "p99.9", "ms"),
    ],
    subjects=[*GATEWAYS, DIRECT],
    rounds=3,
    run=tail,
)

EVENT = Measure(
    name="gateway-events",
    title="time that the public port adds to an event of a stream",
    how="A backend writes the time into a server-sent event every 5 ms, a client reads it; the difference between its time through the gateway and straight from the backend.",
    figures=[Figure("p50", "p50", "ms", {"init": Bound(0.2)}, decimals=3), Figure("p99", "p99", "ms", decimals=3)],
    subjects=GATEWAYS,
    rounds=3,
    run=events,
    notes=["nginx keeps responses back until a buffer is full unless it is told not to; the backend says X-Accel-Buffering: no, which it obeys."],
)

SOCKET = Measure(
    name="gateway-websockets",
    title="memory with 10,000 idle WebSockets",
    how="Proportional set size of the gateway's processes with 9,000 upgraded connections to one backend, 70 s after the last; each: what one adds; total: what 10,000 come to.",
    figures=[Figure("total", "total", "MB", {"init": Bound(200)}, decimals=1), Figure("each", "each", "bytes", decimals=0)],
    subjects=GATEWAYS,
    rounds=2,
    run=idle_sockets,
)

BULK = Measure(
    name="gateway-bulk",
    title="a body of 10 GB through the public port",
    how="One request each; the peak of the gateway's anonymous memory above what it had before, looked at every 50 ms.",
    figures=[
        Figure("download", "download", "MB/s", {"init": Bound(peer="nginx", factor=0.8, at_least=True)}, decimals=0),
        Figure("upload", "upload", "MB/s", {"init": Bound(peer="nginx", factor=0.8, at_least=True)}, decimals=0),
        Figure("memory", "memory", "MB", {"init": Bound(32)}, decimals=1),
    ],
    subjects=[INIT_GATEWAY, NGINX_LUA, NGINX],
    rounds=2,
    run=bulk,
    notes=["nginx keeps a whole upload in a temporary file before it passes it on (proxy_request_buffering), as the original did; here that is a tmpfs."],
)

REST = Measure(
    name="gateway-memory",
    title="memory (PSS) of the gateway at rest",
    how="5 s after its start, without a request.",
    figures=[Figure("pss", "PSS", "MB", {"init": Bound(35)}, decimals=1)],
    subjects=GATEWAYS,
    rounds=3,
    run=at_rest,
)
