-- title.en: Messages with given words
-- title.pt: Mensagens com certas palavras
-- definition.en: Messages whose text or caption has the given words (parameter words) in a row, in any case, with or without accents, also inside longer words; and their share of the period's messages. Service messages are left out; those of bots count. Without the parameter nothing is found.
-- definition.pt: Mensagens cujo texto ou legenda tem as palavras dadas (parâmetro words) em seguida, maiúsculas ou não, com ou sem acentos, também dentro de palavras maiores; e sua parcela das mensagens do período. Mensagens de serviço ficam de fora; as de bots contam. Sem o parâmetro nada é achado.
-- group: content
-- order: 80
-- chart: bar x=period y=messages
-- params: from, to, chat, week, who, hour, weekday, words, grain=day
-- rows: messages period=period_of(day, hour, $grain)
-- rows.messages: has_words(words, $words)
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, count(*) AS all_messages,
                                    count(*) FILTER (WHERE has_words(words, $words)) AS messages
                             FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY 1, 2),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       CAST(coalesce(sum(chosen.messages), 0) AS BIGINT) AS messages,
       round(sum(chosen.messages) / sum(chosen.all_messages), 4) AS share
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
