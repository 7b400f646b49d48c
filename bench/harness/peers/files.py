"""What several peers need to write their configuration."""

import shlex
from pathlib import Path


def write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def shell_run(command: list[str]) -> str:
    """A run file as people write it."""
    return f"#!/bin/sh\nexec {shlex.join(command)}\n"


def direct_run(command: list[str]) -> str:
    """A run file whose interpreter is the program: the kernel hands over all words as one argument, and the beacon takes them apart."""
    return f"#!{' '.join(command)}\n"


def package_version(package: str) -> str:
    """The version of an installed Debian package, from dpkg's own database."""
    inside = False
    for line in Path("/var/lib/dpkg/status").read_text().splitlines():
        if line.startswith("Package: "):
            inside = line == f"Package: {package}"
        elif inside and line.startswith("Version: "):
            return line.removeprefix("Version: ")
    return "unknown"
