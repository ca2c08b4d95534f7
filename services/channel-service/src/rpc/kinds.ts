import { ChannelKind } from '@parley/contract';
import type { ChannelKind as Kind } from '@parley/database';

/** The kinds of channels in the contract, by their names in the database. */
export const kinds = {
  room: ChannelKind.ROOM,
  direct: ChannelKind.DIRECT,
  group: ChannelKind.GROUP,
  public: ChannelKind.PUBLIC,
  private: ChannelKind.PRIVATE,
} as const satisfies Record<Kind, ChannelKind>;

const names = new Map(Object.entries(kinds).map(([name, kind]) => [kind, name as Kind]));

/** The kind that a client names; undefined: none that there is. */
export function kindOf(kind: ChannelKind): Kind | undefined {
  return names.get(kind as (typeof kinds)[Kind]);
}

/** Whether strangers know of channels of a kind. To everybody else the others answer as if there were none. */
export function isListed(kind: Kind): boolean {
  return kind === 'room' || kind === 'public';
}
