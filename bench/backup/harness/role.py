"""The role as it ships, `init backup run`, and its client."""
import json, os, signal, socket, subprocess, threading, time
from .processes import Failed, Sampler, Took, run, spent


class Role:
    def __init__(self, binary, work, base, remote, name='role', targets=('t',)):
        self.directory = f'{work}/{name}'
        self.state = f'{self.directory}/state/backup'
        self._binary, self._work, self._base, self._targets = binary, work, base, targets
        self._process = None
        self._ended = 0.0
        os.makedirs(self.directory)
        self.point_to(remote)

    def point_to(self, remote):
        """Files are not watched: a backup is made when it is asked for, and not by the writing of the next one's change."""
        self._remote = remote
        with open(f'{self.directory}/supervisor.toml', 'w') as f:
            f.write(f'''[init]
state_dir = "{self.directory}/state"

[backup]
base = "{self._base}"
targets = {json.dumps(list(self._targets))}
remote = "{remote}"
interval = "24h"
watch = false
verify = {{ sample_every = "0s", full_every = "0s" }}

[program.backup]
builtin = "backup"
''')

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def start(self, limit=150):
        """From the role's exec to READY=1."""
        path = f'{self.directory}/notify'
        if os.path.exists(path):
            os.unlink(path)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.settimeout(1)
        log = open(f'{self.directory}/log', 'a')
        environment = {'PATH': os.environ['PATH'], 'HOME': self.directory, 'NOTIFY_SOCKET': path}
        began = time.monotonic()
        self._process = subprocess.Popen([self._binary, 'backup', 'run', '-c', f'{self.directory}/supervisor.toml'], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        with Sampler(self.pid) as sampler, notify:
            while True:
                try:
                    if b'READY=1' in notify.recv(65536).split(b'\n'):
                        break
                except socket.timeout:
                    pass
                if self._process.poll() is not None:
                    raise Failed(f'the role ended with exit code {self._process.returncode}: {self.said()}')
                if time.monotonic() - began > limit:
                    self.stop(signal.SIGKILL)
                    raise Failed(f'the role was not ready after {limit} s: {self.said()}')
            wall = time.monotonic() - began
        return Took(wall, spent(self.pid), *sampler.most)

    def first(self, limit=150):
        """From the exec of a role that finds no backup to the first one at the remote; also when the local store had it."""
        began = time.monotonic()
        boot = self.start(limit)
        seen, done = {}, threading.Event()

        def saw(status):
            if status.get('stage') == 'pushing':
                seen.setdefault('pushed', time.monotonic() - began)
            if 'acknowledged' in status or status.get('problem'):
                seen.setdefault('problem', status.get('problem'))
                seen.setdefault('wall', time.monotonic() - began)
                done.set()
        with Sampler(self.pid) as sampler:
            follower = self._follow(saw)
            done.wait(limit)
            follower.close()
        self._ended = time.monotonic()
        if seen.get('problem') or 'wall' not in seen:
            raise Failed(f'no first backup: {seen.get("problem") or f"not done after {limit} s"}')
        return Took(seen['wall'], spent(self.pid), max(boot.memory, sampler.most[0]), max(boot.anonymous, sampler.most[1])), seen.get('pushed')

    def said(self):
        return open(f'{self.directory}/log').read()[-600:].strip().replace('\n', ' / ')

    def environment(self):
        return {'PATH': os.environ['PATH'], 'HOME': self.directory, 'BENCH_WORK': self._work}

    def now(self, limit=150):
        """`init backup now --wait`: until the remote has it. Also when the local store had it, which is None when there was nothing to send. The pace is waited for first."""
        pace = 10.3 if self._remote.startswith('http') else 1.1  # Seconds from the beginning of one run to that of the next; by the end of the last one, to be sure.
        time.sleep(max(0, self._ended + pace - time.monotonic()))
        pushed, before = [], spent(self.pid)
        began = time.monotonic()
        follower = self._follow(lambda status: pushed.append(time.monotonic() - began) if status.get('stage') == 'pushing' else None)
        try:
            with Sampler(self.pid) as sampler:
                took = run([self._binary, 'backup', 'now', '--wait', '--socket', f'{self.state}/backup.sock'], self.environment(), limit)
        finally:
            follower.close()
            self._ended = time.monotonic()
        return Took(took.wall, spent(self.pid) - before, *sampler.most), pushed[0] if pushed else None

    def settle(self, limit=150):
        """The backup that each start makes is over."""
        end = time.monotonic() + limit
        while (status := self.status()).get('stage') != 'idle' or 'last' not in status or status['last']['at'] < status['started_at']:
            if time.monotonic() > end or status.get('problem'):
                raise Failed(f'the role does not come to rest: {status.get("problem") or status.get("text")}')
            time.sleep(0.05)
        self._ended = time.monotonic()

    def status(self):
        with self._ask({'op': 'status'}) as connection, connection.makefile() as lines:
            return json.loads(lines.readline())['result']

    def stop(self, by=signal.SIGTERM):
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(by)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _ask(self, fields):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f'{self.state}/backup.sock')
        connection.sendall(json.dumps({'v': 1, 'id': 1, **fields}).encode() + b'\n')
        return connection

    def _follow(self, saw):
        connection = self._ask({'op': 'follow'})

        def read():
            try:
                for line in connection.makefile():
                    saw(json.loads(line).get('item') or {})
            except (OSError, ValueError):
                pass
        threading.Thread(target=read, daemon=True).start()
        return _Closing(connection)


class _Closing:
    def __init__(self, connection):
        self._connection = connection

    def close(self):
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._connection.close()
