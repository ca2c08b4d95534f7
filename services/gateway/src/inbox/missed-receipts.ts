import type { PoolClient } from '@parley/database';
import { limits } from '@parley/runtime';
import { type LogEnd, type MembershipRow, type ReceiptRow, readMovedReceipts } from '../store/inbox-store.js';
import type { ShownReceipt } from './event-frames.js';

/** A reader that resumes, with its chats. */
export interface ReceiptReader {
  readonly userId: string;
  /**
   * Time after which the reader may have missed receipts. Unix ms, by the clock of the database.
   */
  readonly sinceMs: number;
  readonly chats: readonly MembershipRow[];
}

type Ends = ReadonlyMap<number, LogEnd>;

/** Maximum number of member rows that one round reads. Overview has the receipts of the quietest chats. */
const roundMembers = 20_000;
/** Maximum number of receipts of others that one reader gets. */
const readerReceipts = 2_000;

function hasReceipts({ channelId, leftSeq, isDeleted }: MembershipRow, ends: Ends): boolean {
  return leftSeq === null && !isDeleted && (ends.get(channelId)?.log ?? '') !== '';
}

/**
 * Returns the chats in which others see receipts: the most active ones, as many as one round has
 * room for.
 */
function toldChats(channelIds: Iterable<number>, ends: Ends): number[] {
  const small = [...channelIds].flatMap((id) => {
    const end = ends.get(id);
    return end !== undefined && end.members <= limits.membersToldReceipts ? [end] : [];
  });
  let room = roundMembers;
  const some = small
    .toSorted((one, other) => other.lastAtMs - one.lastAtMs)
    .filter(({ members }) => {
      room -= members;
      return room >= 0;
    });
  return some.map(({ channelId }) => channelId);
}

function earliestOf(readers: readonly ReceiptReader[]): ReadonlyMap<number, number> {
  const earliest = new Map<number, number>();
  for (const { sinceMs, chats } of readers)
    for (const { channelId } of chats)
      earliest.set(channelId, Math.min(earliest.get(channelId) ?? Number.MAX_SAFE_INTEGER, sinceMs));
  return earliest;
}

function ownReceipts({ userId, sinceMs, chats }: ReceiptReader, ends: Ends): ShownReceipt[] {
  const moved = chats.filter(({ receiptAtMs }) => receiptAtMs >= sinceMs);
  return moved.map(({ channelId, deliveredSeq, readSeq }) => {
    return { channelId, userId, log: ends.get(channelId)?.log ?? '', deliveredSeq, readSeq };
  });
}

/**
 * Reads the receipts that readers missed, in one statement for all readers: their own receipts, and
 * in chats of at most 100 members the receipts of others.
 */
export async function readMissedReceipts(
  client: PoolClient,
  resuming: readonly ReceiptReader[],
  ends: Ends,
): Promise<ShownReceipt[][]> {
  const readers = resuming.map((one) => ({ ...one, chats: one.chats.filter((chat) => hasReceipts(chat, ends)) }));
  const earliest = earliestOf(readers);
  const channelIds = toldChats(earliest.keys(), ends);
  const sinceMs = channelIds.map((id) => earliest.get(id) ?? 0);
  const mostTold = limits.membersToldReceipts;
  const rows = channelIds.length === 0 ? [] : await readMovedReceipts.run(client, { channelIds, sinceMs, mostTold });
  const ofChats = new Map<number, ReceiptRow[]>();
  for (const row of rows) ofChats.set(row.channelId, [...(ofChats.get(row.channelId) ?? []), row]);
  return readers.map((reader) => {
    const others = reader.chats
      .flatMap(({ channelId }) => ofChats.get(channelId) ?? [])
      .filter(({ userId, receiptAtMs }) => userId !== reader.userId && receiptAtMs >= reader.sinceMs);
    return [...ownReceipts(reader, ends), ...others.slice(0, readerReceipts)];
  });
}
