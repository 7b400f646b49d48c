"""What stands on both sides of a gateway: backends for one measure each (run as processes of their own: python3 -m harness.gateway_peers KIND PORT …), and their clients."""

from __future__ import annotations

import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .model import CannotMeasure

PIECE = 1 << 20
LIMIT_SECONDS = 120.0
DESCRIPTORS = 65536
HEAD = b"HTTP/1.1 200 OK\r\n"


def command(kind: str, port: int, *arguments: float) -> list[str]:
    return ["/usr/bin/env", f"PYTHONPATH={Path(__file__).resolve().parents[1]}", sys.executable, "-m", "harness.gateway_peers", kind, str(port), *map(str, arguments)]


def read_head(stream: socket.socket) -> tuple[bytes, bytes]:
    """The head of a message, and what has come behind it."""
    received = b""
    while b"\r\n\r\n" not in received:
        try:
            piece = stream.recv(65536)
        except OSError as problem:
            raise CannotMeasure(f"the connection broke: {problem}") from problem
        if not piece:
            raise CannotMeasure(f"the connection was closed after {received[:200]!r}")
        received += piece
    head, rest = received.split(b"\r\n\r\n", 1)
    return head, rest


def connect(port: int, request: bytes) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_SECONDS)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.sendall(request)
    return stream


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


# Server-sent events.


def serve_events(stream: socket.socket, count: int, pause: float) -> None:
    read_head(stream)
    stream.sendall(HEAD + b"Content-Type: text/event-stream\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n")
    for _ in range(count):
        stream.sendall(b"data: %d\n\n" % time.monotonic_ns())
        time.sleep(pause)


def event_latencies(port: int) -> list[int]:
    """Nanoseconds from the moment an event was written to the one it is read, for each of a stream."""
    found: list[int] = []
    with connect(port, get("/api/events", "Accept: text/event-stream", "Connection: close")) as stream:
        _, rest = read_head(stream)
        while piece := stream.recv(65536):
            at = time.monotonic_ns()
            rest += piece
            *whole, rest = rest.split(b"\n\n")
            # A gateway may send in chunks; the line with the data is all that counts. The latest is the one that has just come.
            times = [line for event in whole for line in event.split(b"\n") if line.startswith(b"data: ")]
            if times:
                found.append(at - int(times[-1].removeprefix(b"data: ")))
    return found


# WebSockets that say nothing.


def serve_websockets(port: int) -> None:
    """Accepts upgrades and keeps them; one thread is enough for those who are silent."""
    raise_descriptors()
    kept = []
    with socket.create_server(("127.0.0.1", port), backlog=4096) as server:
        while True:
            stream, _ = server.accept()
            stream.settimeout(10)
            try:
                read_head(stream)
                stream.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
                kept.append(stream)
            except (OSError, CannotMeasure):
                stream.close()


@contextmanager
def open_websockets(port: int, count: int) -> Iterator[None]:
    raise_descriptors()
    request = get(
        "/api/ws/idle", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    )
    with ExitStack() as stack:
        for number in range(count):
            stream = stack.enter_context(connect(port, request))
            head, _ = read_head(stream)
            if b" 101 " not in head:
                raise CannotMeasure(f"WebSocket {number} was answered with {head[:100]!r}")
        yield


# Large bodies.


def serve_bulk(stream: socket.socket, size: int) -> None:
    """GET gives so many bytes; a POST is read to its end, and answered with how many there were."""
    head, rest = read_head(stream)
    if head.startswith(b"GET "):
        stream.sendall(HEAD + b"Content-Type: application/octet-stream\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
        piece = memoryview(bytes(PIECE))
        left = size
        while left > 0:
            stream.sendall(piece[: min(left, PIECE)])
            left -= PIECE
        return
    expected = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), size)
    got = len(rest) + drain(stream, expected - len(rest))
    stream.sendall(HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n%d" % (len(str(got)), got))


def drain(stream: socket.socket, size: int) -> int:
    buffer = bytearray(PIECE)
    got = 0
    while got < size and (count := stream.recv_into(buffer)):
        got += count
    return got


def download(port: int, size: int) -> float:
    """Bytes a second."""
    began = time.monotonic()
    with connect(port, get("/api/file", "Connection: close")) as stream:
        _, rest = read_head(stream)
        got = len(rest) + drain(stream, size - len(rest))
    if got != size:
        raise CannotMeasure(f"{got} of {size} bytes came")
    return size / (time.monotonic() - began)


def upload(port: int, size: int) -> float:
    """Bytes a second, until the backend says that it has all of them."""
    began = time.monotonic()
    with connect(port, f"POST /api/file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()) as stream:
        piece = memoryview(bytes(PIECE))
        left = size
        while left > 0:
            stream.sendall(piece[: min(left, PIECE)])
            left -= PIECE
        head, rest = read_head(stream)
        while len(rest) < len(str(size)) and (more := stream.recv(100)):
            rest += more
    if str(size).encode() not in rest:
        raise CannotMeasure(f"the backend has got something else: {head[:100]!r} {rest[:100]!r}")
    return size / (time.monotonic() - began)


@dataclass
class Peak:
    growth_bytes: int = 0


@contextmanager
def peak_memory(pids: list[int]) -> Iterator[Peak]:
    """The most anonymous memory that these processes have meanwhile, above what they begin with."""
    peak, over = Peak(), threading.Event()
    before = anonymous_bytes(pids)

    def watch() -> None:
        while not over.wait(0.05):
            peak.growth_bytes = max(peak.growth_bytes, anonymous_bytes(pids) - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def anonymous_bytes(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1]) * 1024
    return total


def raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, DESCRIPTORS), hard))


def main(kind: str, port: int, *arguments: str) -> None:
    if kind == "websockets":
        serve_websockets(port)
        return
    with socket.create_server(("127.0.0.1", port), backlog=128) as server:
        while True:
            stream, _ = server.accept()
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve_one, args=(kind, stream, arguments), daemon=True).start()


def serve_one(kind: str, stream: socket.socket, arguments: tuple[str, ...]) -> None:
    with stream:
        try:
            if kind == "events":
                serve_events(stream, int(arguments[0]), float(arguments[1]))
            else:
                serve_bulk(stream, int(float(arguments[0])))
        except (OSError, CannotMeasure):
            pass  # Whoever only looks whether somebody listens, says nothing.


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
