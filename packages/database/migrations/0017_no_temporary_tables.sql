-- Apart from what 0009 asks of a superuser: the owner of a database may do this one alone.
DO $$ BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'temporary tables stay open to the service roles';
END $$;
