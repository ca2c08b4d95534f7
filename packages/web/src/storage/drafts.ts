import type { BrowserDatabase, DraftKey } from './database.js';

/** A reply or an edit that was begun in a channel. */
export interface Begun {
  readonly do: 'reply' | 'edit';
  readonly target: { readonly seq: number; readonly at: number };
}

/** Everything of a channel that is about a message. */
export const draftsAbout = (channelId: number) => IDBKeyRange.bound([channelId], [channelId, []]);

export function begunKey(channelId: number, { do: what, target }: Begun): DraftKey {
  return [channelId, what, target.seq, target.at];
}

/** The replies and edits that were begun in a channel and not finished. */
export async function loadBegun(database: BrowserDatabase, channelId: number): Promise<Begun[]> {
  const keys = await database.getAllKeys('drafts', draftsAbout(channelId));
  return keys.flatMap((key) => (typeof key === 'number' ? [] : [{ do: key[1], target: { seq: key[2], at: key[3] } }]));
}
