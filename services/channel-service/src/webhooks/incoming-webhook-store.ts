import { bool, bytea, int4, int8, loadSql, nullable, type RowOf, text } from '@parley/database';
import type { Reason } from '@parley/runtime';

const sql = loadSql('incoming-webhooks.sql', import.meta.url);
const columns = { id: text, channelId: nullable(int4), name: text, createdBy: nullable(text), createdMs: int8 };

export const createIncomingWebhook = sql.statement(
  'createIncomingWebhook',
  { actorId: text, id: text, name: text, channelId: int4, tokenHash: bytea, most: int4 },
  { outcome: text.as<Reason | 'done'>() },
);
export const readIncomingWebhook = sql.statement('readIncomingWebhook', { id: text }, columns);
export const listIncomingWebhooks = sql.statement('listIncomingWebhooks', { channelId: int4, most: int8 }, columns);
export const rotateIncomingWebhook = sql.statement(
  'rotateIncomingWebhook',
  { actorId: text, id: text, tokenHash: bytea },
  { done: bool },
);
export const endIncomingWebhook = sql.statement('endIncomingWebhook', { actorId: text, id: text }, { done: bool });

/** An incoming webhook as it is stored. */
export type StoredIncomingWebhook = RowOf<typeof readIncomingWebhook>;
