"""The fake Telegram of our stories, driven by clients of others: aiogram and python-telegram-bot.

usage: clients.py FAKE   (the built example `fake-telegram`)

Both parse every answer into types of their own (aiogram's refuse what lacks a field), and turn refusals into
errors of their own: what our fake misunderstands of the Bot API shows here. Exits with 1 when something is wrong.
"""

import asyncio
import json
import subprocess
import sys

import aiogram
from aiogram import exceptions as aiogram_errors
from aiogram import types as aiogram_types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
import telegram
from telegram import error as ptb_errors

COMMANDS = [("help", "how"), ("follow", "what")]


class Fake:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = json.loads(self.process.stdout.readline())

    def do_now(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"FAILED: the fake died over {line!r}")
        return json.loads(answer)

    async def do(self, line):
        return await asyncio.to_thread(self.do_now, line)

    def end(self):
        violations = self.do_now("end")
        code = self.process.wait(30)
        return violations["violations"], code


def check(what, is_so):
    if not is_so:
        raise SystemExit(f"FAILED: {what}")
    print(f"  {what}")


async def expect(error, waiting, what):
    try:
        await waiting
    except error as found:
        check(f"{what}: {type(found).__name__}", True)
        return found
    raise SystemExit(f"FAILED: {what}: no {error.__name__}")


async def by_aiogram(fake):
    about = fake.about
    person, group = about["person"], about["group"]
    session = AiohttpSession(api=TelegramAPIServer.from_base(about["url"]))
    async with aiogram.Bot(about["token"], session=session) as bot:
        check("getMe", (await bot.get_me()).username == "tagwire_test_bot")
        await fake.do(f"say {person} /start deep")
        [update] = await bot.get_updates(timeout=5)
        check("a command with its entity", update.message.entities[0].extract_from(update.message.text) == "/start")
        keyboard = aiogram_types.InlineKeyboardMarkup(inline_keyboard=[
            [aiogram_types.InlineKeyboardButton(text="go", callback_data="x" * 64)]])
        sent = await bot.send_message(person, "<b>粗体</b> 😀 &amp; <a href='https://example.org/'>link</a>",
                                      parse_mode="HTML", reply_markup=keyboard)
        check("HTML to entities, in UTF-16", [e.extract_from(sent.text) for e in sent.entities] == ["粗体", "link"])
        await fake.do(f"press {person} go")
        [update] = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        press = update.callback_query
        check("a pressed button", press.data == "x" * 64 and press.message.message_id == sent.message_id)
        edited = await bot.edit_message_text("new", chat_id=person, message_id=sent.message_id)
        check("an edit", edited.edit_date is not None and edited.reply_markup is None)
        check("an answer to a press", await bot.answer_callback_query(press.id, text="ok"))
        await expect(aiogram_errors.TelegramBadRequest, bot.answer_callback_query(press.id), "a second answer")
        await expect(aiogram_errors.TelegramBadRequest,
                     bot.edit_message_text("new", chat_id=person, message_id=sent.message_id), "an edit of nothing")
        asked = asyncio.create_task(fake.do(f"inline {person} word"))
        [update] = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        article = aiogram_types.InlineQueryResultArticle(
            id="1", title="t", input_message_content=aiogram_types.InputTextMessageContent(message_text="m"))
        button = aiogram_types.InlineQueryResultsButton(text="b", start_parameter="s")
        check("inline results", await bot.answer_inline_query(update.inline_query.id, [article], button=button,
                                                              next_offset="1", cache_time=1))
        check("what was offered", (await asked)["results"][0]["title"] == "t")
        member = await bot.get_chat_member(group, person)
        check("the creator of a group", member.status == "creator")
        check("a chat", (await bot.get_chat(group)).title == "Group")
        heads = await bot.get_chat_administrators(group)
        check("administrators", [head.user.id for head in heads] == [person])
        commands = [aiogram_types.BotCommand(command=name, description=text) for name, text in COMMANDS]
        check("commands", await bot.set_my_commands(commands, language_code="zh",
                                                    scope=aiogram_types.BotCommandScopeAllPrivateChats()))
        await bot.set_webhook("https://bot.example.org/x", secret_token="s_-1", max_connections=1)
        check("the webhook", (await bot.get_webhook_info()).url == "https://bot.example.org/x")
        await expect(aiogram_errors.TelegramConflictError, bot.get_updates(), "a poll beside a webhook")
        check("no webhook", await bot.delete_webhook())
        await fake.do("fail 429")
        found = await expect(aiogram_errors.TelegramRetryAfter, bot.send_message(person, "x"), "429")
        check("its seconds", found.retry_after == 3)
        for kind, error in [("403", aiogram_errors.TelegramForbiddenError), ("400", aiogram_errors.TelegramBadRequest),
                            ("500", aiogram_errors.TelegramServerError)]:
            await fake.do(f"fail {kind}")
            await expect(error, bot.send_message(person, "x"), kind)
        check("a deletion", await bot.delete_message(person, sent.message_id))
        await fake.do("fail migrate")
        found = await expect(aiogram_errors.TelegramMigrateToChat, bot.send_message(group, "x"), "a group that moves")
        check("its new number", found.migrate_to_chat_id == -1_009_999_999_999)
        await fake.do(f"block {person}")
        await expect(aiogram_errors.TelegramForbiddenError, bot.send_message(person, "x"), "a person who blocked")
        last = (await bot.get_updates(offset=update.update_id + 1, timeout=5))[-1]
        check("my_chat_member", last.my_chat_member.new_chat_member.status == "kicked")


