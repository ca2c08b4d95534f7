import {
  array,
  bool,
  bytea,
  int2,
  int4,
  int8,
  loadSql,
  nullable,
  type RowOf,
  text,
  timestamptz,
  uuid,
} from '@parley/database';

const sql = loadSql('holds.sql', import.meta.url);

const subject = { channelId: nullable(int4), userId: nullable(text) };
const hold = { id: int4, ...subject, reason: text, setBy: text, setMs: int8 };
const page = { after: text, size: int8 };
const entry = {
  position: text,
  channelId: int4,
  seq: int8,
  kind: int2,
  senderId: text,
  sentAt: timestamptz,
  targetSeq: nullable(int8),
  contentType: text,
  data: bytea,
  mentions: array(text),
  editedAt: nullable(timestamptz),
  fileIds: array(uuid),
};

export const findHoldSubject = sql.statement('findHoldSubject', subject, subject);
export const setHold = sql.statement('setHold', { ...subject, reason: text, setBy: text }, { id: int4, setMs: int8 });
export const countHolds = sql.statement('countHolds', {}, { count: int8 });
export const listHolds = sql.statement('listHolds', { beforeId: nullable(int8), size: int8 }, hold);
export const readHold = sql.statement('readHold', { holdId: int4 }, hold);
export const releaseHold = sql.statement('releaseHold', { holdId: int4 }, { id: int4, ...subject });
export const heldChannels = sql.statement(
  'heldChannels',
  { ...subject, afterChannel: int4, size: int8 },
  {
    id: int4,
    kind: text,
    name: text,
    ownerId: text,
    pairLow: nullable(text),
    pairHigh: nullable(text),
    createdAt: timestamptz,
    deletedAt: nullable(timestamptz),
    isWhole: bool,
  },
);
const heldEntry = { ...entry, deletedAt: nullable(timestamptz) };
export const heldEntries = sql.statement('heldEntries', { channelId: int4, ...page }, heldEntry);
export const heldEntriesOf = sql.statement('heldEntriesOf', { channelId: int4, userId: text, ...page }, heldEntry);
export const keptEntries = sql.statement(
  'keptEntries',
  { ...subject, ...page },
  { ...entry, cause: text.as<'edited' | 'deleted' | 'expired'>(), keptAt: timestamptz },
);
export const heldFile = sql.statement(
  'heldFile',
  { fileId: uuid },
  { id: uuid, ownerId: text, name: text, contentType: text, size: int4, inS3: bool },
);
export const heldPiece = sql.statement('heldPiece', { fileId: uuid, at: int4 }, { data: nullable(bytea) });

/** A legal hold that stands. */
export type StandingHold = RowOf<typeof listHolds>;

/** An entry that a hold covers, or the copy of one. */
export type HeldEntry = RowOf<typeof heldEntries> | RowOf<typeof keptEntries>;
