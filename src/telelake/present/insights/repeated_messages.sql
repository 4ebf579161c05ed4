-- title.en: Messages said again and again
-- title.pt: Mensagens que se repetem
-- definition.en: Texts that were sent more than once: equal but for case, accents and spaces, with ten characters or more. How often, by how many different people, in how many chats, and the first and last lake day. The text shown is one of them. Only people's messages unless who says otherwise. The 50 most frequent.
-- definition.pt: Textos enviados mais de uma vez: iguais a não ser por maiúsculas, acentos e espaços, com dez caracteres ou mais. Quantas vezes, por quantas pessoas diferentes, em quantos chats, e o primeiro e o último dia do lago. O texto mostrado é um deles. Só mensagens de pessoas, a não ser que who diga outra coisa. Os 50 mais frequentes.
-- group: content
-- order: 90
-- chart: table
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: messages
-- rows.where: plain_words(words) = plain_words($row_text) AND length >= 10
-- Counted first: most texts come once, and to keep their people and chats would take much memory.
WITH said AS (SELECT plain_words(words) AS plain, words, person_id, chat_id, day
              FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday)
              WHERE length >= 10),
     often AS (SELECT plain, count(*) AS copies FROM said GROUP BY plain HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 50)
SELECT min(said.words) AS text,
       count(*) AS copies,
       count(DISTINCT said.person_id) AS people,
       count(DISTINCT said.chat_id) AS chats,
       min(said.day) AS first_message,
       max(said.day) AS last_message
FROM said
JOIN often ON often.plain = said.plain
GROUP BY said.plain
ORDER BY 2 DESC, 1
