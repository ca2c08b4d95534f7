-- Nobody can lift a mute or a ban of an owner. From now on a muted user who becomes the owner may speak, and a banned user does not
-- become the owner. This frees owners of before. The revision tells the chat servers.
WITH freed AS (
    UPDATE chat.member m SET muted_until = NULL, banned_until = NULL FROM chat.channel c
    WHERE c.id = m.channel_id AND c.owner_id = m.user_id AND c.kind <> 'direct' AND c.deleted_at IS NULL
      AND (m.muted_until IS NOT NULL OR m.banned_until IS NOT NULL)
    RETURNING m.channel_id
)
UPDATE chat.channel_head h SET revision = h.revision + 1 FROM freed WHERE h.channel_id = freed.channel_id;
