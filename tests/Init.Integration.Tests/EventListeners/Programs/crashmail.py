"""crashmail of superlance, from its manual: sends mail when a process ends unexpectedly. crashmail.py -a -s COMMAND -m ADDRESS"""
import subprocess
import sys

import protocol


def main(sendmail, address):
    while True:
        headers, body = protocol.wait()
        if headers['eventname'] == 'PROCESS_STATE_EXITED':
            process = protocol.parse(body)
            if process['expected'] == '0':
                mail = 'To: %s\nSubject: %s crashed\n\nProcess %s in group %s exited unexpectedly (pid %s) from state %s\n' % (
                    address, process['processname'], process['processname'], process['groupname'], process['pid'], process['from_state'])
                subprocess.run(sendmail, shell=True, check=True, input=mail, text=True)
                protocol.complain('unexpected exit, mailing')
        protocol.answer()


main(sys.argv[sys.argv.index('-s') + 1], sys.argv[sys.argv.index('-m') + 1])
