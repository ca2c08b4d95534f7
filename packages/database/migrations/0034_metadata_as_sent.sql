-- Metadata is stored as the JSON text that was checked. JSONB prints a number such as 1e308 with all
-- its digits, so that 4 KiB became 200 KiB in every list. Text of 4 KiB has at most 4,096 places
-- where JSONB puts a space, so larger metadata holds such numbers, and is emptied.
ALTER TABLE chat.channel ALTER COLUMN metadata DROP DEFAULT,
  ALTER COLUMN metadata TYPE JSON USING CASE WHEN octet_length(metadata::text) > 8192 THEN '{}' ELSE metadata::text END::json,
  ALTER COLUMN metadata SET DEFAULT '{}';
