"""The figures of the image. Times begin when the container's first process begins, so the engine's own work (copying a disk, say) is not in them."""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PODMAN = os.environ["INIT_PODMAN"].split()
FLAGS = os.environ["INIT_RUN_FLAGS"].split()
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
PANEL = "http://127.0.0.1:7860/admin/ui/"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def podman(*arguments):
    return subprocess.run([*PODMAN, *arguments], check=True, capture_output=True, text=True).stdout


def size_of(image):
    return json.loads(podman("image", "inspect", image))[0]["Size"]


def started_at(pid):
    """Seconds since the machine's start."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rsplit(")", 1)[1].split()[19]) / CLOCK_TICKS


def uptime():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wait_for(url, limit=30):
    end = time.monotonic() + limit
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            pass
        if time.monotonic() > end:
            raise TimeoutError(url)
        time.sleep(0.002)


def status(container):
    answer = subprocess.run([*PODMAN, "exec", container, "init", "status", "--json"], capture_output=True, text=True)
    return json.loads(answer.stdout)["programs"] if answer.stdout else []


def wait_until_ready(container, limit=60):
    end = time.monotonic() + limit
    while True:
        programs = status(container)
        if programs and all(program["state"] == "ABSENT" or program.get("ready") for program in programs):
            return
        if time.monotonic() > end:
            raise TimeoutError(str(programs))
        time.sleep(0.1)


def seconds_to_all_ready(container):
    """Of the container's last start, by the times of Init's own lines, which are those of the moment."""
    lines = podman("logs", container).splitlines()
    stamp = re.compile(r"^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+)")
    begin = max(index for index, line in enumerate(lines) if re.search(r"init \| .*(started|running as|pid 1)", line) and " -> " not in line)
    times = [(stamp.match(line), line) for line in lines[begin:]]
    moments = [time_of(match.group(1)) for match, line in times if match]
    ready = [time_of(match.group(1)) for match, line in times if match and line.rstrip().endswith(": ready")]
    return max(ready) - moments[0]


def time_of(text):
    clock = text.replace("T", " ").split(" ")[1].split(":")
    return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])


def memory_of(pids):
    """RSS and PSS in MB. What processes share counts in each one's RSS, and once in the sum of PSS."""
    rss = pss = 0
    for pid in pids:
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # A shell's sleep that has just ended.
        for line in text.splitlines():
            rss += int(line.split()[1]) if line.startswith("Rss:") else 0
            pss += int(line.split()[1]) if line.startswith("Pss:") else 0
    return rss / 1000, pss / 1000


def descendants(pid):
    children = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def is_init(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "init"
    except OSError:
        return False


def measure_starts():
    panel, everything = [], []
    container = podman("create", *FLAGS, "--env", "ADMIN_PASSWORD=correct horse battery", os.environ["INIT_STACK"]).strip()
    try:
        for round_number in range(ROUNDS + 1):
            podman("start", container)
            wait_for(PANEL)
            answered = uptime()
            pid = int(podman("inspect", "--format", "{{.State.Pid}}", container))
            wait_until_ready(container)
            if round_number > 0:  # The first is a boot with an empty disk.
                panel.append(answered - started_at(pid))
                everything.append(seconds_to_all_ready(container))
            if round_number == ROUNDS:
                time.sleep(30)  # At rest, and what starting has left is given back.
                ours = [one for one in descendants(pid) if is_init(one)]
                memory = memory_of(ours)
                roles = len(ours)
            podman("stop", "--time", "10", container)
    finally:
        podman("rm", "--force", container)
    return panel, everything, memory, roles


def measure_original():
    """supervisord, nginx with the Lua module (idle, so its rules are not loaded), and the shell that sleeps between backups, as the original has them at rest."""
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        (work / "nginx.conf").write_text(f"""
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
worker_processes auto; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 1024; }}
http {{ lua_shared_dict route_dict 10m; access_log off; client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
  server {{ listen 7861; location / {{ return 200 "ok"; }} }} }}
""")
        (work / "supervisord.conf").write_text(f"""
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={work}/supervisord.pid
[program:backup]
command=/bin/bash -c 'while true; do for i in $(seq 180); do sleep 1; done; done'
[program:nginx]
command=/usr/sbin/nginx -p {work} -c {work}/nginx.conf -e {work}/error.log -g "daemon off;"
""")
        process = subprocess.Popen(["/usr/bin/supervisord", "-c", str(work / "supervisord.conf")], stdout=subprocess.DEVNULL)
        try:
            wait_for("http://127.0.0.1:7861/")
            time.sleep(10)
            return memory_of(descendants(process.pid))
        finally:
            process.terminate()
            process.wait(20)


def median(values, unit, scale):
    return f"{statistics.median(values) * scale:.0f} {unit} ({min(values) * scale:.0f} to {max(values) * scale:.0f})"


def main():
    load = os.getloadavg()[0]
    base, plain, stack = (size_of(os.environ[name]) for name in ("INIT_BASE", "INIT_PLAIN", "INIT_STACK"))
    binary = os.path.getsize("out/init")
    panel, everything, (rss, pss), roles = measure_starts()
    peer_rss, peer_pss = measure_original()
    text = f"""# The image

Written by `bench/image/run` ({ROUNDS} rounds, medians, least and most in brackets) on {os.cpu_count()} processors with a load average of {load:.1f} when it began. The base is Debian bookworm from packages, made as Debian's slim images are; the applications are the stand-ins of
`tests/container/apps`, whose own starts (Python, Xvfb) are in the second time.

| | goal | measured |
| --- | --- | --- |
| image without applications, over its base of {base / 1e6:.0f} MB | 150 MB | {(plain - base) / 1e6:.0f} MB, of which the binary {binary / 1e6:.0f} MB |
| image with the stand-ins, over its base (Python and Xvfb are most of it) | | {(stack - base) / 1e6:.0f} MB |
| start of the container to the panel's first page | 300 ms | {median(panel, "ms", 1000)} |
| start of Init to all programs ready, disk intact | 2 s | {median(everything, "ms", 1000)} |
| memory of all {roles} processes of Init at rest: RSS | 110 MB | {rss:.0f} MB |
| the same, what they share counted once (PSS) | | {pss:.0f} MB |
| supervisord, nginx with Lua and a shell loop at rest: RSS, PSS | | {peer_rss:.0f} MB, {peer_pss:.0f} MB |

The peers do less: no panel with its own interface, no restore, no proof; git runs there beside them every three minutes.
"""
    pathlib.Path("bench/results/image.md").write_text(text)
    print(text)


main()
