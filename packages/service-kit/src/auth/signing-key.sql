-- Publishes a key. A trigger fills in the columns that link it to earlier keys of its owner.
-- name: publishKey
INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at, proof)
VALUES (:kid, :purpose, :owner, :publicJwk, now() + make_interval(secs => :lifeSeconds), :secret);
