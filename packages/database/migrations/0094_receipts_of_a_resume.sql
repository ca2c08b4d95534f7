-- A gateway shows a resuming client the receipts that moved meanwhile, except those of other users who read in private.
GRANT SELECT (private_reads) ON chat.users TO chat_gateway;
