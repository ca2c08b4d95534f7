import { limits } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { encodeInboxEvent } from './event-frames.js';
import { pingEveryMs } from './reader.js';
import type { RoundFacts } from './round.js';

/** Encodes the first event of a stream. It names the log of each chat, because entries do not. */
export function welcomeEvent({ id, name, number }: UserCaller, { stays, ends, moment }: RoundFacts): Buffer {
  const present = [...(stays.get(id)?.values() ?? [])].filter(
    ({ leftSeq, isDeleted }) => leftSeq === null && !isDeleted,
  );
  const chats = present.flatMap(({ channelId }) => {
    const { log = '', lastSeq: seq = 0 } = ends.get(channelId) ?? {};
    return log === '' ? [] : [{ channelId, log, seq }];
  });
  const now = Math.floor(moment.now / 1_000);
  return encodeInboxEvent({
    welcome: { me: { id, name, number }, pingEveryMs, maxBytes: limits.messageBytes, now, chats },
  });
}
