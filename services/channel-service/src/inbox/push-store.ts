import { bool, bytea, int8, loadSql, nullable, text, uuid } from '@parley/database';

const sql = loadSql('push.sql', import.meta.url);
const session = { sessionId: uuid };

export const readPush = sql.statement('readPush', session, {
  serverKey: nullable(bytea),
  endpoint: nullable(text),
  publicKey: nullable(bytea),
  secret: nullable(bytea),
  showsText: nullable(bool),
  quietUntilMs: nullable(int8),
});
export const savePush = sql.statement('savePush', {
  ...session,
  userId: text,
  endpoint: text,
  publicKey: bytea,
  secret: bytea,
  showsText: bool,
  quietUntilMs: int8,
});
export const removePush = sql.statement('removePush', session);
