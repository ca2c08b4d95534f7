-- Objects in S3. A file arrives in `chat.file_chunk`. If S3 is set, a gateway copies the bytes of a complete file into an object,
-- and then, in one statement, sets `in_s3` and deletes them here. The row of an object is older than the object, so every object
-- in the bucket has a row, and one whose file is gone is deleted.
ALTER TABLE chat.file ADD COLUMN in_s3 BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX file_to_move ON chat.file (created_at) INCLUDE (size) WHERE complete AND NOT in_s3 AND size > 0;

-- The key of an object is its id. Until `lease_until`, a gateway works on it.
CREATE TABLE chat.object (
    id          UUID        PRIMARY KEY DEFAULT gen_random_uuid(),
    file_id     UUID        UNIQUE REFERENCES chat.file (id) ON DELETE SET NULL,
    lease_until TIMESTAMPTZ NOT NULL
);
CREATE INDEX object_gone ON chat.object (lease_until) WHERE file_id IS NULL;

GRANT SELECT, INSERT, DELETE, UPDATE (lease_until) ON chat.object TO chat_gateway;
GRANT UPDATE (in_s3) ON chat.file TO chat_gateway;
GRANT DELETE ON chat.file_chunk TO chat_gateway;
