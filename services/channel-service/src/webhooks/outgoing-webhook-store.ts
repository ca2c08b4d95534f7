import { array, bytea, float8, int4, int8, loadSql, nullable, type RowOf, text } from '@parley/database';

const sql = loadSql('outgoing-webhooks.sql', import.meta.url);
const columns = {
  id: text,
  channelId: int4,
  url: text,
  types: array(text),
  createdBy: nullable(text),
  createdMs: int8,
  disabledReason: text,
  deadLetters: int8,
};

export const createOutgoingWebhook = sql.statement(
  'createOutgoingWebhook',
  { id: text, channelId: int4, url: text, types: array(text), secret: bytea, actorId: text, most: int8 },
  { id: text },
);
export const readOutgoingWebhook = sql.statement('readOutgoingWebhook', { id: text }, columns);
export const listOutgoingWebhooks = sql.statement('listOutgoingWebhooks', { channelId: int4, most: int8 }, columns);
export const rotateOutgoingWebhook = sql.statement('rotateOutgoingWebhook', {
  id: text,
  overlapMs: float8,
  secret: bytea,
});
export const resumeOutgoingWebhook = sql.statement('resumeOutgoingWebhook', { actorId: text, id: text });
export const resendDeadLetters = sql.statement('resendDeadLetters', { id: text });
export const deleteOutgoingWebhook = sql.statement('deleteOutgoingWebhook', { id: text });
export const listDeadLetters = sql.statement(
  'listDeadLetters',
  { id: text, most: int8 },
  { seq: int8, attempts: int4, failedMs: int8, why: text },
);

/** An outgoing webhook as it is stored, without its secret. */
export type StoredOutgoingWebhook = RowOf<typeof readOutgoingWebhook>;
