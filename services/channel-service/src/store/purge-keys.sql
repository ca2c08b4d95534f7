DELETE FROM chat.signing_key WHERE expires_at < now();
