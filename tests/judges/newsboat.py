"""A real feed reader against the real server.

In: the program, and a folder with posts and config in which it may run. Out: rows of the table. newsboat
reloads a new cache three times. It sends no validators on the first two, so the third poll of each feed
must be answered with 304; what it stored must be what was published.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import urllib.parse
from pathlib import Path

POLLS = 3


class Server:
    """`tagwire run` with its access log."""

    def __init__(self, binary, world):
        settings = ["http.listen=127.0.0.1:0", "http.access_log=true"]
        command = [binary, "run"] + [part for pair in settings for part in ("--set", pair)]
        environment = {name: value for name, value in os.environ.items() if name != "RUST_LOG"}
        self.process = subprocess.Popen(
            command, cwd=world, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.log = []
        threading.Thread(target=self.listen, daemon=True).start()
        for line in self.process.stdout:
            if found := re.search(r"feeds at (http://[^/]+)/", line):
                self.address = found[1]
            if "try next" in line:
                break
        # The rest is of no interest, but a full pipe would stop the program.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def listen(self):
        for line in self.process.stderr:
            self.log.append(re.sub(r"\x1b\[[0-9;]*m", "", line))

    def answers(self, path):
        """Status of each answer for this path, in order."""
        word = f'path="{path}"'
        lines = [line for line in self.log if word in line]
        return [int(re.search(r"status=(\d+)", line)[1]) for line in lines]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def judge(table, binary, world, expected):
    """`expected`: for each feed, as a path below the published folder, how many entries it has."""
    name = "newsboat, three polls"
    if not shutil.which("newsboat"):
        return table.add(name, 1, ["newsboat is not installed"])
    server = Server(binary, world)
    stored = {path: stored_of(f"{server.address}/{urllib.parse.quote(path)}") for path in expected}
    server.stop()
    for path, count in expected.items():
        errors = []
        if stored[path] != (count, count):
            errors.append(f"{path}: stored {stored[path]} entries and ids, the feed has {count}")
        statuses = server.answers("/" + urllib.parse.quote(path))
        if statuses[:1] != [200] or len(statuses) != POLLS or statuses[-1] != 304:
            errors.append(f"{path}: answered {statuses}, the third poll should get 304")
        table.add(name, 1, errors)


def stored_of(feed):
    """Entries and different ids after the polls. A cache for each feed: newsboat keeps an id only once."""
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        (home / "urls").write_text(f"{feed}\n")
        (home / "config").write_text("")
        files = ["-u", home / "urls", "-c", home / "cache.db", "-C", home / "config"]
        command = ["newsboat", "-q", *files, "-x", "reload"]
        for _ in range(POLLS):
            environment = os.environ | {"HOME": str(home)}
            subprocess.run(command, env=environment, capture_output=True, timeout=120)
        cache = sqlite3.connect(home / "cache.db")
        return cache.execute("select count(*), count(distinct guid) from rss_item").fetchone()
