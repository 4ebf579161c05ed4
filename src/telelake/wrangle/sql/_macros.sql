-- Words that the tables' SQL shares. Each is one expression, so that other engines can be given the same.

-- Unix seconds to UTC; 0 and what no calendar holds are no time.
CREATE MACRO instant(seconds) AS CASE WHEN seconds BETWEEN 1 AND 253402300799 THEN to_timestamp(seconds) END;

-- Supergroups and channels number their messages themselves; in private chats and basic groups each account does.
CREATE MACRO account_of(bot_id, chat_id) AS CASE WHEN chat_id <= -1000000000000 THEN 0 ELSE bot_id END;

-- A text in which every character is one UTF-16 unit, so that Telegram's offsets count characters: a character beyond
-- the basic plane is followed by a filler, which no text holds.
CREATE MACRO utf16_units(text) AS regexp_replace(text, '([\x{10000}-\x{10FFFF}])', '\1' || chr(65535), 'g');

CREATE MACRO utf16_slice(text, "offset", length) AS
    CASE WHEN "offset" >= 0 AND length > 0 AND "offset" + length <= length(utf16_units(text))
         THEN replace(substr(utf16_units(text), "offset" + 1, length), chr(65535), '') END;
