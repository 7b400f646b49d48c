"""Writes down all that a listener is told: recorder.py FILE [childutils]. With the second word by supervisor's own module."""
import json
import sys

import protocol


def main(path, use_childutils):
    if use_childutils:
        from supervisor import childutils
    with open(path, 'a', encoding='utf-8', buffering=1) as record:
        while True:
            if use_childutils:
                headers, body = childutils.listener.wait()
            else:
                headers, body = protocol.wait()
            record.write(json.dumps({'headers': headers, 'body': body}) + '\n')
            if use_childutils:
                childutils.listener.ok()
            else:
                protocol.answer()


main(sys.argv[1], sys.argv[2:] == ['childutils'])
