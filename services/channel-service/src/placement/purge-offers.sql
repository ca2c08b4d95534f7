DELETE FROM chat.offer WHERE lapses_at < now();
