"""The tests' bot in aiogram: what it does says `conversation.py`. Environment: BOT_API, BOT_TOKEN, BOT_MODE, BOT_PORT, BOT_URL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
    Update,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

SECRET = "canary-webhook-secret"
dispatcher = Dispatcher()


@dispatcher.update.outer_middleware()
async def tell(handler: Callable[..., Awaitable[Any]], event: Update, data: dict[str, Any]) -> Any:
    print("GOT", event.event_type, flush=True)
    return await handler(event, data)


@dispatcher.message(Command("start"))
async def start(message: Message) -> None:
    button = InlineKeyboardButton(text="Mais", callback_data="more")
    await message.answer(
        f"Olá, {message.from_user.first_name}!", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]])
    )


@dispatcher.message(Command("album"))
async def album(message: Message) -> None:
    await message.answer_media_group(
        [
            InputMediaPhoto(media=BufferedInputFile(f"canary-upload-{name}".encode(), f"{name}.jpg"))
            for name in ("one", "two")
        ]
    )


@dispatcher.message(Command("nowhere"))
async def nowhere(message: Message, bot: Bot) -> None:
    try:
        await bot.send_message(404404, "?")
    except TelegramBadRequest as error:
        await message.answer(error.message)


@dispatcher.callback_query(F.data == "more")
async def more(query: CallbackQuery) -> None:
    await query.answer("…")
    await query.message.edit_text("Mais nada. 🤷")


@dispatcher.message(F.photo | F.document)
async def send_back(message: Message, bot: Bot) -> None:
    content = (await bot.download(message.document or message.photo[-1])).read()
    await message.answer_document(BufferedInputFile(content, "de-volta.bin"), caption=f"{len(content)} bytes")


@dispatcher.message(F.text)
async def echo(message: Message) -> SendMessage:
    # Returned, not awaited: with a webhook aiogram then answers Telegram with the call.
    return message.answer(f"Você disse: {message.text}")


def main() -> None:
    bot = Bot(os.environ["BOT_TOKEN"], session=AiohttpSession(api=TelegramAPIServer.from_base(os.environ["BOT_API"])))
    if os.environ["BOT_MODE"] == "polling":
        asyncio.run(dispatcher.start_polling(bot))
        return

    async def set_webhook() -> None:
        await bot.set_webhook(
            os.environ["BOT_URL"], secret_token=SECRET, allowed_updates=dispatcher.resolve_used_update_types()
        )

    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=SECRET).register(app, path="/hook")
    setup_application(app, dispatcher, bot=bot)
    dispatcher.startup.register(set_webhook)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["BOT_PORT"]), print=None)


if __name__ == "__main__":
    main()
