import { kindConstants } from '@parley/contract';
import { statements } from '@parley/database';

const sql = statements(import.meta.url, kindConstants);

/** Seq and size of an entry, before it is read. */
export interface HistoryPosition {
  readonly seq: number;
  /** Upper bound of its encoded size, in bytes. */
  readonly bytes: number;
}

/** An entry in its current state. */
export interface EntryRow {
  readonly seq: number;
  readonly kind: number;
  readonly sender_id: string;
  readonly number: number;
  readonly client_id: string;
  readonly sent_ms: number;
  readonly target_seq: number | null;
  readonly content_type: string;
  readonly data: Buffer;
  readonly mentions: string[];
  readonly edited_ms: number | null;
  readonly deleted: boolean;
  readonly reactions: { emoji: string; count: number; userIds: string[]; mine: boolean }[];
  readonly file_ids: string[];
}

type Range = [channelId: number, firstSeq: number, lastSeq: number, size: number, emoji: number, people: number];

export const newestFirst = sql<HistoryPosition, Range>('history-before');

export const oldestFirst = sql<HistoryPosition, Range>('history-after');

export const readEntries = sql<
  EntryRow,
  [channelId: number, seqs: readonly number[], emoji: number, people: number, readerId: string]
>('history-entries');
