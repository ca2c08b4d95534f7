-- Brings the listing up to what was said in channels that live at a server; who is only inside counts too, once an hour. What is empty is
-- given back by its server within minutes.
UPDATE chat.listing l SET active_at = seen.at FROM (
  SELECT h.channel_id, least(now(), greatest(h.last_at, now() - interval '1 h')) AS at
  FROM chat.server s JOIN chat.channel_head h ON h.boot_id = s.boot_id WHERE s.lease_until > now()
) seen
WHERE l.channel_id = seen.channel_id AND l.active_at < seen.at - interval '1 min';
