"""A git server on loopback: real `git http-backend` behind HTTP, and what was asked of it."""
import os, subprocess, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 1 << 17


class Server:
    def __init__(self, directory):
        """`directory` holds the repositories."""
        self.reads = self.writes = self.bytes = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer()

            def do_POST(self):
                self.answer()

            def answer(self):
                path, _, query = self.path.partition('?')
                # Also the question that comes before a push, which changes nothing, is one of reading.
                is_write = self.command == 'POST' and path.endswith('/git-receive-pack')
                with server._lock:
                    server.reads += not is_write
                    server.writes += is_write
                environment = {
                    'PATH': os.environ['PATH'], 'GIT_PROJECT_ROOT': directory, 'GIT_HTTP_EXPORT_ALL': '1', 'GIT_CONFIG_NOSYSTEM': '1', 'HOME': directory, 'REQUEST_METHOD': self.command,
                    'PATH_INFO': path, 'QUERY_STRING': query, 'REMOTE_USER': 'bench', 'REMOTE_ADDR': '127.0.0.1', 'CONTENT_TYPE': self.headers.get('Content-Type', ''),
                    'HTTP_CONTENT_ENCODING': self.headers.get('Content-Encoding', ''), 'GIT_PROTOCOL': self.headers.get('Git-Protocol', '')}
                # No CONTENT_LENGTH: git waits for all of it in a loop without pause when less comes.
                git = subprocess.Popen(['git', 'http-backend'], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
                feeder = threading.Thread(target=self.feed, args=(git.stdin,))
                feeder.start()
                try:
                    self.hand_back(git.stdout)
                finally:
                    git.stdout.close()
                    feeder.join()
                    git.wait()

            def feed(self, stdin):
                try:
                    if self.headers.get('Transfer-Encoding') == 'chunked':
                        while (left := int(self.rfile.readline().split(b';')[0], 16)) > 0:
                            self.copy(left, stdin)
                            self.rfile.readline()
                        self.rfile.readline()
                    else:
                        self.copy(int(self.headers.get('Content-Length', 0)), stdin)
                except (BrokenPipeError, ValueError):
                    self.close_connection = True
                finally:
                    stdin.close()

            def copy(self, left, stdin):
                while left > 0 and (piece := self.rfile.read(min(left, PIECE))):
                    left -= len(piece)
                    with server._lock:
                        server.bytes += len(piece)
                    view = memoryview(piece)
                    while view:
                        view = view[stdin.write(view):]

            def hand_back(self, stdout):
                status, headers, line = 200, [], b''
                while (one := stdout.read(1)):
                    line += one
                    if one != b'\n':
                        continue
                    if not line.strip():
                        break
                    name, value = line.decode().strip().split(': ', 1)
                    if name == 'Status':
                        status = int(value.split()[0])
                    else:
                        headers.append((name, value))
                    line = b''
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header('Transfer-Encoding', 'chunked')
                self.end_headers()
                while piece := stdout.read(PIECE):
                    self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece))
                self.wfile.write(b'0\r\n\r\n')

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # Whoever was cut off by his limit has gone.

        self._directory = directory
        self._server = Quiet(('127.0.0.1', 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, name):
        return f'http://127.0.0.1:{self._server.server_port}/{name}'

    def path(self, name):
        return os.path.join(self._directory, name)

    def create(self, name):
        subprocess.run(['git', 'init', '--quiet', '--bare', '--initial-branch=main', self.path(name)], check=True)
        for setting in ('http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'):
            subprocess.run(['git', '--git-dir', self.path(name), 'config', setting, 'true'], check=True)

    def counts(self):
        with self._lock:
            return self.reads, self.writes, self.bytes

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
