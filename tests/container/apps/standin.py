"""What the stand-ins of the applications have in common: HTTP, WebSockets (RFC 6455) that say everything back, and a SQLite database that is written to all the time."""

import base64
import hashlib
import http.server
import json
import os
import signal
import sqlite3
import sys
import threading


class LiveDatabase:
    """In WAL mode, with a writer that never rests: its file alone is never the whole truth."""

    def __init__(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._path = path
        connection = self._open()
        connection.execute("create table if not exists messages (id integer primary key, text text not null)")
        connection.execute("create table if not exists ticks (id integer primary key, filler text not null)")
        connection.commit()
        connection.close()
        threading.Thread(target=self._tick, daemon=True).start()

    def add(self, text):
        connection = self._open()
        with connection:
            connection.execute("insert into messages (text) values (?)", (text,))
        connection.close()

    def all(self):
        connection = self._open()
        rows = [row[0] for row in connection.execute("select text from messages order by id")]
        connection.close()
        return rows

    def _open(self):
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute("pragma journal_mode=wal")
        return connection

    def _tick(self):
        pause = threading.Event()
        while not pause.wait(0.1):
            try:
                connection = self._open()
                with connection:
                    connection.execute("insert into ticks (filler) values (hex(randomblob(200)))")
                    connection.execute("delete from ticks where id < (select max(id) from ticks) - 200")
                connection.close()
            except sqlite3.Error as error:
                print(f"cannot write: {error}", flush=True)  # A full disk; a bot goes on, too.


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /any: name, path and body of the program. POST /messages: adds one. An upgrade: everything is said back."""

    protocol_version = "HTTP/1.1"
    title = "stand-in"
    database = None

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.echo_websocket()
        elif self.path.endswith("/messages"):
            self.reply(json.dumps(self.database.all()), "application/json")
        else:
            prefix = self.headers.get("X-Forwarded-Prefix", "")
            self.reply(f"<!doctype html><title>{self.title}</title><h1>{self.title}</h1><p>path {self.path} prefix {prefix}</p>", "text/html; charset=utf-8")

    def do_POST(self):
        self.database.add(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        self.reply("stored", "text/plain")

    def reply(self, text, kind):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def echo_websocket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            length = head[1] & 0x7F
            if length > 125:
                return  # Longer ones are nobody's in these tests.
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(length)))
            self.wfile.write(bytes([head[0], length]) + data)
            self.wfile.flush()
            if head[0] & 0x0F == 8:
                return

    def log_message(self, *arguments):
        print(f"{self.title}: {arguments[0] % arguments[1:]}", flush=True)


def serve(title, ports, database=None, host="0.0.0.0"):
    handler = type("Named", (Handler,), {"title": title, "database": database})
    servers = [http.server.ThreadingHTTPServer((host, port), handler) for port in ports]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{title} listens on {', '.join(map(str, ports))}", flush=True)
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    end.wait()
    print(f"{title} ends", flush=True)
    sys.exit(0)