async def by_python_telegram_bot(fake):
    about = fake.about
    person, group = about["person"], about["group"]
    async with telegram.Bot(about["token"], base_url=f"{about['url']}/bot") as bot:
        check("getMe", bot.username == "tagwire_test_bot")
        await fake.do(f"say {person} /help me")
        [update] = await bot.get_updates(timeout=5)
        check("a command", update.message.parse_entities(["bot_command"]) != {} and update.message.text == "/help me")
        keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("go", callback_data="data"),
                                                   telegram.InlineKeyboardButton("see", url="https://example.org/")]])
        bold = telegram.MessageEntity("bold", 3, 2)
        sent = await bot.send_message(person, "😀 粗体", entities=[bold], reply_markup=keyboard,
                                      link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                                      disable_notification=True)
        check("entities, in UTF-16", list(sent.parse_entities().values()) == ["粗体"])
        await fake.do(f"press {person} go")
        [update] = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        check("a pressed button", update.callback_query.data == "data")
        check("an answer", await update.callback_query.answer("ok", show_alert=True))
        edited = await update.callback_query.edit_message_text("new", reply_markup=keyboard)
        check("an edit", edited.text == "new" and edited.edit_date is not None)
        await expect(ptb_errors.BadRequest, update.callback_query.edit_message_text("new", reply_markup=keyboard),
                     "an edit of nothing")
        asked = asyncio.create_task(fake.do(f"inline {person} word"))
        [update] = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        article = telegram.InlineQueryResultArticle("1", "t", telegram.InputTextMessageContent("m"))
        check("inline results", await update.inline_query.answer([article], cache_time=1))
        await asked
        check("a member", (await bot.get_chat_member(group, person)).status == "creator")
        check("a chat", (await bot.get_chat(group)).type == "supergroup")
        check("commands", await bot.set_my_commands(COMMANDS, scope=telegram.BotCommandScopeChat(person)))
        await expect(ptb_errors.BadRequest, bot.send_message(person, "x" * 4097), "4097 characters")
        await fake.do("fail 429")
        found = await expect(ptb_errors.RetryAfter, bot.send_message(person, "x"), "429")
        seconds = found.retry_after
        check("its seconds", (seconds if isinstance(seconds, int) else seconds.total_seconds()) == 3)
        await fake.do("fail 403")
        await expect(ptb_errors.Forbidden, bot.send_message(person, "x"), "403")
        await fake.do("fail migrate")
        found = await expect(ptb_errors.ChatMigrated, bot.send_message(group, "x"), "a group that moves")
        check("its new number", found.new_chat_id == -1_009_999_999_999)


def main(program):
    for name, drive in [("aiogram", by_aiogram), ("python-telegram-bot", by_python_telegram_bot)]:
        print(name)
        fake = Fake(program)
        asyncio.run(asyncio.wait_for(drive(fake), 90))
        violations, code = fake.end()
        check(f"nothing against the rules: {violations}", not violations and code == 0)


if __name__ == "__main__":
    main(sys.argv[1])
