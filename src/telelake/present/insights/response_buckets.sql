-- title.en: How fast the first answer came
-- title.pt: Em quanto tempo veio a primeira resposta
-- definition.en: Questions by the time to their first answer, of whomever: below 1 hour, below 4, below 8, below 24, 24 or more, and those without an answer so far; with their share of all. The limits belong to the later bucket.
-- definition.pt: Perguntas pelo tempo até a primeira resposta, de quem for: menos de 1 hora, menos de 4, menos de 8, menos de 24, 24 ou mais, e as que ainda não têm resposta; com sua parcela do total. Os limites pertencem à faixa seguinte.
-- group: support
-- order: 80
-- chart: bar x=bucket y=questions
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions bucket=response_bucket(answer_seconds)
WITH counts AS (SELECT response_bucket(answer_seconds) AS bucket, count(*) AS questions FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday) GROUP BY 1)
SELECT buckets.bucket,
       coalesce(counts.questions, 0) AS questions,
       round(coalesce(counts.questions, 0) / sum(counts.questions) OVER (), 4) AS share
FROM (VALUES ('1'), ('2'), ('3'), ('4'), ('5'), ('6')) AS buckets(bucket)
LEFT JOIN counts ON counts.bucket = buckets.bucket
ORDER BY buckets.bucket
