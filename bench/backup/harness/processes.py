"""What processes take: wall time, processor time, and the memory of a whole tree, sampled."""
import os, subprocess, threading, time
from dataclasses import dataclass

TICKS = os.sysconf('SC_CLK_TCK')


@dataclass
class Took:
    """Seconds, and MB of all processes together at one time: resident, and the anonymous part of it."""
    wall: float
    cpu: float
    memory: int
    anonymous: int


class Cut(Exception):
    """It had not ended within its limit."""


class Failed(Exception):
    pass


def family(pid):
    found = [pid]
    for one in found:
        try:
            for task in os.listdir(f'/proc/{one}/task'):
                found += [int(child) for child in open(f'/proc/{one}/task/{task}/children').read().split()]
        except OSError:
            pass
    return found


def memory(pid):
    try:
        fields = dict(line.split(':', 1) for line in open(f'/proc/{pid}/status'))
        return [int(fields[name].split()[0]) // 1024 for name in ('VmRSS', 'RssAnon')]
    except (OSError, KeyError):
        return [0, 0]


def pss(pid):
    """MB of a process and all that it has started."""
    total = 0
    for one in family(pid):
        for line in open(f'/proc/{one}/smaps_rollup'):
            if line.startswith('Pss:'):
                total += int(line.split()[1])
    return total / 1024


def spent(pid):
    """Processor seconds of a process and of those children that have ended."""
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def size(path):
    total = 0
    for directory, _, files in os.walk(path):
        for file in files:
            try:
                total += os.lstat(os.path.join(directory, file)).st_size
            except FileNotFoundError:
                pass  # A temporary file of somebody who is at work.
    return total


class Sampler:
    """The most memory of a tree from `with` to its end."""

    def __init__(self, pid):
        self.most = [0, 0]
        self._pid, self._ended = pid, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _run(self):
        while True:
            now = [memory(pid) for pid in family(self._pid)]
            for i in range(2):
                self.most[i] = max(self.most[i], sum(one[i] for one in now))
            if self._ended.wait(0.02):
                return


def run(command, env=None, limit=120, cwd=None):
    """A command from its start to its end. Beyond the limit it is killed with all that it has started."""
    start = time.monotonic()
    with open(os.path.join(env['BENCH_WORK'], 'output'), 'w+') as output:
        process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, shell=isinstance(command, str), start_new_session=True)
        timer = threading.Timer(limit, lambda: os.killpg(process.pid, 9))
        timer.start()
        try:
            with Sampler(process.pid) as sampler:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                wall = time.monotonic() - start
        finally:
            timer.cancel()
        if status and wall >= limit:
            raise Cut(f'not done after {limit:g} s')
        if status:
            output.seek(0)
            raise Failed(f'{command}: exit code {process.returncode}: {output.read()[-500:].strip()}')
    return Took(wall, used.ru_utime + used.ru_stime, *sampler.most)
