import type { Channel } from '@parley/client';
import { words } from '../words/words.js';
import { glanceOf } from './look-alikes.js';
import { plainLine } from './text.js';

type Channels = Readonly<Record<number, Channel>>;

/** Caches the result of `mistakableIn` per object. */
const mistakable = new WeakMap<Channels, ReadonlySet<number>>();

/** Returns the ids of the channels whose names look like the name of another channel. */
function mistakableIn(channels: Channels): ReadonlySet<number> {
  const known = mistakable.get(channels);
  if (known !== undefined) return known;
  const firsts = new Map<string, number>();
  const found = new Set<number>();
  for (const { id, name } of Object.values(channels)) {
    const seen = glanceOf(plainLine(name));
    const first = firsts.get(seen);
    if (first === undefined) firsts.set(seen, id);
    else found.add(first).add(id);
  }
  mistakable.set(channels, found);
  return found;
}

/**
 * Returns the number and owner of a channel if its name looks like the name of another channel, or
 * else undefined.
 */
export function distinction(channels: Channels, { id, ownerId }: Pick<Channel, 'id' | 'ownerId'>): string | undefined {
  if (!mistakableIn(channels).has(id)) return undefined;
  return ownerId === '' ? words().rooms.numbered(id) : words().rooms.numberedBy(id, ownerId);
}
