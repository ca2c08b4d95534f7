import { type Channel, ChannelKind } from '@parley/client';
import { words } from '../words/words.js';

type RetentionOf = Pick<Channel, 'retention' | 'kind'>;

const units = [
  ['weeks', 604_800],
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
  ['seconds', 1],
] as const;

/** Returns whether a channel stores its messages. */
export function hasHistory({ retention, kind }: RetentionOf): boolean {
  if (retention?.nothing === true || retention?.seconds === 0) return false;
  if (retention?.everything === true || retention?.seconds !== undefined) return true;
  return kind !== ChannelKind.ROOM && kind !== ChannelKind.UNSPECIFIED;
}

/** Returns the maximum age of a message in milliseconds, or undefined if there is none. */
export function retentionMs({ retention }: Pick<Channel, 'retention'>): number | undefined {
  return retention?.seconds ? retention.seconds * 1_000 : undefined;
}

/**
 * Returns a duration such as "1 week" or "1 hour 30 minutes": the largest unit, and the next one if
 * needed.
 */
export function durationWords(seconds: number): string {
  const first = units.findIndex(([, size]) => seconds >= size);
  let left = seconds;
  return units
    .slice(first, first + 2)
    .flatMap(([name, size]) => {
      const count = Math.floor(left / size);
      left %= size;
      return count === 0 ? [] : [words().rooms[name](count)];
    })
    .join(' ');
}

/** Returns the text for a channel's message history. */
export function messageHistoryText(channel: RetentionOf): string {
  const { historyOff, historyLast, historyUnlimited, historyFor, historyForUpTo } = words().rooms;
  if (!hasHistory(channel)) return historyOff;
  const { seconds, maxCount = 0 } = channel.retention ?? {};
  if (seconds === undefined) return maxCount > 0 ? historyLast(maxCount) : historyUnlimited;
  const time = durationWords(seconds);
  return maxCount > 0 ? historyForUpTo(time, maxCount) : historyFor(time);
}
