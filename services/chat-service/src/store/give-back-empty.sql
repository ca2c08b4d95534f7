-- Gives back those where nobody sits and nobody is about to: $1 this server's boot id, $2 channels,
-- $3 their epochs.
SELECT chat.give_back_empty($1, $2::int[], $3::bigint[]) AS id;
