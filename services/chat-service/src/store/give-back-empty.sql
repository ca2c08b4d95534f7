-- Gives back channels without live or reserved seats: $1 this server's instance id, $2 channels, $3
-- their epochs. Returns the ids of those given back.
SELECT chat.give_back_empty($1, $2::int[], $3::bigint[]) AS id;
