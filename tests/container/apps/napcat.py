#!/usr/bin/python3
"""Stands for NapCat: a desktop program that needs a display, its web pages and OneBot ports, its login below $HOME and its configuration in /app/napcat."""

import os
import socket
import sys
import uuid

sys.path.insert(0, "/home/user/.venv/lib")
import standin

display = socket.socket(socket.AF_UNIX)
display.connect("/tmp/.X11-unix/X" + os.environ["DISPLAY"].lstrip(":"))
login = os.path.join(os.environ["XDG_CONFIG_HOME"], "QQ", "login")
if not os.path.exists(login):
    with open(login, "w", encoding="utf-8") as file:
        file.write(str(uuid.uuid4()))
    print("NapCat: somebody has to sign in", flush=True)
else:
    print("NapCat: still signed in", flush=True)
with open("/app/napcat/config/onebot11.json", "a", encoding="utf-8"):
    pass
standin.serve("NapCat", [6099, 3001])
