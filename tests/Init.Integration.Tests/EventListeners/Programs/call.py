"""Calls a method of the supervisor and prints its result or fault: call.py SOCKET METHOD ARGUMENT ..."""
import sys
import xmlrpc.client

from supervisor import childutils


def main(socket, method, arguments):
    supervisor = childutils.getRPCInterface({'SUPERVISOR_SERVER_URL': 'unix://' + socket}).supervisor
    try:
        print(getattr(supervisor, method)(*arguments))
    except xmlrpc.client.Fault as fault:
        print('fault %d %s' % (fault.faultCode, fault.faultString))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
