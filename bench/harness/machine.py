"""Facts about this machine without which no figure means anything."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path

from .peers import DUMB_INIT, INIT, RUNIT, S6, SUPERVISORD, TINI
from .peers.files import package_version
from .peers.gateways import nginx_version

# More runnable tasks than this at the start, and somebody else is working here.
QUIET_LOAD = 0.5


def facts(families: set[str]) -> dict[str, str]:
    found = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": commit(),
        "processor": first_value("/proc/cpuinfo", "model name"),
        "cores": str(os.cpu_count()),
        "memory": f"{int(first_value('/proc/meminfo', 'MemTotal').split()[0]) / 1e6:.1f} GB",
        "kernel": platform.release(),
        "system": first_value("/etc/os-release", "PRETTY_NAME", "=").strip('"'),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "files": "tmpfs",
        "gcc": package_version("gcc"),
    }
    for peer in [INIT, SUPERVISORD, S6, RUNIT, TINI, DUMB_INIT]:
        if peer.family in families:
            found[peer.family] = peer.version()
    if "nginx" in families:
        found["nginx"] = nginx_version()
    return found


def is_quiet() -> bool:
    return os.getloadavg()[0] <= QUIET_LOAD


def first_value(path: str, key: str, separator: str = ":") -> str:
    for line in Path(path).read_text().splitlines():
        name, found, value = line.partition(separator)
        if found and name.strip() == key:
            return value.strip()
    return "unknown"


def commit() -> str:
    answer = subprocess.run(
        ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown"
