"""httpok of superlance, from its manual: at each tick, asks for a URL and restarts programs when the answer is not 200. httpok.py -p NAME -t SECONDS URL"""
import sys
import urllib.error
import urllib.request

import control
import protocol


def problem_of(url, timeout):
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return None if response.status == 200 else 'status %d' % response.status
    except urllib.error.HTTPError as error:
        return 'status %d' % error.code
    except OSError as error:
        return 'error contacting %s: %s' % (url, error)


def main(program, timeout, url):
    while True:
        headers, _ = protocol.wait()
        if headers['eventname'].startswith('TICK'):
            is_running = any(name == program and running for name, _, running in control.processes())
            problem = problem_of(url, timeout) if is_running else None
            if problem is not None:
                protocol.complain('%s: %s, restarting' % (program, problem))
                control.restart(program)
        protocol.answer()


main(sys.argv[sys.argv.index('-p') + 1], float(sys.argv[sys.argv.index('-t') + 1]), sys.argv[-1])
