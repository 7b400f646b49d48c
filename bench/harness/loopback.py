"""The loopback interface of the benchmarks' own network namespace, and who listens there."""

from __future__ import annotations

import fcntl
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

# netdevice(7).
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
LISTEN_LIMIT_SECONDS = 20.0


def bring_up() -> None:
    """A new network namespace has its loopback down. One side of each proxied connection needs a port of its own, so there have to be many."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("10000 65000")
    Path("/proc/sys/net/core/somaxconn").write_text("4096")


def wait_until_listening(port: int, lives: Callable[[], bool]) -> None:
    """TimeoutError when nobody listens in time, or whoever should has ended."""
    deadline = time.monotonic() + LISTEN_LIMIT_SECONDS
    while time.monotonic() < deadline and lives():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError
