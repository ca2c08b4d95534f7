import type { User } from '@parley/client';

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

/** What somebody is called: the id of whom nobody has introduced. */
export function nameOf(names: Names, id: string): string {
  return Object.hasOwn(names, id) ? (names[id] as string) : id;
}
