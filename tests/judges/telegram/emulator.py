"""tagwire against an independent Bot API: PyPI `lo-bot-api-emulator`.

usage: emulator.py TAGWIRE FOLDER   (FOLDER: an empty one to work in)

Between the two stands a small shim, which does only what the emulator cannot:
- it spells methods as the Bot API does (teloxide writes /GetMe, the emulator knows getMe alone);
- it takes away fields that the emulator's contract does not have, and counts them;
- it answers getChatMember, which the emulator does not model, and gives the bot a name;
- it lets the emulator post to our webhook on loopback.
Whatever else the emulator refuses fails the run. Exits with 1 when something is wrong.
"""

import asyncio
import collections
import datetime
import json
import os
import pathlib
import socket
import subprocess
import sys

from aiohttp import ClientSession, web

TOKEN = "123456789:AAsynthetic-token-of-the-judges_only00"
PERSON = {"id": 42, "is_bot": False, "first_name": "Li", "language_code": "en"}
CHAT = {"id": 42, "type": "private", "first_name": "Li"}
METHODS = [
    "getMe", "getUpdates", "sendMessage", "editMessageText", "deleteMessage", "answerCallbackQuery",
    "answerInlineQuery", "setMyCommands", "getChatMember", "setWebhook", "deleteWebhook",
    "getWebhookInfo",
]
# What the emulator's contract does not know and Telegram does.
UNKNOWN_TO_IT = {
    "sendMessage": ["link_preview_options", "message_thread_id"],
    "editMessageText": ["link_preview_options"],
    "answerInlineQuery": ["button"],
}
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shim:
    def __init__(self, emulator, session):
        self.emulator, self.session = emulator, session
        self.hook_port = None
        self.calls, self.refused = [], []
        self.removed = collections.Counter()
        self.changed = asyncio.Event()

    async def handle(self, request):
        given = request.match_info["method"]
        method = next((name for name in METHODS if name.lower() == given.lower()), given)
        body = await request.json() if request.can_read_body else {}
        sent = dict(body)
        for field in UNKNOWN_TO_IT.get(method, []):
            if sent.pop(field, None) is not None:
                self.removed[f"{method}.{field}"] += 1
        if method == "answerInlineQuery":
            sent["results"] = [self.known_result(result) for result in body["results"]]
        if method == "setWebhook":
            path = "/" + sent["url"].split("/", 3)[3]
            sent["url"] = f"http://127.0.0.1:{self.hook_port}{path}"
        if method == "getChatMember":
            status = "administrator" if body["user_id"] == PERSON["id"] else "member"
            answer, code = {"ok": True, "result": {"user": PERSON, "status": status}}, 200
        else:
            url = f"{self.emulator}/bot{request.match_info['token']}/{method}"
            async with self.session.post(url, json=sent) as response:
                answer, code = await response.json(), response.status
        if method == "getMe":
            # It gives its bot no name; every real one has one.
            answer["result"].setdefault("username", "judged_bot")
        if not answer.get("ok") and code != 409:
            self.refused.append((method, code, answer.get("description"), sent))
        self.calls.append((method, body, answer))
        self.changed.set()
        return web.json_response(answer, status=code)

    def known_result(self, result):
        content = dict(result["input_message_content"])
        if content.pop("link_preview_options", None) is not None:
            self.removed["answerInlineQuery.results.link_preview_options"] += 1
        return {**result, "input_message_content": content}

    async def wait(self, what, fits, since=0):
        """The first call from `since` on that fits."""

        async def look():
            while True:
                self.changed.clear()
                for method, body, answer in self.calls[since:]:
                    if fits(method, body):
                        return body, answer
                await self.changed.wait()

        try:
            return await asyncio.wait_for(look(), PATIENCE)
        except asyncio.TimeoutError:
            told = "\n".join(f"  {method} {json.dumps(body, ensure_ascii=False)[:200]} -> {str(answer)[:200]}"
                             for method, body, answer in self.calls[since:] if method != "getUpdates")
            raise SystemExit(f"FAILED: waited in vain for {what}; since then:\n{told}") from None


class Story:
    def __init__(self, shim, emulator, session):
        self.shim, self.emulator, self.session = shim, emulator, session
        self.number = 0
        self.done = []

    async def bring(self, update):
        body = {"token": TOKEN, "update": update}
        async with self.session.post(f"{self.emulator}/__fixture/updates", json=body) as response:
            if response.status != 200:
                raise SystemExit(f"FAILED: the emulator takes no {list(update)}: {await response.text()}")

    def message(self, text, **more):
        self.number += 1
        message = {"message_id": self.number, "date": 1, "chat": CHAT, "from": PERSON, "text": text, **more}
        return {"message": message}

    async def say(self, text, expected, **more):
        since = len(self.shim.calls)
        await self.bring(self.message(text, **more))
        body, answer = await self.shim.wait(
            f"an answer to {text}", lambda method, body: method == "sendMessage" and expected in body["text"], since)
        self.done.append(f"{text} -> {body['text'].splitlines()[0]}")
        return body, answer["result"]

    async def press(self, sent, result):
        since = len(self.shim.calls)
        data = sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        message = {"message_id": result["message_id"], "date": 1, "chat": CHAT, "text": sent["text"]}
        await self.bring({"callback_query": {"id": "77", "from": PERSON, "message": message,
                                             "chat_instance": "1", "data": data}})
        edit, _ = await self.shim.wait("an edit", lambda method, _: method == "editMessageText", since)
        await self.shim.wait("an answer to the press", lambda method, _: method == "answerCallbackQuery", since)
        self.done.append(f"pressed -> {edit['text'].splitlines()[0]}")

    async def type_inline(self, text):
        since = len(self.shim.calls)
        await self.bring({"inline_query": {"id": "88", "from": PERSON, "query": text, "offset": ""}})
        body, _ = await self.shim.wait("inline results", lambda method, _: method == "answerInlineQuery", since)
        self.done.append(f"inline {text} -> {len(body['results'])} results")


