import { ChannelKind, Keep } from '@parley/contract';
import type { ChannelKind as Kind } from '@parley/database';

/** Kinds of channels in the contract, by name in the database. */
export const channelKinds = {
  room: ChannelKind.ROOM,
  direct: ChannelKind.DIRECT,
  group: ChannelKind.GROUP,
  public: ChannelKind.PUBLIC,
  private: ChannelKind.PRIVATE,
} as const satisfies Record<Kind, ChannelKind>;

function ruleOf(seconds: number | null) {
  if (seconds === null) return { everything: true };
  return seconds === 0 ? { nothing: true } : { seconds };
}

/**
 * Returns the retention of a channel: seconds (null: for ever, 0: nothing) and number of entries
 * (null: all).
 * @example
 * ```ts
 * import { keepOf } from '@parley/service-kit';
 *
 * keepOf(86_400, null); // a day
 * keepOf(null, 1_000); // the last 1,000 entries
 * keepOf(0, null); // nothing
 * ```
 */
export function keepOf(seconds: number | null, count: number | null): Keep {
  return Keep.fromPartial({ ...ruleOf(seconds), maxCount: count ?? 0 });
}
