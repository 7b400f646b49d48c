"""What the listeners of superlance ask of the supervisor, and how they ask it: what runs, and to restart it, by XML-RPC with supervisor's own module."""
import os

from supervisor import childutils

SUPERVISOR = childutils.getRPCInterface(os.environ).supervisor


def processes():
    """All processes, each with its name, pid and whether it runs."""
    return [(info['name'], info['pid'], info['statename'] == 'RUNNING') for info in SUPERVISOR.getAllProcessInfo()]


def restart(name):
    SUPERVISOR.stopProcess(name)
    SUPERVISOR.startProcess(name)
