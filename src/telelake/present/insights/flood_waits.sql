-- title.en: Flood waits
-- title.pt: Esperas por excesso
-- definition.en: Requests of our bots that Telegram put off because there were too many (an error with retry_after), and the seconds that it asked to wait, added up; beside all requests of the period. Periods without show 0.
-- definition.pt: Pedidos de nossos bots que o Telegram adiou por serem demais (um erro com retry_after), e os segundos que pediu para esperar, somados; ao lado, todos os pedidos do período. Períodos sem nenhum aparecem com 0.
-- group: bot
-- order: 60
-- chart: bar x=period y=waits
-- params: from, to, chat, week, hour, weekday, grain=day
-- rows: calls period=period_of(day, hour, $grain)
-- rows.waits: retry_after_seconds IS NOT NULL
-- rows.wait_seconds: retry_after_seconds IS NOT NULL
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, retry_after_seconds FROM chosen_calls($from, $to, $chat, $week, $hour, $weekday)),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(chosen.period) AS calls,
       count(chosen.retry_after_seconds) AS waits,
       CAST(coalesce(sum(chosen.retry_after_seconds), 0) AS BIGINT) AS wait_seconds
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
