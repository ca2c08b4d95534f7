-- These have ended without a goodbye: $1 their boot ids.
UPDATE chat.server SET lease_until = least(lease_until, now()) WHERE boot_id = ANY ($1::uuid[]);
