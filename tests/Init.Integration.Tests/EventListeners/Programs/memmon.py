"""memmon of superlance, from its manual: at each tick, restarts processes whose memory has grown beyond a limit. memmon.py -p NAME=BYTES ..."""
import sys

import control
import protocol


def resident_bytes(pid):
    with open('/proc/%d/statm' % pid, encoding='ascii') as statm:
        return int(statm.read().split()[1]) * 4096


def main(limits):
    while True:
        headers, _ = protocol.wait()
        if headers['eventname'].startswith('TICK'):
            for name, pid, is_running in control.processes():
                if is_running and name in limits:
                    size = resident_bytes(pid)
                    if size > limits[name]:
                        protocol.complain('Restarting %s: RSS of %d is more than %d' % (name, size, limits[name]))
                        control.restart(name)
        protocol.answer()


main({name: int(size) for name, size in (word.split('=') for word in sys.argv[2::2])})
