-- title.en: Joins and leaves
-- title.pt: Entradas e saídas
-- definition.en: People who joined in each period, people who left, were removed or were banned, and the difference. What the service message and the update say of the same join or leave counts once; bots do not count. In a private chat, banned means that the person blocked the bot. Joins are complete where the bot is an admin and asks for chat_member. Periods without either show 0.
-- definition.pt: Pessoas que entraram em cada período, pessoas que saíram, foram removidas ou banidas, e a diferença. O que a mensagem de serviço e o update dizem da mesma entrada ou saída conta uma vez; bots não contam. Num chat privado, banir significa que a pessoa bloqueou o bot. As entradas são completas onde o bot é admin e pede chat_member. Períodos sem nenhuma aparecem com 0.
-- group: activity
-- order: 80
-- chart: line x=period y=joined,gone
-- params: from, to, chat, week, hour, weekday, grain=day
-- rows: memberships period=period_of(day, hour, $grain)
-- rows.joined: change = 'joined'
-- rows.gone: change IN ('left', 'removed', 'banned')
-- rows.net: change IN ('joined', 'left', 'removed', 'banned')
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, change FROM chosen_memberships($from, $to, $chat, $week, $hour, $weekday)
                             WHERE change IN ('joined', 'left', 'removed', 'banned')),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(*) FILTER (WHERE chosen.change = 'joined') AS joined,
       count(*) FILTER (WHERE chosen.change <> 'joined') AS gone,
       count(*) FILTER (WHERE chosen.change = 'joined') - count(*) FILTER (WHERE chosen.change <> 'joined') AS net
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
