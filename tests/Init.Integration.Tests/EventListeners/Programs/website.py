"""A web server that answers 500 until it is started for the second time: website.py PORT FILE"""
import http.server
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(STATUS)
        self.end_headers()

    def log_message(self, *_):
        pass


STATUS = 200 if os.path.exists(sys.argv[2]) else 500
open(sys.argv[2], 'a', encoding='ascii').close()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
