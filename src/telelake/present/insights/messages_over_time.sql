-- title.en: Messages over time
-- title.pt: Mensagens ao longo do tempo
-- definition.en: Messages by local hour, lake day, ISO week or month, by the parameter grain. A week begins on Monday and belongs to the year of its Thursday (2027-01-01 is in 2026-W53). Service messages are left out; those of bots count. Periods between the first and the last message show 0 when nobody wrote; the last period may be incomplete.
-- definition.pt: Mensagens por hora local, dia do lago, semana ISO ou mês, conforme o parâmetro grain. A semana começa na segunda e pertence ao ano da sua quinta-feira (2027-01-01 está em 2026-W53). Mensagens de serviço ficam de fora; as de bots contam. Períodos entre a primeira e a última mensagem aparecem com 0 quando ninguém escreveu; o último pode estar incompleto.
-- group: activity
-- order: 20
-- chart: bar x=period y=messages
-- params: from, to, chat, week, who, hour, weekday, grain=day
-- rows: messages period=period_of(day, hour, $grain)
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, sum(messages) AS messages
                             FROM chosen_times($from, $to, $chat, $week, $who, $hour, $weekday) WHERE messages > 0 GROUP BY 1, 2),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       CAST(coalesce(sum(chosen.messages), 0) AS BIGINT) AS messages
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
