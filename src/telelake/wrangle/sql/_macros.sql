-- Words that the tables' SQL shares. Each is one expression, so that other engines can be given the same.

-- Unix seconds to UTC; 0 and what no calendar holds are no time.
CREATE MACRO instant(seconds) AS CASE WHEN seconds BETWEEN 1 AND 253402300799 THEN to_timestamp(seconds) END;

-- A time as text, to UTC; `infinity` and years that few readers know are no time. Without a zone: the same, as it is.
CREATE MACRO moment(text) AS
    CASE WHEN TRY_CAST(text AS TIMESTAMPTZ) BETWEEN TIMESTAMPTZ '0001-01-02 00:00:00+00' AND TIMESTAMPTZ '9999-12-30 00:00:00+00'
         THEN TRY_CAST(text AS TIMESTAMPTZ) END;
CREATE MACRO local_moment(text) AS
    CASE WHEN TRY_CAST(text AS TIMESTAMP) BETWEEN TIMESTAMP '0001-01-02 00:00:00' AND TIMESTAMP '9999-12-30 00:00:00'
         THEN TRY_CAST(text AS TIMESTAMP) END;

-- Supergroups and channels number their messages themselves; in private chats and basic groups each account does.
CREATE MACRO account_of(account, chat_id) AS CASE WHEN chat_id <= -1000000000000 THEN 0 ELSE account END;

-- A text in which every character is one UTF-16 unit, so that Telegram's offsets count characters: a character beyond
-- the basic plane is followed by a filler, which no text holds.
CREATE MACRO utf16_units(text) AS regexp_replace(text, '([\x{10000}-\x{10FFFF}])', '\1' || chr(65535), 'g');

CREATE MACRO utf16_slice(text, "offset", length) AS
    CASE WHEN "offset" >= 0 AND length > 0 AND "offset" + length <= length(utf16_units(text))
         THEN replace(substr(utf16_units(text), "offset" + 1, length), chr(65535), '') END;

CREATE MACRO utf16_length(text) AS
    CASE WHEN strlen(text) = length(text) THEN strlen(text) ELSE length(utf16_units(text)) END;

-- Those of some documents that are messages of the Bot API.
CREATE MACRO messages_among(found) AS
    list_filter(found, lambda message: json_type(message, '$.message_id') IN ('UBIGINT', 'BIGINT')
                                       AND json_type(message, '$.chat.id') IN ('UBIGINT', 'BIGINT'));

-- A number written as a text, in the one way that numbers are written.
CREATE MACRO whole_number(text) AS CASE WHEN CAST(TRY_CAST(text AS BIGINT) AS VARCHAR) = text THEN TRY_CAST(text AS BIGINT) END;

-- The Bot API's id of a person or chat that an export names as user…, chat… or channel….
CREATE MACRO peer_of(name) AS
    CASE WHEN length(name) > 22 THEN NULL
         WHEN name = 'user' || TRY_CAST(substr(name, 5) AS UBIGINT) THEN nullif(CAST(substr(name, 5) AS BIGINT), 0)
         WHEN name = 'channel' || TRY_CAST(substr(name, 8) AS UBIGINT) THEN -1000000000000 - nullif(CAST(substr(name, 8) AS BIGINT), 0)
         WHEN name = 'chat' || TRY_CAST(substr(name, 5) AS UBIGINT) THEN -nullif(CAST(substr(name, 5) AS BIGINT), 0) END;

-- Whether an export's `requested_peer` is a chat: its ids carry the kind above their 48th bit, and a person's is 0.
CREATE MACRO is_chat_shared(body) AS
    TRY_CAST(regexp_extract(coalesce(body ->> '$.peers', body ->> '$.peer_id'), '\d+') AS HUGEINT) >= 281474976710656;

-- The end of a text from a place in UTF-16 units on.
CREATE MACRO utf16_rest(text, "offset") AS replace(substr(utf16_units(text), "offset" + 1), chr(65535), '');

-- A list or struct in words, to be compared with its like; what the words are is each engine's own affair.
CREATE MACRO as_words(value) AS CAST(value AS VARCHAR);

-- A reaction in one word: the emoji, the id of a custom one, or what kind it is.
CREATE MACRO reaction_word(reaction) AS
    CASE reaction.type WHEN 'emoji' THEN reaction.emoji WHEN 'custom_emoji' THEN 'custom:' || reaction.custom_emoji_id
                       ELSE reaction.type END;

-- Whether someone with this place in a chat is in it.
CREATE MACRO is_in_chat(member) AS
    CASE WHEN member.status = 'restricted' THEN member.is_member
         WHEN member.status IS NOT NULL THEN member.status IN ('creator', 'administrator', 'member') END;

-- What a change of someone's place in a chat is called.
CREATE MACRO change_of(old_status, new_status, was_member, is_member, is_own) AS
    CASE WHEN is_member AND NOT was_member THEN 'joined'
         WHEN new_status = 'kicked' AND old_status IS DISTINCT FROM 'kicked' THEN 'banned'
         WHEN was_member AND NOT is_member THEN CASE WHEN is_own THEN 'left' ELSE 'removed' END
         WHEN old_status = 'kicked' AND new_status <> 'kicked' THEN 'unbanned'
         WHEN new_status IN ('administrator', 'creator') AND old_status NOT IN ('administrator', 'creator') THEN 'promoted'
         WHEN new_status = 'restricted' AND old_status <> 'restricted' THEN 'restricted'
         WHEN old_status = 'restricted' AND new_status <> 'restricted' THEN 'unrestricted'
         WHEN old_status IN ('administrator', 'creator') AND new_status NOT IN ('administrator', 'creator') THEN 'demoted'
         ELSE 'changed' END;

-- What a message says in the field that its kind is named after; an export's own words for a kind are no path.
CREATE MACRO detail_of(facts, kind) AS CASE WHEN regexp_full_match(kind, '[a-z_]+') THEN facts -> ('$.' || kind) END;
