-- Messages of Telegram Desktop's exports in the Bot API's terms: lines of the one pipeline that all messages go through,
-- with `m` as parsing a `Message` would give it. Only what some column reads is in `m`; all else of the export's message
-- stays in `unknown`, hence in `extra`, in the export's own words.
WITH opened AS (
    SELECT *, export_of(body) AS said, json_keys(body) AS keys FROM export_lines
), peers AS (
    SELECT *,
           len(keys) = usual_members(said) AS is_usual,
           said.type IS NOT DISTINCT FROM 'service' AS is_action,
           peer_of(coalesce(said.from_id, said.actor_id)) AS sender_id,
           peer_of(said.forwarded_from_id) AS forwarded_id,
           peer_of(said.reply_to_peer_id) AS reply_chat_id,
           moment(received_at) AS received,
           whole_number(said.date_unixtime) AS dated,
           CASE WHEN said.date_unixtime IS NULL THEN local_moment(said.date) END AS local_date,
           whole_number(said.edited_unixtime) AS edited
    FROM opened
), known AS (
    SELECT *,
           -- Without a Unix time (exports of 2021 and before) the local clock is read by what importing made of the date.
           coalesce(dated, CASE WHEN local_date IS NOT NULL THEN epoch(received)::BIGINT END) AS sent_at,
           coalesce(edited, CASE WHEN local_date IS NOT NULL AND said.edited_unixtime IS NULL
                                      AND local_moment(said.edited) >= local_date
                                 THEN epoch(received)::BIGINT + epoch(local_moment(said.edited) - local_date)::BIGINT
                            END) AS edited_at,
           CASE WHEN is_action THEN NULL
                WHEN said.photo IS NOT NULL THEN 'photo'
                WHEN said.media_type IS NOT NULL THEN coalesce(export_media(said.media_type), 'document')
                WHEN said.file IS NOT NULL THEN 'document' END AS medium,
           -- Nearly every text is one plain piece. A list stands here as its JSON, as does a text that looks like one.
           CASE WHEN is_action OR len(said.text_entities) = 1 AND said.text_entities[1].type = 'plain' THEN NULL
                WHEN len(said.text_entities) > 0 THEN said.text_entities
                WHEN starts_with(said.text, '[') AND json_type(body, '$.text') = 'ARRAY' THEN pieces_of(body -> '$.text') END AS pieces
    FROM peers
), worded AS (
    SELECT *,
           nullif(CASE WHEN is_action THEN NULL
                       WHEN pieces IS NOT NULL THEN array_to_string(list_transform(pieces, lambda piece: piece.text), '')
                       ELSE coalesce(said.text_entities[1].text, said.text) END, '') AS words,
           CASE WHEN pieces IS NOT NULL THEN list_transform(pieces, lambda piece: utf16_length(piece.text)) END AS lengths
    FROM known
), told AS (
    SELECT *,
           CASE WHEN is_action THEN
                     CASE WHEN said.action = 'create_channel' AND chat.type = 'supergroup' THEN 'supergroup_chat_created'
                          WHEN said.action = 'group_call' AND list_contains(keys, 'duration') THEN 'video_chat_ended'
                          WHEN said.action = 'allow_sending_messages' AND list_contains(keys, 'reason_domain') THEN 'connected_website'
                          WHEN said.action = 'requested_peer' AND is_chat_shared(body) THEN 'chat_shared'
                          ELSE coalesce(export_action(said.action), said.action, no_action()) END
                WHEN said.type = 'unsupported' THEN 'unsupported'
                WHEN medium IS NOT NULL THEN medium
                WHEN said.place_name IS NOT NULL THEN 'venue'
                WHEN said.location_information IS NOT NULL THEN 'location'
                ELSE coalesce(export_content(said),
                              CASE WHEN words IS NOT NULL THEN 'text'
                                   WHEN list_contains(keys, 'location_information') THEN 'location'
                                   ELSE 'empty' END) END AS told_kind,
           CASE WHEN pieces IS NOT NULL THEN
                nullif(list_filter(list_transform(pieces, lambda piece, place:
                    CASE WHEN export_entity(piece) IS NOT NULL AND lengths[place] > 0
                         THEN {'type': export_entity(piece), 'offset': coalesce(list_sum(lengths[1:place - 1]), 0),
                               'length': lengths[place], 'url': piece.href,
                               'user': CASE WHEN piece.user_id IS NOT NULL THEN {'id': piece.user_id} END} END),
                    lambda mark: mark IS NOT NULL), []) END AS marks,
           -- A CASE looks at a list of keys only where it must; an OR looks at all of them.
           CASE WHEN CASE WHEN said.forwarded_from_id IS NOT NULL OR said.forwarded_from IS NOT NULL THEN true
                          WHEN NOT is_usual THEN list_contains(keys, 'forwarded_from') END
                THEN CASE WHEN forwarded_id > 0 THEN '{"type":"user","sender_user":{"id":' || forwarded_id || '}}'
                          WHEN forwarded_id <= -1000000000000 THEN '{"type":"channel","chat":{"id":' || forwarded_id || '}}'
                          WHEN forwarded_id < 0 THEN '{"type":"chat","sender_chat":{"id":' || forwarded_id || '}}'
                          ELSE '{"type":"hidden_user","sender_user_name":' || coalesce(said.forwarded_from, 'null') || '}' END
           END AS origin,
           coalesce(reply_chat_id = chat.id, said.reply_to_peer_id IS NULL) AS is_reply_here
    FROM worded
), translated AS (
    SELECT *,
           -- Where nothing but what is read can be left, a look at the document is spared.
           is_usual AND said.type = 'message' AND sender_id > 0 AND sent_at IS NOT NULL
           AND (said.edited IS NULL OR edited_at IS NOT NULL) AND (said.edited_unixtime IS NULL OR edited IS NOT NULL)
           AND (said.date_unixtime IS NULL OR dated IS NOT NULL) AS is_read_whole,
           as_message({
               'message_id': said.id,
               -- A topic has the number of the message that made it; of other messages an export does not tell the topic.
               'message_thread_id': CASE WHEN is_action AND said.action = 'topic_created' THEN said.id END,
               'chat': {'id': chat.id, 'type': chat.type,
                        'title': CASE WHEN chat.type IS DISTINCT FROM 'private' THEN chat.name END,
                        'first_name': CASE WHEN chat.type = 'private' THEN chat.name END},
               'date': sent_at,
               'edit_date': edited_at,
               'from': CASE WHEN sender_id > 0
                            THEN {'id': sender_id,
                                  'first_name': CASE WHEN said.from_id IS NULL THEN said.actor ELSE said."from" END,
                                  'is_bot': CASE WHEN list_contains(own, sender_id) THEN true END} END,
               'sender_chat': CASE WHEN sender_id < 0 THEN {'id': sender_id} END,
               'author_signature': said.author,
               'reply_to_message': CASE WHEN said.reply_to_message_id IS NOT NULL AND is_reply_here
                                        THEN {'message_id': said.reply_to_message_id} END,
               'external_reply': CASE WHEN said.reply_to_message_id IS NOT NULL AND NOT is_reply_here
                                      THEN {'message_id': said.reply_to_message_id, 'chat': {'id': reply_chat_id}} END,
               'forward_origin': origin,
               'text': CASE WHEN medium IS NULL THEN words END,
               'entities': CASE WHEN medium IS NULL THEN marks END,
               'caption': CASE WHEN medium IS NOT NULL THEN words END,
               'caption_entities': CASE WHEN medium IS NOT NULL THEN marks END,
               -- What medium it is was told already, so that any may stand under this one's name.
               'document': CASE WHEN medium IS NOT NULL
                                THEN concat('{"file_size":', coalesce(CASE WHEN medium = 'photo' THEN said.photo_file_size
                                                                           ELSE said.file_size END::VARCHAR, 'null'),
                                            ',"width":' || said.width, ',"height":' || said.height,
                                            ',"duration":' || said.duration_seconds, ',"file_name":' || said.file_name,
                                            ',"mime_type":' || said.mime_type, ',"emoji":' || said.sticker_emoji, '}') END,
               'location': CASE WHEN NOT is_action THEN said.location_information END
           }) AS m
    FROM told
), remaining AS (
    SELECT *,
           CASE WHEN is_read_whole THEN NULL
                ELSE nullif(json_merge_patch(body, concat(
                     '{"id":null,"author":null,"reply_to_message_id":null',
                     CASE WHEN said.type IN ('message', 'service', 'unsupported') THEN ',"type":null' END,
                     CASE WHEN sent_at IS NOT NULL THEN ',"date":null' END,
                     CASE WHEN dated IS NOT NULL THEN ',"date_unixtime":null' END,
                     CASE WHEN edited_at IS NOT NULL THEN ',"edited":null' END,
                     CASE WHEN edited IS NOT NULL THEN ',"edited_unixtime":null' END,
                     CASE WHEN sender_id IS NOT NULL THEN CASE WHEN said.from_id IS NULL THEN ',"actor_id":null' ELSE ',"from_id":null' END END,
                     CASE WHEN sender_id > 0 THEN CASE WHEN said.from_id IS NULL THEN ',"actor":null' ELSE ',"from":null' END END,
                     CASE WHEN reply_chat_id IS NOT NULL THEN ',"reply_to_peer_id":null' END,
                     CASE WHEN forwarded_id IS NOT NULL THEN ',"forwarded_from_id":null'
                          WHEN origin IS NOT NULL THEN ',"forwarded_from":null' END,
                     CASE WHEN NOT is_action THEN ',"text":null,"text_entities":null'
                          ELSE concat(CASE WHEN said.text = '' THEN ',"text":null' END,
                                      CASE WHEN said.text_entities = [] THEN ',"text_entities":null' END) END,
                     CASE WHEN medium IS NOT NULL THEN concat(
                          ',"width":null,"height":null,"duration_seconds":null,"file_name":null,"mime_type":null,"sticker_emoji":null',
                          CASE WHEN medium = 'photo' THEN ',"photo_file_size":null' ELSE ',"file_size":null' END,
                          CASE WHEN export_media(said.media_type) = medium THEN ',"media_type":null' END) END,
                     CASE WHEN NOT is_action AND said.location_information.latitude IS NOT NULL
                               AND said.location_information.longitude IS NOT NULL
                               AND len(json_keys(body, '$.location_information')) = 2 THEN ',"location_information":null' END,
                     '}')::JSON)::VARCHAR, '{}') END AS rest,
           CASE WHEN is_read_whole THEN notes
                ELSE nullif(list_concat(coalesce(notes, []), list_filter([
                     CASE WHEN said.date_unixtime IS NOT NULL AND dated IS NULL THEN 'date_unixtime: no number of seconds' END,
                     CASE WHEN said.edited_unixtime IS NOT NULL AND edited IS NULL THEN 'edited_unixtime: no number of seconds' END,
                     CASE WHEN said.from_id IS NOT NULL AND sender_id IS NULL THEN 'from_id: no id of a user or chat' END,
                     CASE WHEN said.from_id IS NULL AND said.actor_id IS NOT NULL AND sender_id IS NULL THEN 'actor_id: no id of a user or chat' END,
                     CASE WHEN said.reply_to_peer_id IS NOT NULL AND reply_chat_id IS NULL THEN 'reply_to_peer_id: no id of a user or chat' END,
                     CASE WHEN said.forwarded_from_id IS NOT NULL AND forwarded_id IS NULL THEN 'forwarded_from_id: no id of a user or chat' END
                     ], lambda note: note IS NOT NULL)), []) END AS odd
    FROM translated
)
SELECT context_date, bot AS bot_id, record_id, source, received AS received_at, bytes,
       hash(sha256) AS body_hash, true AS is_hashed, CAST(NULL AS BIGINT) AS update_id, 0 AS ordinal,
       rest::JSON AS unknown, odd AS notes, hash(filename) AS file, true AS has_form, true AS is_known, true AS is_plain, false AS is_flat,
       'export_message' AS kind, 1 AS kinds, body AS message, m, CAST(NULL AS JSON) AS event, account, own,
       told_kind, CASE WHEN is_action THEN true END AS told_service,
       -- What tables of events read, as the Bot API would say it. Whoever bears the actor's name is the actor: the exporter has
       -- no ids of members, and who joins by themselves is their own member.
       CASE WHEN is_action THEN CAST(CASE told_kind
            WHEN 'new_chat_members' THEN json_object('new_chat_members',
                 CASE WHEN said.action <> 'invite_members'
                      THEN [json_object('id', CASE WHEN sender_id > 0 THEN sender_id END, 'first_name', said.actor)]
                      ELSE list_transform(from_json(body -> '$.members', '["JSON"]'), lambda member: json_object(
                           'id', CASE WHEN sender_id > 0 AND member ->> '$' = said.actor THEN sender_id END, 'first_name', member)) END)
            WHEN 'left_chat_member' THEN json_object('left_chat_member', json_object(
                 'id', CASE WHEN sender_id > 0 AND body ->> '$.members[0]' = said.actor THEN sender_id END,
                 'first_name', body -> '$.members[0]'))
            WHEN 'successful_payment' THEN json_object('successful_payment', json_object(
                 'currency', body -> '$.currency', 'total_amount', body -> '$.amount',
                 'is_recurring', CASE WHEN list_contains(keys, 'recurring') THEN true END,
                 'is_first_recurring', CASE WHEN body ->> '$.recurring' = 'init' THEN true END))
            WHEN 'refunded_payment' THEN json_object('refunded_payment', json_object(
                 'currency', body -> '$.currency', 'total_amount', body -> '$.amount',
                 'telegram_payment_charge_id', body -> '$.charge_id'))
            WHEN 'forum_topic_created' THEN json_object('forum_topic_created', json_object('name', body -> '$.title'))
            WHEN 'forum_topic_edited' THEN json_object('forum_topic_edited', json_object(
                 'name', body -> '$.new_title', 'icon_custom_emoji_id', body ->> '$.new_icon_emoji_id'))
            WHEN 'boost_added' THEN json_object('boost_added', json_object('boost_count', body -> '$.boosts'))
            WHEN 'gift' THEN json_object('gift', json_object(
                 'gift', json_object('id', body ->> '$.gift_id', 'star_count', body -> '$.stars')))
            WHEN 'giveaway_completed' THEN json_object('giveaway_completed', json_object(
                 'winner_count', body -> '$.winners', 'unclaimed_prize_count', body -> '$.unclaimed'))
            WHEN 'giveaway_created' THEN json_object('giveaway_created', '{}'::JSON)
            WHEN 'new_chat_title' THEN json_object('new_chat_title', body -> '$.title')
            WHEN 'pinned_message' THEN json_object('pinned_message', json_object('message_id', body -> '$.message_id'))
            WHEN 'video_chat_ended' THEN json_object('video_chat_ended', json_object('duration', body -> '$.duration'))
            WHEN 'message_auto_delete_timer_changed' THEN json_object('message_auto_delete_timer_changed', json_object(
                 'message_auto_delete_time', body -> '$.period'))
            WHEN 'paid_message_price_changed' THEN json_object('paid_message_price_changed', json_object(
                 'paid_message_star_count', body -> '$.price_stars'))
            END AS JSON) END AS told_facts
FROM remaining
