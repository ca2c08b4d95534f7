import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  bytea,
  int2,
  int4,
  int8,
  loadSql,
  nullable,
  type Queryable,
  type RowOf,
  text,
  timestamptz,
  uuid,
} from '@parley/database';

const sql = loadSql('retention.sql', import.meta.url, kindConstants);

const slice = { channelId: int4, maxEntries: int8 };
const seqs = { channelId: int4, seqs: array(int8) };
const page = { afterId: int4, lastId: int4 };
const someOfPage = { ...page, maxChannels: int8 };

export const nextPage = sql.statement('nextPage', { channels: int4 }, { ...page, isLast: bool });
export const shortenRetention = sql.statement('shortenRetention', { longest: int4, ...someOfPage }, { id: int4 });
export const findOverRetention = sql.statement('findOverRetention', page, { id: int4, byCount: bool });
export const countMessages = sql.statement('countMessages', slice, { entries: int8 });
export const trim = sql.statement('trim', slice, { firstSeq: int8 });
export const findExpired = sql.statement('findExpired', page, { id: int4 });
export const lockExpired = sql.statement('lockExpired', slice, { seq: int8 });
export const readForArchive = sql.statement('readForArchive', seqs, {
  seq: int8,
  kind: int2,
  senderId: text,
  clientId: uuid,
  sentAt: timestamptz,
  targetSeq: nullable(int8),
  editedAt: nullable(timestamptz),
  deletedAt: nullable(timestamptz),
  contentType: text,
  mentions: array(text),
  data: bytea,
});
export const deleteEntries = sql.statement('deleteEntries', seqs, {
  senderId: text,
  ofMembers: bool,
  bytes: int8,
  rows: int8,
});
const subtract = sql.statement('subtractUsage', {
  channelId: int4,
  senderIds: array(text),
  areMemberChanges: array(bool),
  bytes: array(int8),
  rows: array(int8),
});
export const endDeletedLogs = sql.statement('endDeletedLogs', page);
export const purgeChannels = sql.statement('purgeChannels', someOfPage, { id: int4 });

/** Channels above `afterId`, up to `lastId`. */
export type ChannelPage = Pick<RowOf<typeof nextPage>, 'afterId' | 'lastId'>;

/** An entry to archive and delete. */
export type ArchivedEntry = RowOf<typeof readForArchive>;

/** Usage of one sender in deleted entries. */
type DeletedUsage = RowOf<typeof deleteEntries>;

/** Subtracts deleted entries from the usage of their channel and senders. */
export async function subtractUsage(
  client: Queryable,
  channelId: number,
  deleted: readonly DeletedUsage[],
): Promise<void> {
  await subtract.run(client, {
    channelId,
    senderIds: deleted.map(({ senderId }) => senderId),
    areMemberChanges: deleted.map(({ ofMembers }) => ofMembers),
    bytes: deleted.map(({ bytes }) => bytes),
    rows: deleted.map(({ rows }) => rows),
  });
}
