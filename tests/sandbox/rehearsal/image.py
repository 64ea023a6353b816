"""A service as small as can be: what a rehearsal's tasks run in these tests."""

from __future__ import annotations

import sys
from pathlib import Path

from sandbox.emulator.rehearsal.images import Image, folder_of

APP = """
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"version": os.environ["APP_VERSION"]}).encode()
        self.send_response(int(os.environ.get("HEALTH", "200")))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

print("started", os.environ["APP_VERSION"], flush=True)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
server.serve_forever()
"""
MIGRATE = """
import json, os, sys, time
print("some words first")
time.sleep(float(os.environ.get("SECONDS", "0")))
variables = {name: os.environ.get(name, "") for name in ("APP_VERSION", "PREVIOUS_IMAGE")}
secret = len(os.environ["DATABASE_PASSWORD"])
print(json.dumps({**variables, "arguments": sys.argv[1:], "secret": secret}))
sys.exit(int(os.environ.get("CODE", "0")))
"""


def make_image(images: Path, repository: str, tag: str, **variables: str) -> None:
    """Make an image whose tasks answer with their version; `HEALTH` is the status they give."""
    folder = folder_of(images, repository, tag)
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(APP, "utf-8")
    (folder / "migrate.py").write_text(MIGRATE, "utf-8")
    Image(folder, ["python", "app.py"], {"APP_VERSION": tag, **variables}).write()


PYTHON = sys.executable
