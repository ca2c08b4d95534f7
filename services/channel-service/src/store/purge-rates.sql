-- An hour after its last call is paid for, a key says nothing that its absence does not.
DELETE FROM chat.rate WHERE tat < now() - interval '1 h';
