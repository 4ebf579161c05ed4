-- title.en: How fast the first answer came
-- title.pt: Em quanto tempo veio a primeira resposta
-- definition.en: Questions by the time to their first answer, of whomever: below 1 hour, below 4, below 8, below 24, 24 or more, and the unanswered (as in 'Support in numbers'); those marked as solved that nobody answered are left out; with their share of all. The limits belong to the later bucket.
-- definition.pt: Perguntas pelo tempo até a primeira resposta, de quem for: menos de 1 hora, menos de 4, menos de 8, menos de 24, 24 ou mais, e as sem resposta (como em 'Atendimento em números'); as marcadas como resolvidas que ninguém respondeu ficam de fora; com sua parcela do total. Os limites pertencem à faixa seguinte.
-- group: support
-- order: 80
-- chart: bar x=bucket y=questions
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions bucket=answer_bucket(answer_seconds, answered_by, outcome)
-- rows.where: answer_seconds IS NOT NULL OR is_unanswered(answered_by, outcome)
WITH counts AS (SELECT answer_bucket(answer_seconds, answered_by, outcome) AS bucket, count(*) AS questions FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)
                WHERE answer_seconds IS NOT NULL OR is_unanswered(answered_by, outcome) GROUP BY 1)
SELECT buckets.bucket,
       coalesce(counts.questions, 0) AS questions,
       round(coalesce(counts.questions, 0) / sum(counts.questions) OVER (), 4) AS share
FROM (VALUES ('1'), ('2'), ('3'), ('4'), ('5'), ('6')) AS buckets(bucket)
LEFT JOIN counts ON counts.bucket = buckets.bucket
ORDER BY buckets.bucket
