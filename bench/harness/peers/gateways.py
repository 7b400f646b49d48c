"""Reverse proxies in front of the same backend, with the same rules: init's gateway, the original's nginx with Lua, and plain nginx."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..loopback import wait_until_listening
from ..model import CannotMeasure
from ..workshop import ENVIRONMENT, children_of
from .init import BINARY

LUA_DIRECTORY = Path(__file__).resolve().parents[2] / "gateway"
GATEWAY_PORT, BACKEND_PORT = 7860, 8080
# For each worker of nginx; half of the connections are to backends.
CONNECTIONS = 1024
END_LIMIT_SECONDS = 15.0

# The paths that the load asks for, in turn: by prefix, by exact path, by nothing.
PATHS = ["/", "/webui/index.html", "/gemini/v1/models", "/api/ws/state", "/api/chat"]


def rules_document(count: int) -> dict[str, object]:
    """Nine rules as the original's defaults are, and further ones for paths of their own."""
    backend = f"http://127.0.0.1:{BACKEND_PORT}"

    def proxy(identity: str, priority: int, prefix: str, *headers: tuple[str, str]) -> dict[str, object]:
        return {
            "id": identity, "action": "proxy", "priority": priority, "backend": backend,
            "match": {"path_prefix": prefix}, "set_headers": [{"name": name, "value": value} for name, value in headers],
        }

    rules = [
        proxy("api-ws", 200, "/api/ws/"),
        {"id": "referer-gemini", "action": "proxy", "priority": 195, "backend": backend, "match": {"referer_substr": "gemini"}},
        {"id": "referer-webui", "action": "proxy", "priority": 195, "backend": backend, "match": {"referer_substr": "webui"}},
        {"id": "webui-slash", "action": "redirect", "priority": 200, "match": {"path_equal": "/webui"}, "redirect_to": "/webui/"},
        {"id": "webui-referer", "action": "proxy", "priority": 190, "backend": backend, "match": {"referer_substr": "/webui/"}},
        proxy("webui", 180, "/webui/", ("X-Forwarded-Prefix", "/webui")),
        proxy("gemini", 180, "/gemini/", ("X-Forwarded-Prefix", "/gemini")),
        {"id": "gemini-slash", "action": "redirect", "priority": 175, "match": {"path_equal": "/gemini"}, "redirect_to": "/gemini/"},
        proxy("gemini-again", 170, "/gemini/"),
    ]
    rules += [proxy(f"app-{number}", 100, f"/app-{number}/") for number in range(len(rules), count)]
    return {"default_backend": backend, "rules": rules}


