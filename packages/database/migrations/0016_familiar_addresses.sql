-- Whether somebody who knew the password has come from this address lately.
CREATE INDEX session_familiar ON chat.session (user_id, address) WHERE address <> '';
