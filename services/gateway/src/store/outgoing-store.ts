import { array, bool, bytea, float8, int4, int8, loadSql, nullable, type RowOf, text, uuid } from '@parley/database';

const sql = loadSql('outgoing.sql', import.meta.url);
const taken = { id: text, lease: uuid };

export const takeWebhooks = sql.statement(
  'takeWebhooks',
  { leaseMs: float8, lease: uuid, mostFailures: int8, size: int8 },
  { id: text },
);
export const readTakenWebhook = sql.statement('readTakenWebhook', taken, {
  channelId: int4,
  url: text,
  types: array(text),
  secret: bytea,
  oldSecret: nullable(bytea),
  seq: int8,
  log: uuid,
  lastSeq: int8,
  isManaged: bool,
  /** Failures since the last success. */
  failures: int4,
  /** Milliseconds since the first of these failures. */
  failingMs: int8,
  /** Entries that wait for another attempt or are dead letters. */
  failed: int8,
  dead: int8,
  /** Seq of the failure that is due first. */
  retrySeq: nullable(int8),
  /** Attempts at that failure so far. */
  attempts: int4,
});
export const recordSent = sql.statement('recordSent', { seq: int8, ...taken });
export const recordFailure = sql.statement('recordFailure', {
  seq: int8,
  ...taken,
  attempts: int4,
  waitMs: nullable(float8),
  why: text,
});
export const skipEntries = sql.statement('skipEntries', { seq: int8, ...taken });
export const forgetEntry = sql.statement('forgetEntry', { id: text, seq: int8, lease: uuid });
export const releaseWebhook = sql.statement('releaseWebhook', {
  pauseMs: float8,
  disabledReason: nullable(text),
  ...taken,
});

/** A webhook that this gateway has taken. */
export interface WebhookLease {
  readonly id: string;
  readonly lease: string;
}

/** Facts about a webhook that a gateway needs to send its entries. */
export type TakenWebhook = RowOf<typeof readTakenWebhook>;
