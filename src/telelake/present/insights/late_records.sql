-- title.en: Late records
-- title.pt: Registros atrasados
-- definition.en: Updates that were received on a later lake day than the one they belong to, by the day they belong to, and their share of the day's updates. They are at home in their own day, which was built anew. Imports are left out. Days without any update have no row.
-- definition.pt: Updates recebidos num dia do lago posterior ao dia a que pertencem, pelo dia a que pertencem, e sua parcela dos updates do dia. Estão em casa no próprio dia, que foi construído de novo. Importações ficam de fora. Dias sem update nenhum não têm linha.
-- group: data
-- order: 30
-- chart: bar x=day y=late
-- params: from, to, chat, week, hour, weekday
-- based_on: updates
-- rows: updates day
-- rows.late: CAST(local_time(received_at) AS DATE) > day
-- rows.late_share: CAST(local_time(received_at) AS DATE) > day
SELECT day,
       count(*) AS updates,
       count(*) FILTER (WHERE CAST(local_time(received_at) AS DATE) > day) AS late,
       share_of(CAST(local_time(received_at) AS DATE) > day) AS late_share
FROM chosen_updates($from, $to, $chat, $week, $hour, $weekday)
GROUP BY day
ORDER BY day
