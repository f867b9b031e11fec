"""Judges feeds.

In: the program, and folders in which it has run: posts, config and public. Out: a table (judge, feeds, errors, warnings), the first faults in
words, and exit code 1 when there is one. What must agree: for each entry its id and its instant, and how
many entries there are, between every parser and between the three formats of one feed.
"""

import calendar
import datetime
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import listparser

import newsboat

HERE = Path(__file__).resolve().parent
ATOM = "{http://www.w3.org/2005/Atom}"
SHOWN = 12
# Feeds of each XML format that newsboat polls, a cache for each.
POLLED = 4


class Table:
    """Counts for each judge, and the first faults in words."""

    def __init__(self):
        self.rows = {}
        self.faults = []

    def add(self, judge, feeds=0, errors=(), warnings=()):
        row = self.rows.setdefault(judge, [0, 0, 0])
        row[0] += feeds
        row[1] += len(errors)
        row[2] += len(warnings)
        self.faults += [f"error: {judge}: {text}" for text in errors]
        self.faults += [f"warning: {judge}: {text}" for text in warnings]

    def show(self):
        wide = max(len(judge) for judge in self.rows)
        print(f"{'judge':{wide}} {'feeds':>7} {'errors':>7} {'warnings':>9}")
        for judge, (feeds, errors, warnings) in self.rows.items():
            print(f"{judge:{wide}} {feeds:7} {errors:7} {warnings:9}")
        for fault in self.faults[:SHOWN]:
            print(" ", fault[:400])
        if len(self.faults) > SHOWN:
            print(f"  and {len(self.faults) - SHOWN} more")
        # A judge that saw nothing has not judged.
        idle = [judge for judge, row in self.rows.items() if row[0] == 0]
        if idle:
            print("  without a single feed:", ", ".join(idle))
        return 1 if self.faults or idle else 0


def chunks(items, size=200):
    return [items[at : at + size] for at in range(0, len(items), size)]


def by_command(table, judge, command, files):
    """A program that says nothing of files that are right."""
    for some in chunks(files):
        done = subprocess.run(command + [str(file) for file in some], capture_output=True, text=True)
        # jing says what is wrong on the one, xmllint on the other; Debian's jing also warns of jars it does
        # not need.
        said = (done.stdout + done.stderr).splitlines()
        said = [line for line in said if line.strip() and "[warning] /usr/bin/jing" not in line]
        if done.returncode and not said:
            said = [f"exit code {done.returncode}"]
        table.add(judge, len(some), said)


def own_reading(file):
    """The truth that parsers must agree with: id and instant of each entry, read without a feed library."""
    if file.suffix == ".json":
        items = json.loads(file.read_bytes())["items"]
        return [(item["id"], instant(item["date_published"])) for item in items]
    root = ElementTree.parse(file).getroot()
    if file.suffix == ".xml":
        entries = root.iter(ATOM + "entry")
        return [(e.findtext(ATOM + "id"), instant(e.findtext(ATOM + "published"))) for e in entries]
    return [(item.findtext("guid"), rfc822(item.findtext("pubDate"))) for item in root.iter("item")]


