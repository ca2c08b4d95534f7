import type { User } from '@parley/client';
import { glanceOf } from './look-alikes.js';
import { plainLine } from './text.js';

/** Maximum number of users of one entry who are named. */
export const namedTogether = 5;

/** Display names by user id. */
export type Names = Readonly<Record<string, string>>;

const mostNames = 1_000;

/** Returns the names together with those of further users. */
export function named(names: Names, users: readonly Pick<User, 'id' | 'name'>[]): Names {
  const news = users.filter(({ id, name }) => names[id] !== name);
  if (news.length === 0) return names;
  const all = [...Object.entries(names), ...news.map(({ id, name }) => [id, name] as const)];
  return Object.fromEntries(all.slice(-mostNames));
}

/** Returns the display name of a user, or the id if the name is unknown or invisible. */
export function givenName(names: Names, id: string): string {
  const name = Object.hasOwn(names, id) ? (names[id] as string) : id;
  return plainLine(name).trim() === '' ? id : name;
}

/**
 * Returns a name that identifies a user: the display name, followed by the id if it could be
 * mistaken for another user's name.
 */
export function nameOf(names: Names, id: string): string {
  const name = givenName(names, id);
  if (name === id) return id;
  const line = plainLine(name).normalize('NFKC').trim();
  return sharedOf(names).has(asSeen(name)) || line.endsWith(')') ? `${name} (${id})` : name;
}

function asSeen(name: string): string {
  return glanceOf(plainLine(name));
}

/** Caches the result of `sharedOf` per object. */
const shared = new WeakMap<Names, ReadonlySet<string>>();

/** Returns the names that look like another user's name or id. */
function sharedOf(names: Names): ReadonlySet<string> {
  const known = shared.get(names);
  if (known !== undefined) return known;
  const owners = new Map<string, string>();
  const found = new Set<string>();
  for (const [id, name] of Object.entries(names)) {
    for (const seen of [asSeen(name), asSeen(id)]) {
      const owner = owners.get(seen) ?? id;
      if (owner !== id) found.add(seen);
      owners.set(seen, owner);
    }
  }
  shared.set(names, found);
  return found;
}
