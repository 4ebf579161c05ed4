-- title.en: Buttons
-- title.pt: Botões
-- definition.en: Presses of the inline buttons of our bots, by the button's data (or the game's short name), and the different people who pressed. A press has no time of its own: day and hour are those of its receipt. The 50 most pressed.
-- definition.pt: Toques nos botões inline de nossos bots, pelos dados do botão (ou o nome curto do jogo), e as pessoas diferentes que tocaram. Um toque não tem hora própria: dia e hora são os do recebimento. Os 50 mais tocados.
-- group: bot
-- order: 20
-- chart: bar x=presses y=button
-- params: from, to, chat, week, hour, weekday
-- rows: presses button
SELECT button, count(*) AS presses, count(DISTINCT user_id) AS people
FROM chosen_presses($from, $to, $chat, $week, $hour, $weekday)
GROUP BY button
ORDER BY 2 DESC, 1
LIMIT 50
