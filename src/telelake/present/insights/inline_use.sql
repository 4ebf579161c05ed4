-- title.en: Inline use
-- title.pt: Uso inline
-- definition.en: Inline queries (what people typed after the bot's name, one for each pause in typing), the different people who typed, and results that were chosen (only where inline feedback is on in @BotFather), by the time of receipt. Periods without either show 0. Telegram does not say in which chat.
-- definition.pt: Consultas inline (o que se digitou depois do nome do bot, uma a cada pausa), as pessoas diferentes que digitaram, e resultados escolhidos (só onde o retorno inline está ligado no @BotFather), pela hora do recebimento. Períodos sem nenhum aparecem com 0. O Telegram não diz em que chat.
-- group: bot
-- order: 30
-- chart: line x=period y=queries,chosen
-- params: from, to, week, hour, weekday, grain=day
WITH events AS (SELECT context_date AS day, received_at, user_id, true AS is_query FROM inline_queries
                UNION ALL SELECT context_date, received_at, user_id, false FROM chosen_results),
     chosen AS MATERIALIZED (SELECT day, period_of(day, hour(local_time(received_at)), $grain) AS period, user_id, is_query
                             FROM events
                             WHERE is_chosen_day(day, $from, $to, $week, $weekday)
                               AND is_chosen_hour(hour(local_time(received_at)), $hour)),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(*) FILTER (WHERE chosen.is_query) AS queries,
       count(DISTINCT chosen.user_id) FILTER (WHERE chosen.is_query) AS people,
       count(*) FILTER (WHERE NOT chosen.is_query) AS chosen
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
