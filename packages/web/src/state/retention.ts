import { type Channel, ChannelKind } from '@parley/client';

type RetentionOf = Pick<Channel, 'retention' | 'kind'>;

const units = [
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
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
      return count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`];
    })
    .join(' ');
}

/** Returns the text for a channel's message history. */
export function messageHistoryText(channel: RetentionOf): string {
  if (!hasHistory(channel)) return 'Message history: off';
  const { seconds, maxCount = 0 } = channel.retention ?? {};
  if (seconds === undefined) return `Message history: ${maxCount > 0 ? `last ${maxCount} messages` : 'unlimited'}`;
  const time = `Message history: ${durationWords(seconds)}`;
  return maxCount > 0 ? `${time}, up to ${maxCount} messages` : time;
}
