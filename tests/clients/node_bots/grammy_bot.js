// The tests' bot in grammY: what it does says ../conversation.py. Environment: BOT_API, BOT_TOKEN, BOT_MODE, BOT_PORT, BOT_URL.
const http = require("node:http");
const { Bot, InlineKeyboard, InputFile, InputMediaBuilder, webhookCallback } = require("grammy");

const { BOT_API, BOT_TOKEN, BOT_MODE, BOT_PORT, BOT_URL } = process.env;
const bot = new Bot(BOT_TOKEN, {
  client: { apiRoot: BOT_API, canUseWebhookReply: (method) => method === "sendChatAction" },
});

async function sendBack(ctx) {
  const file = await ctx.getFile();
  const answer = await fetch(`${BOT_API}/file/bot${BOT_TOKEN}/${file.file_path}`);
  const content = new Uint8Array(await answer.arrayBuffer());
  await ctx.replyWithDocument(new InputFile(content, "de-volta.bin"), { caption: `${content.length} bytes` });
}

bot.use((ctx, next) => {
  console.log("GOT", Object.keys(ctx.update).find((key) => key !== "update_id"));
  return next();
});
bot.command("start", (ctx) =>
  ctx.reply(`Olá, ${ctx.from.first_name}!`, { reply_markup: new InlineKeyboard().text("Mais", "more") }));
bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup(["one", "two"].map((name) =>
    InputMediaBuilder.photo(new InputFile(new TextEncoder().encode(`canary-upload-${name}`), `${name}.jpg`)))));
bot.command("nowhere", async (ctx) => {
  try {
    await ctx.api.sendMessage(404404, "?");
  } catch (error) {
    await ctx.reply(error.description);
  }
});
bot.callbackQuery("more", async (ctx) => {
  await ctx.answerCallbackQuery("…");
  await ctx.editMessageText("Mais nada. 🤷");
});
bot.on(["message:photo", "message:document"], sendBack);
bot.on("message:text", async (ctx) => {
  await ctx.replyWithChatAction("typing");
  await ctx.reply(`Você disse: ${ctx.message.text}`);
});
bot.catch((error) => { console.error(error); process.exitCode = 1; });

async function main() {
  if (BOT_MODE === "polling") {
    process.once("SIGTERM", () => bot.stop());
    await bot.start({ allowed_updates: ["message", "callback_query"] });
    return;
  }
  const server = http.createServer(webhookCallback(bot, "http", { secretToken: "canary-webhook-secret" }));
  process.once("SIGTERM", () => { server.close(); server.closeAllConnections(); });
  await new Promise((resolve) => server.listen(Number(BOT_PORT), "127.0.0.1", resolve));
  await bot.api.setWebhook(BOT_URL, { secret_token: "canary-webhook-secret", allowed_updates: ["message", "callback_query"] });
}

main();
