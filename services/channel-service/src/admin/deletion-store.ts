import { kindConstants } from '@parley/contract';
import { bool, int4, int8, loadSql, nullable, type RowOf, text, uuid } from '@parley/database';
import type { Reason } from '@parley/runtime';

const sql = loadSql('deletions.sql', import.meta.url, kindConstants);
const user = { userId: text };

export const deleteUser = sql.statement(
  'deleteUser',
  { actorId: text, ...user, purge: bool },
  { outcome: text.as<Reason | 'done'>() },
);
export const findDeletions = sql.statement(
  'findDeletions',
  { size: int8 },
  { userId: text, purge: bool, afterChannel: int4 },
);
export const beginPass = sql.statement('beginPass', user);
export const savePass = sql.statement('savePass', { ...user, afterChannel: int4 });
export const endPass = sql.statement('endPass', user);
export const isPairGone = sql.statement('isPairGone', { channelId: int4 }, { isGone: bool });
export const findChannelsOf = sql.statement('findChannelsOf', { ...user, size: int8 }, { id: int4 });
export const findChannelsToPurge = sql.statement(
  'findChannelsToPurge',
  { ...user, afterChannel: int4, size: int8 },
  { id: int4, hasText: bool },
);
export const purgeMessages = sql.statement(
  'purgeMessages',
  { channelId: int4, ...user, afterId: uuid, size: int4 },
  { lastId: nullable(uuid) },
);

/** Remaining work for a deleted account. */
export type Deletion = RowOf<typeof findDeletions>;
