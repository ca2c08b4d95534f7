import { bool, type ChannelKind, enumeration, int4, loadSql, type RowOf, text } from '@parley/database';

const sql = loadSql('locks.sql', import.meta.url);

export const lockChannel = sql.statement(
  'lockChannel',
  { channelId: int4 },
  {
    id: int4,
    name: text,
    kind: enumeration<ChannelKind>('chat.channel_kind'),
    userLimit: int4,
    ownerId: text,
    hasHistory: bool,
    openHistory: bool,
  },
);
export const lockUser = sql.statement('lockUser', { userId: text }, { id: text, isNew: bool });

/** A locked channel, the starting point of a transaction. `hasHistory`: its log is in the database. */
export type LockedChannel = RowOf<typeof lockChannel>;
