import type { User } from '@parley/client';
import { plainLine } from './text.js';

/** Display names by user id. */
export type Names = Readonly<Record<string, string>>;

const mostNames = 1_000;

/** The names, and what these users are called. */
export function named(names: Names, users: readonly Pick<User, 'id' | 'name'>[]): Names {
  const news = users.filter(({ id, name }) => names[id] !== name);
  if (news.length === 0) return names;
  const all = [...Object.entries(names), ...news.map(({ id, name }) => [id, name] as const)];
  return Object.fromEntries(all.slice(-mostNames));
}

/** What somebody has chosen to be called: the id of whom nobody has introduced, or whose name is not seen. */
export function givenName(names: Names, id: string): string {
  const name = Object.hasOwn(names, id) ? (names[id] as string) : id;
  return plainLine(name).trim() === '' ? id : name;
}

/** What somebody is called so that nobody else is: with the id, where the name alone could be taken for another's. */
export function nameOf(names: Names, id: string): string {
  const name = givenName(names, id);
  if (name === id) return id;
  const seen = asSeen(name);
  return sharedOf(names).has(seen) || seen.endsWith(')') ? `${name} (${id})` : name;
}

function asSeen(name: string): string {
  return plainLine(name).normalize('NFKC').trim().toLowerCase();
}

/** Each names object is looked through once. */
const shared = new WeakMap<Names, ReadonlySet<string>>();

/** The names that are more than one's, or somebody else's id. */
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
