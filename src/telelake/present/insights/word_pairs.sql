-- title.en: Pairs of words
-- title.pt: Pares de palavras
-- definition.en: Two words in a row in a text or caption, in lower case, and how often. Pairs in which either is a word that says nothing by itself (macro stop_words) or has less than two letters are left out, and all but the 2,000 most frequent words. Only people's messages unless who says otherwise. The 50 most frequent.
-- definition.pt: Duas palavras seguidas num texto ou legenda, em minúsculas, e quantas vezes. Pares em que uma delas é palavra que sozinha nada diz (macro stop_words) ou tem menos de duas letras ficam de fora, e também todas as palavras menos as 2.000 mais frequentes. Só mensagens de pessoas, a não ser que who diga outra coisa. Os 50 mais frequentes.
-- group: content
-- order: 20
-- chart: bar x=uses y=pair
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: messages
-- rows.where: strpos(' ' || array_to_string(words_of(words), ' ') || ' ', ' ' || $row_pair || ' ') > 0
-- Words are counted first: of a million messages there are too many pairs to count each.
WITH said AS (SELECT words_of(words) AS spoken FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday)),
     counted AS (SELECT each.word, count(*) AS uses FROM said CROSS JOIN unnest(said.spoken) AS each(word) GROUP BY each.word),
     often AS (SELECT word FROM counted
               WHERE length(word) >= 2 AND word NOT IN (SELECT word FROM stop_words())
               ORDER BY uses DESC, word
               LIMIT 2000),
     paired AS (SELECT list_transform(range(1, len(spoken)), lambda place: spoken[place] || ' ' || spoken[place + 1]) AS pairs FROM said)
SELECT CAST(each.pair AS VARCHAR) AS pair, count(*) AS uses
FROM paired CROSS JOIN unnest(paired.pairs) AS each(pair)
WHERE split_part(each.pair, ' ', 1) IN (SELECT word FROM often) AND split_part(each.pair, ' ', 2) IN (SELECT word FROM often)
GROUP BY each.pair
ORDER BY 2 DESC, 1
LIMIT 50
