/** A message that a user of the load sent, with times in Unix ms. */
export interface LoadMessage {
  readonly channelId: number;
  readonly seq: number;
  readonly name: string;
  readonly sentAtMs: number;
  readonly ackedAtMs: number;
}

/** A message in the restored system. */
export type RestoredMessage = Pick<LoadMessage, 'channelId' | 'seq' | 'name'>;

/** The messages of the load, compared with those of the restored system. */
export interface Comparison {
  /** Number of messages that were acknowledged before the moment of the backup. */
  readonly before: number;
  /** Those of them that the restored system lacks. */
  readonly missing: readonly LoadMessage[];
  /** Number of messages that were sent after the moment. */
  readonly after: number;
  /** Those of them that the restored system has. */
  readonly present: readonly LoadMessage[];
}

/**
 * Milliseconds after its moment within which a backup takes its snapshot. A busy machine can stop the
 * process between the two.
 */
const snapshotWithinMs = 250;

const keyOf = ({ channelId, seq, name }: RestoredMessage) => `${channelId} ${seq} ${name}`;

/**
 * Compares the messages of the load with those of a restored system. A message that was acknowledged
 * before a stored one was sent must be there too, whatever the clocks say.
 * @param momentMs moment of the backup, in Unix ms
 */
export function compare(
  sent: readonly LoadMessage[],
  stored: readonly RestoredMessage[],
  momentMs: number,
): Comparison {
  const there = new Set(stored.map(keyOf));
  const found = sent.filter((one) => there.has(keyOf(one)));
  const lastSentAtMs = found.reduce((last, { sentAtMs }) => Math.max(last, sentAtMs), 0);
  const before = sent.filter(({ ackedAtMs }) => ackedAtMs < Math.max(momentMs, lastSentAtMs));
  const isAfter = ({ sentAtMs }: LoadMessage) => sentAtMs > momentMs + snapshotWithinMs;
  return {
    before: before.length,
    missing: before.filter((one) => !there.has(keyOf(one))),
    after: sent.filter(isAfter).length,
    present: found.filter(isAfter),
  };
}

/** Returns a sentence about messages, or nothing if there are none. */
function describe(messages: readonly LoadMessage[], one: string, several: string): string[] {
  const [first, ...more] = messages;
  if (first === undefined) return [];
  const place = `seq ${first.seq} of chat ${first.channelId}`;
  return [
    more.length === 0
      ? `1 message that ${one}: ${place}`
      : `${messages.length} messages that ${several}, for example ${place}`,
  ];
}

/** Returns a sentence for each kind of message that is where it must not be. */
export function complaintsAbout({ missing, present }: Comparison): string[] {
  return [
    ...describe(
      missing,
      'was acknowledged before the backup is missing',
      'were acknowledged before the backup are missing',
    ),
    ...describe(present, 'was sent after the backup is there', 'were sent after the backup are there'),
  ];
}
