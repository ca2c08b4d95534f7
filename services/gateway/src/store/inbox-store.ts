import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  int4,
  int8,
  jsonb,
  loadSql,
  type Notify,
  nullable,
  type RowOf,
  text,
  uuid,
} from '@parley/database';
import {
  logEntryColumns,
  logEntryConstants,
  type ranks,
  settingConstants,
  sharedChannelColumns,
} from '@parley/service-kit';

const sql = loadSql('inbox.sql', import.meta.url, { ...kindConstants, ...logEntryConstants, ...settingConstants });

/** What only a member sees of a membership, beside the receipt. */
const ownColumns = { role: text.as<keyof typeof ranks>(), markedUnread: bool, notify: text.as<Notify>() };

/** A stay that a removal has ended: the log, the seq before the first entry, and the seq of the last one. */
export interface EndedStay {
  readonly log: string;
  readonly after: number;
  readonly until: number;
}

export const readMoment = sql.statement(
  'readMoment',
  {},
  {
    txid: int8,
    now: int8,
    life: int8,
    floorTxid: int8,
    floorId: int8,
    logsBegun: int4,
  },
);

export const readEvents = sql.statement(
  'readEvents',
  { txid: int8, id: int8, size: int8 },
  {
    txid: int8,
    id: int8,
    kind: text,
    channelId: int4,
    userIds: array(text),
    /** The stays that a removal has ended, by user. */
    ended: jsonb<Readonly<Record<string, EndedStay>>>(),
    /** Whether no earlier event can follow. */
    isSettled: bool,
  },
);

export const findStays = sql.statement('findStays', { userIds: array(text) }, { userId: text, channelId: int4 });

export const readStays = sql.statement(
  'readStays',
  { userIds: array(text), channelIds: array(int4) },
  {
    userId: text,
    channelId: int4,
    sinceSeq: int8,
    leftSeq: nullable(int8),
    hiddenUpTo: int8,
    isDeleted: bool,
    deliveredSeq: int8,
    readSeq: int8,
    receiptAtMs: int8,
    ...ownColumns,
    /** Time of the last change of the mark or of the level of notifications; 0: none yet. */
    setAtMs: int8,
  },
);

export const readHeads = sql.statement(
  'readHeads',
  { channelIds: array(int4) },
  { channelId: int4, log: text, lastSeq: int8, lastAtMs: int8, ownerId: nullable(uuid), members: int4 },
);

const partsOfLogs = { channelIds: array(int4), afterSeqs: array(int8), untilSeqs: array(int8) };

export const findRecent = sql.statement(
  'findRecent',
  { ...partsOfLogs, sinceMs: array(int8), maxEntries: int8 },
  { part: int8, afterSeq: int8, fromSeq: int8 },
);

export const readLogs = sql.statement(
  'readLogs',
  { ...partsOfLogs, size: int8, bytes: int8 },
  { part: int8, totalBytes: int8, channelId: int4, ...logEntryColumns },
);

export const findChangeFloor = sql.statement(
  'findChangeFloor',
  { txid: int8, id: int8, size: int8 },
  { txid: int8, id: int8 },
);

export const readChangesOf = sql.statement(
  'readChangesOf',
  { userIds: array(text), txids: array(int8), ids: array(int8) },
  {
    reader: int8,
    channelId: int4,
    isAdded: bool,
    isRemoved: bool,
    /**
     * Stays that have ended. Each is a text with the log, the seq before the first entry and the
     * seq of the last entry, separated by spaces.
     */
    earlier: array(text),
  },
);

export const readMissed = sql.statement(
  'readMissed',
  { ...partsOfLogs, readers: array(int8), bytes: int8, roundBytes: int8 },
  { part: int8, ownBytes: int8, totalBytes: int8, channelId: int4, ...logEntryColumns },
);

export const readMembers = sql.statement(
  'readMembers',
  { channelIds: array(int4), userIds: array(text), hasMoved: array(bool), mostTold: int4 },
  {
    channelId: int4,
    userId: text,
    log: text,
    deliveredSeq: int8,
    readSeq: int8,
    told: bool,
    ...ownColumns,
    hasMoved: bool,
  },
);

export const findChangedMembers = sql.statement(
  'findChangedMembers',
  { channelIds: array(int4), memberChannelIds: array(int4), memberIds: array(text), sinceMs: int8, mostTold: int8 },
  { channelId: int4, userId: text, hasMoved: bool },
);

export const readMovedReceipts = sql.statement(
  'readMovedReceipts',
  { channelIds: array(int4), sinceMs: array(int8), mostTold: int8 },
  { channelId: int4, userId: text, log: text, deliveredSeq: int8, readSeq: int8, receiptAtMs: int8 },
);

export const readChannels = sql.statement(
  'readChannels',
  { channelIds: array(int4) },
  {
    id: int4,
    ...sharedChannelColumns,
    memberCount: int4,
    log: text,
    lastSeq: int8,
    deleted: bool,
  },
);

export const findEnded = sql.statement('findEnded', { sessionIds: array(uuid) }, { sessionId: uuid, suspended: bool });

/** The moment of a snapshot: the times and the transaction id that `readMoment` describes. */
export type Moment = RowOf<typeof readMoment>;

/** A change of a channel or of its members. */
export type InboxChange = RowOf<typeof readEvents>;

/** A chat in which something changed for a starting reader. */
export type ReaderChange = RowOf<typeof readChangesOf>;

/** Membership of a user in a channel. `leftSeq` is null while it lasts. */
export type MembershipRow = RowOf<typeof readStays>;

/** The part of a membership that only its user sees, beside the receipt. */
export type OwnMembership = Pick<MembershipRow, 'channelId' | keyof typeof ownColumns>;

/**
 * The receipt and the membership of a user, after a manager or another gateway has changed them.
 * `told` says whether others in the chat may see the receipt, and `hasMoved` whether it has moved.
 */
export type MemberRow = RowOf<typeof readMembers>;

/** A receipt that others in the chat may see if `told` is set. */
export type ToldReceipt = Omit<MemberRow, keyof typeof ownColumns | 'hasMoved'>;

/** A receipt that has moved. */
export type ReceiptRow = RowOf<typeof readMovedReceipts>;

/** The end of the log of a channel. */
export type LogEnd = RowOf<typeof readHeads>;

/** Part of a log: the entries after one seq up to another. */
export interface LogPart {
  readonly channelId: number;
  readonly afterSeq: number;
  readonly untilSeq: number;
  /**
   * If set, retention has removed the entries after this seq up to `afterSeq`, so they are missing
   * too.
   */
  readonly fromSeq?: number;
  /** Set if the part is the rest of an earlier stay of a user who has returned meanwhile. */
  readonly isOfEarlierStay?: true;
}

/** Returns parts of logs as the parameters of a statement. */
export function partParameters(parts: readonly LogPart[]) {
  return {
    channelIds: parts.map(({ channelId }) => channelId),
    afterSeqs: parts.map(({ afterSeq }) => afterSeq),
    untilSeqs: parts.map(({ untilSeq }) => untilSeq),
  };
}

/** An entry as it is stored now. */
export type StoredLogEntry = Omit<RowOf<typeof readLogs>, 'totalBytes'>;

/** An entry that a reader missed, as it is stored now. */
export type MissedEntry = RowOf<typeof readMissed>;

/** A channel as any member sees it. */
export type ChannelRow = RowOf<typeof readChannels>;
