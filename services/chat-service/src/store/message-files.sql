-- Returns the positions, from 0, of the pairs of user and file for which the user has no complete
-- file with that id.
-- name: findUnknownFiles
SELECT position FROM chat.unknown_files(:ownerIds::varchar[], :fileIds::uuid[]) AS position;

-- Adds files to messages of the same transaction, in the order of `places`.
-- name: linkFiles
INSERT INTO chat.message_file (channel_id, seq, file_id, place)
SELECT * FROM unnest(:channelIds::int[], :seqs::bigint[], :fileIds::uuid[], :places::smallint[]);
