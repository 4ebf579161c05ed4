-- title.en: Quarantine
-- title.pt: Quarentena
-- definition.en: Bodies that could not be read as an update, by the reason, their size in all, and the last lake day. They are kept verbatim; telelake replay tries them again.
-- definition.pt: Corpos que não puderam ser lidos como update, pelo motivo, seu tamanho somado, e o último dia do lago. Estão guardados ao pé da letra; telelake replay os tenta de novo.
-- group: data
-- order: 60
-- chart: table
-- params: from, to, week, weekday
-- rows: quarantine reason
-- rows.where: is_chosen_day(context_date, $from, $to, $week, $weekday)
SELECT reason, count(*) AS records, CAST(sum(bytes) AS BIGINT) AS bytes, max(context_date) AS last_day
FROM quarantine
WHERE is_chosen_day(context_date, $from, $to, $week, $weekday)
GROUP BY reason
ORDER BY 2 DESC, 1
