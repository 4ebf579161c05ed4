// The tests' bot in telegraf, polling: what it does says ../conversation.py. Environment: BOT_API, BOT_TOKEN.
const { Telegraf, Markup, Input } = require("telegraf");

const { BOT_API, BOT_TOKEN } = process.env;
const bot = new Telegraf(BOT_TOKEN, { telegram: { apiRoot: BOT_API } });

async function sendBack(ctx, fileId) {
  const answer = await fetch(await ctx.telegram.getFileLink(fileId));
  const content = Buffer.from(await answer.arrayBuffer());
  await ctx.replyWithDocument(Input.fromBuffer(content, "de-volta.bin"), { caption: `${content.length} bytes` });
}

bot.use((ctx, next) => {
  console.log("GOT", Object.keys(ctx.update).find((key) => key !== "update_id"));
  return next();
});
bot.command("start", (ctx) =>
  ctx.reply(`Olá, ${ctx.from.first_name}!`, Markup.inlineKeyboard([Markup.button.callback("Mais", "more")])));
bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup(["one", "two"].map((name) => (
    { type: "photo", media: Input.fromBuffer(Buffer.from(`canary-upload-${name}`), `${name}.jpg`) }))));
bot.command("nowhere", async (ctx) => {
  try {
    await ctx.telegram.sendMessage(404404, "?");
  } catch (error) {
    await ctx.reply(error.response.description);
  }
});
bot.action("more", async (ctx) => {
  await ctx.answerCbQuery("…");
  await ctx.editMessageText("Mais nada. 🤷");
});
bot.on("photo", (ctx) => sendBack(ctx, ctx.message.photo.at(-1).file_id));
bot.on("document", (ctx) => sendBack(ctx, ctx.message.document.file_id));
bot.on("text", (ctx) => ctx.reply(`Você disse: ${ctx.message.text}`));
bot.catch((error) => { console.error(error); process.exitCode = 1; });

process.once("SIGTERM", () => bot.stop());
bot.launch({ allowedUpdates: ["message", "callback_query"] });
