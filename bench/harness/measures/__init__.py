"""Every measure, in the order of the report."""

from . import gateway, idle, logs, memory, orphans, restart, rpc, start, status, stop, wrapper

ALL = [
    start.FIRST_CHILD,
    start.HUNDRED,
    restart.OF_ONE,
    restart.OF_HUNDRED,
    stop.HUNDRED,
    orphans.TWO_THOUSAND,
    idle.HUNDRED,
    memory.OF_SUPERVISOR,
    logs.CAPTURE,
    status.OF_HUNDRED,
    rpc.LATENCY,
    rpc.LOAD,
    rpc.SUPERVISORCTL,
    wrapper.TRUE,
    gateway.REQUESTS,
    gateway.TAIL,
    gateway.EVENT,
    gateway.SOCKET,
    gateway.BULK,
    gateway.REST,
]
