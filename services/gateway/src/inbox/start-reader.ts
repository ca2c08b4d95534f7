import { withoutHidden } from '@parley/fanout';
import type { LogEnd, LogPart, MembershipRow, StoredLogEntry } from '../store/inbox-store.js';
import { addedEvent, changedEvent } from './channel-event.js';
import { encodeInboxEvent, membershipEvent, receiptEvent, removedEvent, storedEntry } from './event-frames.js';
import type { Feed } from './feed.js';
import { type Missed, type StartingReader, sinceMsOf } from './missed.js';
import { type LogPlace, shortLog } from './position.js';
import type { InboxReader } from './reader.js';
import type { RoundFacts } from './round.js';

type OwnStays = ReadonlyMap<number, MembershipRow>;
type Part = LogPart & { readonly entries: readonly StoredLogEntry[] };

/** Sends the entries of a part of a log, and a `gap` for those that no longer exist. */
function sendPart(reader: InboxReader, part: Part, stay: MembershipRow, log: string): void {
  const { channelId } = part;
  let seq = part.fromSeq ?? part.afterSeq;
  const skipTo = (to: number) => {
    if (to > seq) reader.send(encodeInboxEvent({ gap: { channelId, log, from: seq + 1, to } }));
    seq = Math.max(seq, to);
  };
  for (const row of part.entries) {
    skipTo(row.seq - 1);
    reader.send(withoutHidden(storedEntry(row).event, stay.hiddenUpTo).bytes);
    seq = row.seq;
  }
  skipTo(part.untilSeq);
}

/** Returns the memberships that may have changed after a time, Unix ms. */
function changedStays({ changes }: Missed, stays: OwnStays, sinceMs: number): MembershipRow[] {
  const changed = new Set(changes.map(({ channelId }) => channelId));
  return [...stays.values()].filter(
    ({ channelId, leftSeq, isDeleted, setAtMs }) =>
      leftSeq === null && !isDeleted && (setAtMs >= sinceMs || changed.has(channelId)),
  );
}

/**
 * Sends the ends of earlier stays, then chats that the user has joined or that changed, then missed
 * entries and receipts, then changed memberships, then chats that the user has left.
 */
function sendMissed(
  reader: InboxReader,
  missed: Missed,
  { stays, sinceMs, facts }: { readonly stays: OwnStays; readonly sinceMs: number; readonly facts: RoundFacts },
): void {
  const left: number[] = [];
  const send = (part: Part) => {
    const stay = stays.get(part.channelId);
    if (stay !== undefined) sendPart(reader, part, stay, facts.ends.get(part.channelId)?.log ?? '');
  };
  const isEarlier = ({ isOfEarlierStay }: Part) => isOfEarlierStay === true;
  for (const part of missed.parts.filter(isEarlier)) {
    const channel = facts.channels.get(part.channelId);
    if (channel !== undefined) reader.send(addedEvent(channel));
    send(part);
    reader.send(removedEvent(part.channelId));
  }
  for (const { channelId, isAdded, isRemoved } of missed.changes) {
    const [stay, channel] = [stays.get(channelId), facts.channels.get(channelId)];
    if (stay === undefined && isRemoved) left.push(channelId); // in an earlier log
    if (stay === undefined || channel === undefined) continue;
    const isOver = stay.leftSeq !== null || stay.isDeleted;
    if (isAdded && !stay.isDeleted) reader.send(addedEvent(channel));
    else if (!isOver) reader.send(changedEvent(channel));
    if (isOver) left.push(channelId);
  }
  for (const part of missed.parts) if (!isEarlier(part)) send(part);
  for (const receipt of missed.receipts) reader.send(receiptEvent(receipt));
  for (const stay of changedStays(missed, stays, sinceMs)) reader.send(membershipEvent(stay));
  for (const channelId of left) reader.send(removedEvent(channelId));
}

/**
 * Starts a reader. Tells it which of its chats have another log, and sends the changes and entries
 * that it missed since its position. Follows its chats from the moment of the round on.
 */
export function startReader(
  starting: StartingReader & { readonly reader: InboxReader },
  facts: RoundFacts,
  feedOf: (end: LogEnd) => Feed,
): void {
  const { reader, seen, userId } = starting;
  const stays = facts.stays.get(userId) ?? new Map<number, MembershipRow>();
  const chats = [...stays.values()].flatMap((stay) => {
    const end = facts.ends.get(stay.channelId);
    if (end === undefined || stay.isDeleted) return [];
    const feed = stay.leftSeq === null ? feedOf(end) : undefined;
    return [{ stay, end, feed, place: seen.get(stay.channelId) }];
  });
  for (const { end, feed, place } of chats) {
    const log = feed?.isStored === false ? feed.log : end.log;
    if (isOtherLog(log, place)) reader.send(encodeInboxEvent({ chatReset: { channelId: end.channelId, log } }));
  }
  const missed = facts.missed.get(starting);
  const sinceMs = starting.position === undefined ? Number.POSITIVE_INFINITY : sinceMsOf(starting.position);
  if (missed?.isLost === true) reader.send(encodeInboxEvent({ reset: true }));
  else if (missed !== undefined) sendMissed(reader, missed, { stays, sinceMs, facts });
  for (const { stay, end } of chats) {
    const { channelId, log, lastAtMs: atMs } = end;
    if (stay.leftSeq !== null && log !== '')
      reader.noteLeft({ channelId, seq: stay.leftSeq, log: shortLog(log), atMs });
  }
  for (const { stay, end, feed, place } of chats)
    if (feed !== undefined) reader.follow(feed, stay, feed.isStored ? end.lastSeq : unstoredPlace(feed, place));
}

function isOtherLog(log: string, place: Pick<LogPlace, 'log'> | undefined): boolean {
  return place !== undefined && log !== '' && !log.startsWith(place.log);
}

/** Returns the seq after which a reader continues in a channel without history. */
function unstoredPlace({ log, seq }: Feed, place: Omit<LogPlace, 'channelId'> | undefined): number {
  return place === undefined || log === '' || isOtherLog(log, place) ? seq : Math.min(place.seq, seq);
}
