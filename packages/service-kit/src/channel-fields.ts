import { ChannelKind, Keep } from '@parley/contract';
import type { ChannelKind as Kind } from '@parley/database';

/** The kinds of channels in the contract, by their names in the database. */
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

/** What a channel keeps: for so many seconds (null: for ever, 0: nothing), so many entries (null: all). */
export function keepOf(seconds: number | null, count: number | null): Keep {
  return Keep.fromPartial({ ...ruleOf(seconds), maxCount: count ?? 0 });
}
