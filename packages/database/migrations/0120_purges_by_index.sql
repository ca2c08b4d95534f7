-- expand
-- Managers look for ended invitations and lapsed offers every few seconds. With these indexes they do not read all the others.
CREATE INDEX invite_end ON chat.invite (least(expires_at, revoked_at, CASE WHEN use_count >= max_uses THEN used_at END));
CREATE INDEX offer_lapse ON chat.offer (lapses_at);
