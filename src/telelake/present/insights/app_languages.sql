-- title.en: Languages of people's apps
-- title.pt: Idiomas dos aplicativos
-- definition.en: People seen on the chosen days by the language of their Telegram app, as last seen (an IETF tag such as pt-br; `none` when Telegram did not say). This is the app's language, not that of what they wrote: which language a short message is in cannot be told honestly enough to count. Bots are left out.
-- definition.pt: Pessoas vistas nos dias escolhidos pelo idioma do seu aplicativo Telegram, como visto por último (uma etiqueta IETF como pt-br; `none` quando o Telegram não disse). É o idioma do aplicativo, não do que escreveram: em que língua está uma mensagem curta não se sabe com honestidade bastante para contar. Bots ficam de fora.
-- group: content
-- order: 70
-- chart: bar x=people y=language
-- params: from, to, week, weekday
-- based_on: people
WITH seen AS (SELECT user_id, arg_max(language_code, last_seen_at) AS language FROM user_days
              WHERE NOT coalesce(is_bot, false) AND is_chosen_day(context_date, $from, $to, $week, $weekday)
              GROUP BY user_id)
SELECT coalesce(lower(language), 'none') AS language, count(*) AS people, round(count(*) / sum(count(*)) OVER (), 4) AS share
FROM seen
GROUP BY 1
ORDER BY 2 DESC, 1
