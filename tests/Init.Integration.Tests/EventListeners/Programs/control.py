"""What the listeners of superlance ask of the supervisor: what runs, and to restart it."""
import json
import os
import subprocess


def processes():
    """All processes, each with its name, pid and whether it runs."""
    status = json.loads(init('status', '--json'))
    return [(program['name'], program.get('pid', 0), program['state'] == 'RUNNING') for program in status['programs']]


def restart(name):
    init('restart', name)


def init(*words):
    return subprocess.run([os.environ['INIT'], *words], check=True, capture_output=True, text=True).stdout