def write(folder, hook_port, webhook):
    (folder / "posts").mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S +0000")
    (folder / "posts/2026-01-01-first.md").write_text(f"---\ntitle: First\ndate: {now}\ncategories: demo\ntags: [early]\n---\nText.\n")
    lines = [
        "site: {title: Judged, url: 'http://news.example.cn'}",
        f"http: {{listen: '127.0.0.1:{hook_port}'}}",
        "telegram:",
        "  poll_seconds: 5",
    ]
    if webhook:
        lines.append("  webhook: {url: 'https://bot.example.org/telegram'}")
    (folder / "config.yaml").write_text("\n".join(lines) + "\n")


def start(binary, folder, api):
    environment = {**os.environ, "TAGWIRE_TELEGRAM_TOKEN": TOKEN, "TAGWIRE__TELEGRAM__API_URL": api}
    log = open(folder / "log", "ab")
    return subprocess.Popen([binary, "--config", "config.yaml", "run"], cwd=folder, env=environment, stdout=log, stderr=log)


def stop(daemon):
    daemon.terminate()
    if daemon.wait(30) != 0:
        raise SystemExit(f"FAILED: tagwire ended with {daemon.returncode}")


async def until_there(session, url):
    for _ in range(PATIENCE * 10):
        try:
            async with session.get(url):
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"FAILED: nothing answers at {url}")


async def until_published(session, port):
    for _ in range(PATIENCE * 10):
        try:
            async with session.get(f"http://127.0.0.1:{port}/feed/demo.xml") as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("FAILED: the feed is not published")


async def polling(story, binary, folder, api, port):
    write(folder, port, webhook=False)
    # It comes before tagwire: updates wait.
    await story.bring(story.message("/start"))
    daemon = start(binary, folder, api)
    try:
        await story.shim.wait("a welcome", lambda method, body: method == "sendMessage" and "Welcome" in body["text"])
        await until_published(story.session, port)
        sent, result = await story.say("/follow demo", "Following")
        await story.press(sent, result)
        await story.say("/follow demo", "ollowing", entities=[{"type": "bot_command", "offset": 0, "length": 7}])
        await story.say("/dance", "Unknown command")
        await story.type_inline("demo")
        since = len(story.shim.calls)
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S +0000")
        draft = folder / "draft"
        draft.write_text(f"---\ntitle: 市场监管 😀 news\ndate: {now}\ncategories: demo\n---\nThe text of it.\n")
        draft.rename(folder / "posts/2026-01-02-second.md")
        await story.shim.wait("the new post", lambda method, body: method == "sendMessage" and "😀" in body["text"], since)
        story.done.append("a new post -> its message")
    finally:
        stop(daemon)


async def webhook(story, binary, folder, api, port):
    write(folder, port, webhook=True)
    daemon = start(binary, folder, api)
    try:
        await story.shim.wait("setWebhook", lambda method, _: method == "setWebhook")
        await story.say("/help", "/latest")
        story.done.append("the same by webhook")
    finally:
        stop(daemon)
    # Polling again takes the webhook back, or every poll would be refused.
    write(folder, port, webhook=False)
    daemon = start(binary, folder, api)
    try:
        await story.shim.wait("deleteWebhook", lambda method, _: method == "deleteWebhook")
        await story.say("/following", "followed")
    finally:
        stop(daemon)


async def main(binary, folder):
    folder.mkdir(parents=True, exist_ok=True)
    emulator_port, shim_port, hook_port = free_port(), free_port(), free_port()
    emulator, api = f"http://127.0.0.1:{emulator_port}", f"http://127.0.0.1:{shim_port}"
    journal = folder / "journal.jsonl"
    program = str(pathlib.Path(sys.executable).parent / "lo-bot-api-emulator")
    server = subprocess.Popen([program, "--port", str(emulator_port), "--enable-control",
                               "--allow-insecure-loopback-webhooks", "--journal", str(journal)], stdout=subprocess.DEVNULL)
    try:
        async with ClientSession() as session:
            await until_there(session, emulator)
            shim = Shim(emulator, session)
            shim.hook_port = hook_port
            app = web.Application()
            app.router.add_route("*", "/bot{token}/{method}", shim.handle)
            runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", shim_port).start()
            story = Story(shim, emulator, session)
            await polling(story, binary, folder, api, hook_port)
            await webhook(story, binary, folder, api, hook_port)
            await runner.cleanup()
    finally:
        server.terminate()
        server.wait()
    verdict = [program, "verdict", str(journal), "--require-response"]
    for method in ["answerCallbackQuery", "answerInlineQuery", "editMessageText", "setMyCommands", "setWebhook"]:
        verdict += ["--require-method", method]
    judged = subprocess.run(verdict, capture_output=True, text=True)
    for line in story.done:
        print(f"  {line}")
    print(f"  taken away, because the emulator does not know it: {dict(shim.removed)}")
    for refused in shim.refused:
        print(f"  REFUSED: {refused}")
    print(f"  its verdict: {(judged.stdout + judged.stderr).strip()}")
    if shim.refused or judged.returncode != 0 or TOKEN in (folder / "log").read_text():
        raise SystemExit("FAILED")


if __name__ == "__main__":
    asyncio.run(main(os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute()))
