-- title.en: Pairs of words
-- title.pt: Pares de palavras
-- definition.en: Two words in a row in a text or caption, in lower case, and how often. Pairs in which either is a word that says nothing by itself (macro stop_words) or has less than two letters are left out. Only people's messages unless who says otherwise. The 50 most frequent.
-- definition.pt: Duas palavras seguidas num texto ou legenda, em minúsculas, e quantas vezes. Pares em que uma delas é palavra que sozinha nada diz (macro stop_words) ou tem menos de duas letras ficam de fora. Só mensagens de pessoas, a não ser que who diga outra coisa. Os 50 mais frequentes.
-- group: content
-- order: 20
-- chart: bar x=uses y=pair
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: messages
-- rows.where: strpos(' ' || array_to_string(words_of(words), ' ') || ' ', ' ' || $row_pair || ' ') > 0
WITH spoken AS (SELECT chosen.account_id, chosen.posted_chat_id, chosen.message_id, parts.place, parts.word
                FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday) AS chosen
                CROSS JOIN unnest(words_of(chosen.words)) WITH ORDINALITY AS parts(word, place)),
     pairs AS (SELECT word, lead(word) OVER (PARTITION BY account_id, posted_chat_id, message_id ORDER BY place) AS next_word
               FROM spoken),
     counted AS (SELECT word, next_word, count(*) AS uses FROM pairs GROUP BY word, next_word)
SELECT word || ' ' || next_word AS pair, uses
FROM counted
WHERE length(word) >= 2 AND length(next_word) >= 2
  AND word NOT IN (SELECT word FROM stop_words()) AND next_word NOT IN (SELECT word FROM stop_words())
ORDER BY 2 DESC, 1
LIMIT 50
