-- title.en: Words
-- title.pt: Palavras
-- definition.en: Words of texts and captions, in lower case, of three letters or more, and how often they were used; accents distinguish. Frequent words that say nothing by themselves, in Portuguese and English, are left out (macro stop_words), so are links that begin with http or www. Only people's messages unless who says otherwise. The 50 most used.
-- definition.pt: Palavras de textos e legendas, em minúsculas, de três letras ou mais, e quantas vezes foram usadas; acentos distinguem. Palavras frequentes que sozinhas nada dizem, em português e inglês, ficam de fora (macro stop_words), assim como links que começam com http ou www. Só mensagens de pessoas, a não ser que who diga outra coisa. As 50 mais usadas.
-- group: content
-- order: 10
-- chart: bar x=uses y=word
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: messages
-- rows.where: list_contains(words_of(words), $row_word)
-- Counted first: to look up each of many million words among those that say nothing takes longer.
-- A list is opened as a column of its own: of an expression over the texts the engine would keep them all.
WITH said AS (SELECT words_of(words) AS spoken FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday)),
     counted AS (SELECT each.word, count(*) AS uses FROM said CROSS JOIN unnest(said.spoken) AS each(word) GROUP BY each.word)
SELECT word, uses
FROM counted
WHERE length(word) >= 3 AND word NOT IN (SELECT word FROM stop_words())
ORDER BY 2 DESC, 1
LIMIT 50
