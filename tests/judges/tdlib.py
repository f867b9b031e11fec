"""TDLib's own parser reads our messages: the same text and the same entities must come out.

In: lines of `cargo run --example messages` on standard input. Out: what differs; exit code 1 when anything does.
The message is written as HTML from its text and entities, so offsets that are wrong by one, halves of surrogate
pairs, entities that overlap and characters that TDLib drops all show up.
"""

import html
import json
import sys

import tdjson

KINDS = {
    "bold": ("<b>", "</b>", "textEntityTypeBold"),
    "italic": ("<i>", "</i>", "textEntityTypeItalic"),
    "strikethrough": ("<s>", "</s>", "textEntityTypeStrikethrough"),
    "code": ("<code>", "</code>", "textEntityTypeCode"),
    "text_link": ('<a href="{url}">', "</a>", "textEntityTypeTextUrl"),
}


def ask(question):
    return json.loads(tdjson.td_execute(json.dumps(question).encode()) or b"{}")


def units(text):
    return text.encode("utf-16-le")


def as_html(text, entities):
    raw = units(text)
    opens, closes = {}, {}
    order = sorted(entities, key=lambda e: (e["offset"], -e["length"]))
    for entity in order:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        before, after, _ = KINDS[entity["type"]]
        before = before.replace("{url}", html.escape(entity.get("url", ""), quote=True))
        opens.setdefault(begin, []).append(before)
        closes.setdefault(end, []).insert(0, after)
    edges = sorted({0, len(raw) // 2, *opens, *closes})
    pieces = []
    for at, until in zip(edges, edges[1:] + [None]):
        pieces += closes.get(at, []) + opens.get(at, [])
        if until is not None:
            pieces.append(html.escape(raw[at * 2 : until * 2].decode("utf-16-le"), quote=False))
    return "".join(pieces)


def ours(entities):
    return sorted((e["offset"], e["length"], KINDS[e["type"]][2]) for e in entities)


def theirs(entities):
    return sorted((e["offset"], e["length"], e["type"]["@type"]) for e in entities)


def main():
    ask({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
    seen = wrong = 0
    for line in sys.stdin:
        message = json.loads(line)
        text, entities = message["text"], message.get("entities", [])
        seen += 1
        try:
            source = as_html(text, entities)
        except UnicodeDecodeError as error:
            wrong += 1
            print(f"an entity cuts a character in two: {error}: {text!r}")
            continue
        parsed = ask({"@type": "parseTextEntities", "text": source, "parse_mode": {"@type": "textParseModeHTML"}})
        if parsed["@type"] == "error":
            wrong += 1
            print(f"refused: {parsed['message']}: {text!r}")
        elif parsed["text"] != text:
            wrong += 1
            print(f"another text: {text!r} became {parsed['text']!r}")
        elif theirs(parsed["entities"]) != ours(entities):
            wrong += 1
            print(f"other entities: {ours(entities)} became {theirs(parsed['entities'])}: {text!r}")
        if wrong > 20:
            break
    print(f"tdlib: {seen} messages, {wrong} not as we meant them")
    sys.exit(1 if wrong or not seen else 0)


main()