@dataclass(frozen=True)
class Gateway:
    """One way to proxy. Its configuration is written by lay_out, which returns the command that runs it in the foreground."""

    name: str
    family: str
    lay_out: Callable[[Path, int, int], list[str]]
    port: int = GATEWAY_PORT

    @contextmanager
    def run(self, place: Path, rules: int = 9, connections: int = CONNECTIONS) -> Iterator[subprocess.Popen[bytes]]:
        """Yields when it listens."""
        with started(self.lay_out(place, rules, connections), place, self.port) as process:
            yield process

    def pids(self, process: subprocess.Popen[bytes]) -> list[int]:
        """The processes that carry requests."""
        if self.family == "init":
            roles = [pid for pid in children_of(process.pid) if b"\0gateway\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
            if len(roles) != 1:
                raise CannotMeasure(f"init runs {len(roles)} gateways")
            return roles
        return [process.pid, *children_of(process.pid)]


@contextmanager
def started(command: list[str], place: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it while it is used."""
    with open(place / f"{port}.out", "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=place, env=ENVIRONMENT)
    try:
        try:
            wait_until_listening(port, lambda: process.poll() is None)
        except TimeoutError:
            tail = (place / f"{port}.out").read_bytes()[-300:].decode(errors="replace")
            raise CannotMeasure(f"nobody listens on port {port}: {tail}") from None
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def lay_out_init(place: Path, rules: int, connections: int) -> list[str]:
    (place / "routes.json").write_text(json.dumps({"version": 1, "revision": 1, **rules_document(rules)}))
    config = place / "supervisor.toml"
    config.write_text(
        f"""
        [init]
        state_dir = "{place}/state"
        log_dir = "{place}/log"
        control = "{place}/control.sock"

        [gateway.proxy]
        listen = ["127.0.0.1:{GATEWAY_PORT}"]
        rules = "{place}/routes.json"
        connections = {connections}
        """
    )
    return [BINARY, "run", "-c", str(config)]


def lay_out_lua(place: Path, rules: int, connections: int, keep_alive: bool) -> list[str]:
    (place / "routes.json").write_text(json.dumps(rules_document(rules)))
    # The original closes its connection to the backend after each request. Kept ones need a name of nginx's own for each backend.
    backend_of = "function() return 'http://backend' end" if keep_alive else "function(url) return url end"
    return nginx(
        place,
        http=f"""
            lua_package_path "{LUA_DIRECTORY}/?.lua;;";
            lua_shared_dict route_dict 10m;
            init_by_lua_block {{ require("original-routing").load("{place}/routes.json") }}
            upstream backend {{ server 127.0.0.1:{BACKEND_PORT}; keepalive 128; }}
            map $http_upgrade $connection_upgrade {{ default upgrade; '' {"''" if keep_alive else "close"}; }}
            """,
        server=f"""
            location / {{
                set $target "";
                rewrite_by_lua_block {{ require("original-routing").route({backend_of}) }}
                proxy_pass $target;
                {FORWARDED}
            }}
            """,
        modules=["ndk_http_module", "ngx_http_lua_module"],
        connections=connections,
    )


def lay_out_plain(place: Path, rules: int, connections: int) -> list[str]:
    """The rules as locations, which nginx keeps in a tree: what somebody writes who has no panel. What cannot be a location (Referer) is a map."""
    locations = "\n".join(f"location /app-{number}/ {{ proxy_pass http://backend; {FORWARDED} }}" for number in range(9, rules))
    return nginx(
        place,
        http=f"""
            upstream backend {{ server 127.0.0.1:{BACKEND_PORT}; keepalive 128; }}
            map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
            map $http_referer $by_referer {{ default backend; "~gemini" backend; "~webui" backend; }}
            """,
        server=f"""
            location = /webui {{ return 301 /webui/; }}
            location = /gemini {{ return 301 /gemini/; }}
            location /api/ws/ {{ proxy_pass http://backend; {FORWARDED} }}
            location /webui/ {{ proxy_set_header X-Forwarded-Prefix /webui; proxy_pass http://backend; {FORWARDED} }}
            location /gemini/ {{ proxy_set_header X-Forwarded-Prefix /gemini; proxy_pass http://backend; {FORWARDED} }}
            location / {{ proxy_pass http://$by_referer; {FORWARDED} }}
            {locations}
            """,
        connections=connections,
    )


FORWARDED = """
    proxy_http_version 1.1;
    proxy_read_timeout 600s; proxy_send_timeout 600s;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Port 443;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    """


def nginx(place: Path, http: str, server: str, modules: list[str] | None = None, port: int = GATEWAY_PORT, workers: str = "auto", connections: int = CONNECTIONS) -> list[str]:
    """As the original's: all cores, 1,024 connections each, no limit on bodies (it had 1 MB, which nobody wants), and no access log, since the others write none."""
    (place / f"tmp-{port}").mkdir()
    config = place / f"nginx-{port}.conf"
    config.write_text(
        "".join(f"load_module /usr/lib/nginx/modules/{module}.so;\n" for module in modules or [])
        + f"""
        worker_processes {workers};
        worker_rlimit_nofile 65536;
        daemon off;
        user root;
        pid {place}/nginx-{port}.pid;
        error_log {place}/nginx-{port}.log warn;
        events {{ worker_connections {connections}; }}
        http {{
            access_log off;
            sendfile on;
            keepalive_timeout 65;
            keepalive_requests 1000000000;
            client_max_body_size 0;
            server_names_hash_bucket_size 128;
            client_body_temp_path {place}/tmp-{port}/body;
            proxy_temp_path {place}/tmp-{port}/proxy;
            fastcgi_temp_path {place}/tmp-{port}/fastcgi;
            uwsgi_temp_path {place}/tmp-{port}/uwsgi;
            scgi_temp_path {place}/tmp-{port}/scgi;
            {http}
            server {{
                listen 127.0.0.1:{port} backlog=4096;
                {server}
            }}
        }}
        """
    )
    return ["/usr/sbin/nginx", "-c", str(config), "-e", str(place / f"nginx-{port}.log"), "-p", str(place)]


@contextmanager
def small_reply_backend(place: Path) -> Iterator[None]:
    """Answers everything with 32 bytes, much faster than anybody can forward."""
    command = nginx(place, http="", server='location / { return 200 "0123456789abcdef0123456789abcdef"; }', port=BACKEND_PORT, workers="1")
    with started(command, place, BACKEND_PORT):
        yield


def nginx_version() -> str:
    answer = subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, text=True, timeout=10, check=False)
    return answer.stderr.strip().removeprefix("nginx version: ")


INIT_GATEWAY = Gateway("init", "init", lay_out_init)
NGINX_LUA = Gateway("nginx+Lua", "nginx", lambda place, rules, connections: lay_out_lua(place, rules, connections, keep_alive=False))
NGINX_LUA_KEPT = Gateway("nginx+Lua, kept connections", "nginx", lambda place, rules, connections: lay_out_lua(place, rules, connections, keep_alive=True))
NGINX = Gateway("nginx", "nginx", lay_out_plain)
GATEWAYS = [INIT_GATEWAY, NGINX_LUA, NGINX_LUA_KEPT, NGINX]
