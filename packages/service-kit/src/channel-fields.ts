import { ChannelKind, Retention } from '@parley/contract';
import type { ChannelKind as Kind } from '@parley/database';

/**
 * Kinds of channels in the contract, by name in the database.
 * @example
 * ```ts
 * import { channelKinds } from '@parley/service-kit';
 *
 * channelKinds.direct; // ChannelKind.DIRECT
 * ```
 */
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
 * import { retentionOf } from '@parley/service-kit';
 *
 * retentionOf(86_400, null); // a day
 * retentionOf(null, 1_000); // the last 1,000 entries
 * retentionOf(0, null); // nothing
 * ```
 */
export function retentionOf(seconds: number | null, count: number | null): Retention {
  return Retention.fromPartial({ ...ruleOf(seconds), maxCount: count ?? 0 });
}
