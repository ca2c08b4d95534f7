SELECT internal_addr FROM chat.server WHERE lease_until > now();
