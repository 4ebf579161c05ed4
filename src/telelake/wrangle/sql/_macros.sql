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
