"""Raw XML-RPC over a unix socket: what a client costs beside the bytes would blur what a server costs."""

from __future__ import annotations

import heapq
import select
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from .model import CannotMeasure

RECEIVE_BYTES = 1 << 18
ANSWER_LIMIT_SECONDS = 30.0


def call(method: str, *texts: str, keep: bool = True) -> bytes:
    """A whole request with texts as parameters."""
    parameters = "".join(f"<param><value><string>{text}</string></value></param>" for text in texts)
    body = f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{parameters}</params></methodCall>".encode()
    closing = "" if keep else "Connection: close\r\n"
    return f"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n{closing}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection:
    """One request at a time."""

    def __init__(self, path: Path):
        self.path = path
        self.socket: socket.socket | None = None
        self.received = bytearray()
        self.expected: int | None = None

    def send(self, request: bytes) -> socket.socket:
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(ANSWER_LIMIT_SECONDS)
            self.socket.connect(str(self.path))
        self.received.clear()
        self.expected = None
        self.socket.sendall(request)
        return self.socket

    def receive(self) -> bool:
        """Takes what has come, waiting for something; true when the answer is complete."""
        piece = self.socket.recv(RECEIVE_BYTES)
        if not piece:
            raise CannotMeasure(f"the server closed the connection after {bytes(self.received[:200])!r}")
        self.received += piece
        if self.expected is None:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.expected = end + 4 + content_length(bytes(self.received[:end]))
        if len(self.received) < self.expected:
            return False
        if b"<params>" not in self.received or not self.received.startswith(b"HTTP/1.1 200"):
            raise CannotMeasure(f"the answer is none: {bytes(self.received[:400])!r}")
        return True

    def ask(self, request: bytes) -> None:
        self.send(request)
        while not self.receive():
            pass

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise CannotMeasure(f"the answer has no length: {head[:200]!r}")


@dataclass
class Load:
    """What became of the requests of many clients."""

    began: int = 0  # CLOCK_MONOTONIC, nanoseconds
    ended: int = 0
    # Nanoseconds from when a request was due, not from when it could be sent: a server that falls behind shall not look fast.
    latencies: list[int] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / ((self.ended - self.began) / 1e9)


def run_load(path: Path, clients: int, per_second: float, seconds: float, request_of: list[list[bytes]]) -> Load:
    """Each client sends its requests in turn, at its share of the rate, or as soon as the one before is answered if that is later."""
    interval = int(clients / per_second * 1e9)
    each = int(seconds * 1e9 / interval)
    connections = [Connection(path) for _ in range(clients)]
    poll = select.epoll()
    by_fd: dict[int, int] = {}
    for number, connection in enumerate(connections):
        fd = connection.send(request_of[number][0]).fileno()
        while not connection.receive():
            pass
        poll.register(fd, select.EPOLLIN)
        by_fd[fd] = number

    load = Load(began=time.monotonic_ns())
    due = [(load.began + interval * number // clients, number) for number in range(clients)]
    heapq.heapify(due)
    sent = [0] * clients
    due_of = [0] * clients
    under_way = 0
    try:
        while due or under_way:
            now = time.monotonic_ns()
            if now - load.began > (seconds + ANSWER_LIMIT_SECONDS) * 1e9:
                raise CannotMeasure(f"{len(load.latencies)} of {each * clients} requests were answered in {seconds + ANSWER_LIMIT_SECONDS:g} s")
            while due and due[0][0] <= now:
                at, number = heapq.heappop(due)
                requests = request_of[number]
                connections[number].send(requests[sent[number] % len(requests)])
                sent[number] += 1
                due_of[number] = at
                under_way += 1
            wait = max(0, due[0][0] - time.monotonic_ns()) / 1e9 if due else 1.0
            for fd, _ in poll.poll(min(wait, 1.0)):
                number = by_fd[fd]
                if connections[number].receive():
                    load.latencies.append(time.monotonic_ns() - due_of[number])
                    under_way -= 1
                    if sent[number] < each:
                        heapq.heappush(due, (due_of[number] + interval, number))
        load.ended = time.monotonic_ns()
        return load
    finally:
        poll.close()
        for connection in connections:
            connection.close()