def instant(text):
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def rfc822(text):
    return int(datetime.datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z").timestamp() * 1000)


def by_feedparser(table, files, truths):
    judge = "feedparser (PyPI)"
    for file in files:
        feed = feedparser.parse(file.read_bytes())
        errors = [f"{file}: {feed.bozo_exception}"] if feed.bozo else []
        got = [(e.get("id"), calendar.timegm(e.published_parsed) * 1000) for e in feed.entries]
        errors += disagreement(file, got, truths[file])
        table.add(judge, 1, errors)


def disagreement(file, got, truth):
    got, truth = [tuple(row) for row in got], [tuple(row) for row in truth]
    if got == truth:
        return []
    if len(got) != len(truth):
        return [f"{file}: {len(got)} entries, the file has {len(truth)}"]
    first = next((a, b) for a, b in zip(got, truth) if a != b)
    return [f"{file}: reads {first[0]}, the file says {first[1]}"]


def by_npm(table, files, truths):
    names = "\n".join(str(file) for file in files) + "\n"
    done = subprocess.run(["node", HERE / "parsers.js"], input=names, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        file = Path(said["file"])
        errors = [f"{file}: {error}" for error in said.get("errors", [])]
        if "entries" in said:
            errors = disagreement(file, said["entries"], truths[file])
        table.add(said["judge"], 1, errors)
    if done.returncode:
        table.add("node", 1, [done.stderr.strip()])


def by_each_other(table, truths):
    """The formats of one feed tell of the same entries, newest first, each once."""
    judge = "the formats of one feed"
    feeds = defaultdict(dict)
    for file in truths:
        feeds[file.with_suffix("")][file.suffix] = truths[file]
    for stem, formats in feeds.items():
        errors = []
        readings = list(formats.values())
        if any(reading != readings[0] for reading in readings):
            errors.append(f"{stem}: {', '.join(formats)} differ")
        ids = [id for id, _ in readings[0]]
        if len(set(ids)) != len(ids):
            errors.append(f"{stem}: an id stands twice")
        instants = [at for _, at in readings[0]]
        if instants != sorted(instants, reverse=True) and ".archive/" not in str(stem):
            errors.append(f"{stem}: not newest first")
        table.add(judge, 1, errors)


def by_listparser(table, public, feeds):
    for file in sorted(public.rglob("*.opml")):
        found = listparser.parse(file.read_bytes())
        errors = [f"{file}: {found.bozo_exception}"] if found.bozo else []
        listed = len({feed.url for feed in found.feeds})
        if listed != feeds:
            errors.append(f"{file}: lists {listed} feeds, {feeds} are published")
        table.add("listparser (PyPI)", 1, errors)


def by_w3c(table, files, folder):
    """The W3C feed validator from a clone; not in CI, as no registry has it."""
    sys.path.insert(0, folder)
    import feedvalidator
    from feedvalidator import compatibility, logging  # noqa: F401

    judge = "W3C feed validator"
    for file in files:
        if file.suffix == ".json":
            continue
        base = own_address(file)
        events = feedvalidator.validateString(file.read_bytes(), firstOccurrenceOnly=1, base=base)
        events = events["loggedEvents"]
        words = lambda event: f"{file}: {event.__class__.__name__} {event.params}"
        errors = [words(event) for event in events if isinstance(event, logging.Error)]
        warnings = [words(event) for event in events if isinstance(event, logging.Warning)]
        table.add(judge, 1, errors, warnings)


def own_address(file):
    """Where a feed says that it lies: the validator compares."""
    links = ElementTree.parse(file).getroot().iter(ATOM + "link")
    return next(link.get("href") for link in links if link.get("rel") == "self")


JUDGES = [
    "RELAX NG of RFC 4287 (jing)",
    "well-formed XML (xmllint)",
    "feedparser (PyPI)",
    "rss-parser (npm)",
    "@rowanmanning/feed-parser (npm)",
    "feedparser (npm)",
    "feedsmith (npm)",
    "JSON Feed 1.1 schema (ajv)",
    "the formats of one feed",
    "listparser (PyPI)",
]


def main(binary, worlds):
    table = Table()
    for judge in JUDGES:
        table.add(judge)
    for world in map(Path, worlds):
        public = world / "public"
        atom, rss, json_feeds = (sorted(public.rglob("*" + end)) for end in (".xml", ".rss", ".json"))
        files = atom + rss + json_feeds
        by_command(table, "RELAX NG of RFC 4287 (jing)", ["jing", "-c", str(HERE / "atom.rnc")], atom)
        opml = sorted(public.rglob("*.opml"))
        by_command(table, "well-formed XML (xmllint)", ["xmllint", "--noout"], atom + rss + opml)
        truths = {file: own_reading(file) for file in files}
        by_feedparser(table, atom + rss, truths)
        by_npm(table, files, truths)
        by_each_other(table, truths)
        by_listparser(table, public, sum(".archive/" not in str(file) for file in rss))
        if os.environ.get("FEEDVALIDATOR"):
            by_w3c(table, files, os.environ["FEEDVALIDATOR"])
        subscribed = [[file for file in some if ".archive/" not in str(file)] for some in (atom, rss)]
        polled = [file for some in subscribed for file in some[-POLLED:]]
        counts = {str(file.relative_to(public)): len(truths[file]) for file in polled}
        newsboat.judge(table, binary, world, counts)
    return table.show()


sys.exit(main(sys.argv[1], sys.argv[2:]))
