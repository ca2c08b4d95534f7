import type { ChannelKind } from '@parley/contract';
import type { ChannelKind as Kind } from '@parley/database';
import { channelKinds } from '@parley/service-kit';

const names = new Map(Object.entries(channelKinds).map(([name, kind]) => [kind, name as Kind]));

/** Returns the kind a client named, or undefined if it is unknown. */
export function kindOf(kind: ChannelKind): Kind | undefined {
  return names.get(kind as (typeof channelKinds)[Kind]);
}

/**
 * Returns whether non-members may know that a channel of a kind exists. Other channels appear not
 * to exist.
 */
export function isListed(kind: Kind): boolean {
  return kind === 'room' || kind === 'public';
}
