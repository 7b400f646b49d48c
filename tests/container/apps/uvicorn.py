#!/usr/bin/python3
"""Stands for Gemini Balance as uvicorn runs it: uvicorn app.main:app --host HOST --port PORT."""

import os
import sys

sys.path.insert(0, "/home/user/.venv/lib")
import standin

arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
assert os.environ["DATABASE_TYPE"] == "sqlite"
standin.serve("Gemini Balance", [int(arguments["--port"])], standin.LiveDatabase(os.environ["SQLITE_DATABASE"]), arguments["--host"])
