"""The tests' bot in python-telegram-bot: what it does says `conversation.py`. Environment as of `aiogram_bot.py`."""

from __future__ import annotations

import os

from telegram.error import BadRequest
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update

ALLOWED = [Update.MESSAGE, Update.CALLBACK_QUERY]
Context = ContextTypes.DEFAULT_TYPE


async def tell(update: Update, _: Context) -> None:
    print("GOT", next(kind for kind in update.to_dict() if kind != "update_id"), flush=True)


async def start(update: Update, _: Context) -> None:
    button = InlineKeyboardButton("Mais", callback_data="more")
    await update.message.reply_text(
        f"Olá, {update.effective_user.first_name}!", reply_markup=InlineKeyboardMarkup([[button]])
    )


async def album(update: Update, _: Context) -> None:
    await update.message.reply_media_group(
        [InputMediaPhoto(f"canary-upload-{name}".encode(), filename=f"{name}.jpg") for name in ("one", "two")]
    )


async def nowhere(update: Update, context: Context) -> None:
    try:
        await context.bot.send_message(404404, "?")
    except BadRequest as error:
        await update.message.reply_text(error.message)


async def more(update: Update, _: Context) -> None:
    await update.callback_query.answer("…")
    await update.callback_query.edit_message_text("Mais nada. 🤷")


async def send_back(update: Update, _: Context) -> None:
    file = await (update.message.document or update.message.photo[-1]).get_file()
    content = bytes(await file.download_as_bytearray())
    await update.message.reply_document(content, filename="de-volta.bin", caption=f"{len(content)} bytes")


async def echo(update: Update, _: Context) -> None:
    await update.message.reply_text(f"Você disse: {update.message.text}")


def main() -> None:
    base = os.environ["BOT_API"]
    application: Application = (
        ApplicationBuilder()
        .token(os.environ["BOT_TOKEN"])
        .base_url(f"{base}/bot")
        .base_file_url(f"{base}/file/bot")
        .build()
    )
    application.add_handler(TypeHandler(Update, tell), group=-1)
    for command, handler in (("start", start), ("album", album), ("nowhere", nowhere)):
        application.add_handler(CommandHandler(command, handler))
    application.add_handler(CallbackQueryHandler(more, "more"))
    application.add_handler(MessageHandler(filters.PHOTO | filters.Document.ALL, send_back))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    if os.environ["BOT_MODE"] == "polling":
        application.run_polling(allowed_updates=ALLOWED)
    else:
        application.run_webhook(
            "127.0.0.1", int(os.environ["BOT_PORT"]), "hook", webhook_url=os.environ["BOT_URL"],
            secret_token="canary-webhook-secret", allowed_updates=ALLOWED,
        )  # fmt: skip


if __name__ == "__main__":
    main()
