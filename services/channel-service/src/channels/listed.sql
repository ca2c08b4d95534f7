-- Reads a page of the listed channels, most active first. $1 microseconds and $2 id at the end of
-- the previous page, $3 page size, $4 days without use after which a channel is no longer listed.
SELECT l.channel_id AS id, (extract(epoch FROM l.active_at) * 1000000)::bigint AS at FROM chat.listing l
WHERE (l.active_at, l.channel_id) < (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::int)
  AND l.active_at > now() - make_interval(days => $4)
ORDER BY l.active_at DESC, l.channel_id DESC LIMIT $3;
