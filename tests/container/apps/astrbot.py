"""Stands for AstrBot: its dashboard's port, its data directory relative to where it runs, and a live database in it."""

import json
import os
import sys

sys.path.insert(0, "/home/user/.venv/lib")
import standin

os.makedirs("data/plugins", exist_ok=True)
config = "data/cmd_config.json"
if not os.path.exists(config):
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"first_start": True}, file)
    print("AstrBot: first start", flush=True)
else:
    print("AstrBot: found its configuration", flush=True)
assert "GITHUB_PAT" not in os.environ and "ADMIN_PASSWORD" not in os.environ, "a secret has reached AstrBot"
standin.serve("AstrBot", [6185, 6199], standin.LiveDatabase("data/data_v4.db"))
