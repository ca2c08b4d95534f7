import { bool, int4, int8, loadSql, nullable, type RowOf, text } from '@parley/database';

const sql = loadSql('invites.sql', import.meta.url);
const inviteColumns = {
  id: text,
  /** Channel that the invitation opens; null for an invitation to register. */
  channelId: nullable(int4),
  createdBy: text,
  useCount: int4,
  /** Maximum number of uses, or null. */
  maxUses: nullable(int4),
  /** Time of expiry in Unix ms, or null. */
  expiresMs: nullable(int8),
  createdMs: int8,
  /** Whether it is revoked, used up or past its time of expiry. */
  expired: bool,
};

export const createInvite = sql.statement(
  'createInvite',
  {
    id: text,
    channelId: nullable(int4),
    createdBy: text,
    maxUses: nullable(int4),
    expiresAtMs: nullable(int8),
    most: int8,
  },
  inviteColumns,
);
export const readInvite = sql.statement('readInvite', { id: text }, inviteColumns);
export const listInvites = sql.statement('listInvites', { channelId: nullable(int4), most: int8 }, inviteColumns);
export const spendInvite = sql.statement('spendInvite', { id: text, channelId: int4 }, { id: text });
export const revokeInvite = sql.statement('revokeInvite', { id: text }, inviteColumns);

/** An invitation as it is stored. */
export type StoredInvite = RowOf<typeof readInvite>;
