-- title.en: Reactions to the bot's messages
-- title.pt: Reações às mensagens do bot
-- definition.en: Reactions that people put on messages of our bots, and took away again, by reaction. They are told only where the bot is an admin and asks for message_reaction; anonymous totals of channels (reaction_counts) are not counted. The bot's own messages must be in the lake (mode proxy). Day and hour are those of the reaction.
-- definition.pt: Reações que pessoas puseram em mensagens de nossos bots, e retiraram, por reação. Só são contadas onde o bot é admin e pede message_reaction; totais anônimos de canais (reaction_counts) não contam. As mensagens do próprio bot precisam estar no lago (modo proxy). Dia e hora são os da reação.
-- group: bot
-- order: 80
-- chart: bar x=added y=reaction
-- params: from, to, chat, week, hour, weekday
-- based_on: added
WITH changed AS (SELECT account_id, chat_id, message_id, context_date, occurred_at, user_id, reaction, 1 AS added, 0 AS removed
                 FROM reactions CROSS JOIN unnest(reactions.added) AS news(reaction)
                 UNION ALL
                 SELECT account_id, chat_id, message_id, context_date, occurred_at, user_id, reaction, 0, 1
                 FROM reactions CROSS JOIN unnest(reactions.removed) AS olds(reaction))
SELECT changed.reaction,
       CAST(sum(changed.added) AS BIGINT) AS added,
       CAST(sum(changed.removed) AS BIGINT) AS removed,
       count(DISTINCT changed.user_id) AS people
FROM changed
JOIN messages ON messages.account_id = changed.account_id AND messages.chat_id = changed.chat_id
     AND messages.message_id = changed.message_id
LEFT JOIN chats ON chats.chat_id = changed.chat_id
WHERE messages.direction = 'out'
  AND is_chosen_day(changed.context_date, $from, $to, $week, $weekday)
  AND is_chosen_hour(hour(local_time(changed.occurred_at)), $hour)
  AND is_chosen_chat(coalesce(chats.continuing_chat_id, changed.chat_id), $chat)
GROUP BY changed.reaction
ORDER BY 2 DESC, 1
