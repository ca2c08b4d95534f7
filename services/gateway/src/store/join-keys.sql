SELECT kid, public_jwk FROM chat.signing_key WHERE purpose = 'join' AND expires_at > now() ORDER BY created_at;
