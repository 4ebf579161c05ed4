-- title.en: Emoji
-- title.pt: Emojis
-- definition.en: Emoji in texts and captions and how often each was used. A skin tone, a flag and a joined family are one emoji each; with another skin tone it is another. Stickers and reactions are not counted here; bots' messages count. The 50 most used.
-- definition.pt: Emojis em textos e legendas e quantas vezes cada um foi usado. Um tom de pele, uma bandeira e uma família unida são um emoji cada; com outro tom de pele é outro. Figurinhas e reações não contam aqui; mensagens de bots contam. Os 50 mais usados.
-- group: content
-- order: 60
-- chart: bar x=uses y=emoji
-- params: from, to, chat, week, who, hour, weekday
-- rows: messages
-- rows.where: list_contains(emoji_of(words), $row_emoji)
SELECT found.emoji, count(*) AS uses
FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday) AS chosen
CROSS JOIN unnest(emoji_of(chosen.words)) AS found(emoji)
GROUP BY found.emoji
ORDER BY 2 DESC, 1
LIMIT 50
