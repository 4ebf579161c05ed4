-- title.en: Gaps in update_id
-- title.pt: Lacunas em update_id
-- definition.en: Telegram numbers a bot's updates one by one. Numbers that no update of the lake has, between two that it has, by bot and by the day of the update after the gap: some update was not captured, or another program took it. A jump of 1,000 or more is a new start (after a quiet week Telegram chooses at random) and counts as none.
-- definition.pt: O Telegram numera os updates de um bot um a um. Números que nenhum update do lago tem, entre dois que ele tem, por bot e pelo dia do update depois da lacuna: algum update não foi capturado, ou outro programa o pegou. Um salto de 1.000 ou mais é um recomeço (depois de uma semana quieta o Telegram escolhe ao acaso) e não conta.
-- group: data
-- order: 40
-- chart: table
-- params: from, to, week, weekday
WITH numbers AS (SELECT bot_id, update_id, min(context_date) AS day FROM updates
                 WHERE update_id IS NOT NULL GROUP BY bot_id, update_id),
     steps AS (SELECT bot_id, day, update_id,
                      update_id - lag(update_id) OVER (PARTITION BY bot_id ORDER BY update_id) - 1 AS skipped FROM numbers)
SELECT day,
       bot_id,
       count(*) AS seen,
       min(update_id) AS lowest,
       max(update_id) AS highest,
       CAST(coalesce(sum(skipped) FILTER (WHERE skipped < 999), 0) AS BIGINT) AS missing
FROM steps
WHERE is_chosen_day(day, $from, $to, $week, $weekday)
GROUP BY day, bot_id
ORDER BY day, bot_id
