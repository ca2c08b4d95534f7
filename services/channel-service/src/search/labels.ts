/**
 * Returns the label of a channel. Labels are indexed together with the words of a message, so that
 * one index finds words, channel, sender and time. A label begins with a character that no word
 * contains.
 */
export const channelLabel = (channelId: number) => `#${channelId}`;

/** Returns the label of a sender. User ids that differ only in case are one user. */
export const senderLabel = (userId: string) => `<${userId.toLowerCase()}`;

const dayMs = 86_400_000;
/** Lengths of the spans of time that have a label. */
const spans = [
  { prefix: '@', lengthMs: dayMs },
  { prefix: '@@', lengthMs: 8 * dayMs },
  { prefix: '@@@', lengthMs: 64 * dayMs },
] as const;

const spanAt = (timeMs: number, lengthMs: number) => Math.floor(timeMs / lengthMs);

/** Returns the labels of a message. */
export function labelsOf(channelId: number, senderId: string, sentMs: number): string[] {
  const times = spans.map(({ prefix, lengthMs }) => `${prefix}${spanAt(sentMs, lengthMs)}`);
  return [channelLabel(channelId), senderLabel(senderId), ...times];
}

/** Span of time that begins at `sinceMs`. If it has no labels, it covers all time. */
interface Window {
  readonly sinceMs: number;
  readonly labels: readonly string[];
}

/**
 * Returns spans of time that all end a little after `untilMs`, each longer than the previous one.
 */
export function windowsUntil(untilMs: number): Window[] {
  const recent = spans.map(({ prefix, lengthMs }) => {
    const last = spanAt(untilMs, lengthMs);
    return { sinceMs: (last - 1) * lengthMs, labels: [last - 1, last, last + 1].map((at) => `${prefix}${at}`) };
  });
  return [...recent, { sinceMs: Number.NEGATIVE_INFINITY, labels: [] }];
}
