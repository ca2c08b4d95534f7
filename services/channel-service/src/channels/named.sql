-- Reads a page of the listable channels with a name, whether used recently or not. $1 to $3 as in
-- listed, $4 name, in any case.
SELECT l.channel_id AS id, (extract(epoch FROM l.active_at) * 1000000)::bigint AS at FROM chat.listing l
WHERE l.folded_name = lower($4) AND (l.active_at, l.channel_id) < (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::int)
ORDER BY l.active_at DESC, l.channel_id DESC LIMIT $3;
