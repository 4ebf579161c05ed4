-- title.en: Do people come back?
-- title.pt: As pessoas voltam?
-- definition.en: People grouped by the period (week, unless grain says otherwise) in which they first wrote in the chosen chat, and the share of each group that wrote again so many periods later (age; 0 is the first period, 100%). Bots, messages in the name of a chat and service messages are left out. A group whose first period lies before the chosen days is left out; an age at which nobody wrote has no row.
-- definition.pt: Pessoas agrupadas pelo período (semana, a não ser que grain diga outro) em que escreveram pela primeira vez no chat escolhido, e a parcela de cada grupo que escreveu de novo tantos períodos depois (0 é o primeiro período, 100%). Bots, mensagens em nome de um chat e mensagens de serviço ficam de fora. Um grupo cujo primeiro período é anterior aos dias escolhidos fica de fora; um período em que ninguém escreveu não tem linha.
-- group: activity
-- order: 70
-- chart: heatmap x=age y=cohort_name color=share
-- params: from, to, chat, grain=week
WITH active AS MATERIALIZED (SELECT DISTINCT person_id, period_of(day, hour, $grain) AS period
                             FROM chosen_voices($from, $to, $chat, NULL, NULL, NULL, NULL)),
     debuts AS MATERIALIZED (SELECT person_id, min(period_of(day, hour, $grain)) AS period
                             FROM chosen_voices(NULL, $to, $chat, NULL, NULL, NULL, NULL) GROUP BY person_id),
     cohorts AS (SELECT period, count(*) AS people FROM debuts
                 WHERE period >= (SELECT min(period) FROM active) GROUP BY period)
SELECT cohorts.period AS cohort,
       period_name(cohorts.period, $grain) AS cohort_name,
       periods_apart(cohorts.period, active.period, $grain) AS age,
       cohorts.people AS cohort_people,
       count(*) AS people,
       round(count(*) / cohorts.people, 4) AS share
FROM active
JOIN debuts ON debuts.person_id = active.person_id
JOIN cohorts ON cohorts.period = debuts.period
GROUP BY cohorts.period, cohorts.people, active.period
ORDER BY cohorts.period, active.period
