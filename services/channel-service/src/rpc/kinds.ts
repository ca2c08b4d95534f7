import type { ChannelKind } from '@parley/contract';
import type { ChannelKind as Kind } from '@parley/database';
import { channelKinds } from '@parley/service-kit';

const names = new Map(Object.entries(channelKinds).map(([name, kind]) => [kind, name as Kind]));

/** The kind that a client names; undefined: none that there is. */
export function kindOf(kind: ChannelKind): Kind | undefined {
  return names.get(kind as (typeof channelKinds)[Kind]);
}

/** Whether strangers know of channels of a kind. To everybody else the others answer as if there were none. */
export function isListed(kind: Kind): boolean {
  return kind === 'room' || kind === 'public';
}
