import type { BrowserDatabase, DraftKey } from './database.js';

/** A reply or an edit that the user began and has not finished. */
export interface PendingIntent {
  readonly do: 'reply' | 'edit';
  readonly target: { readonly seq: number; readonly at: number };
}

/** Returns the key range of all replies and edits in a channel. */
export const draftsAbout = (channelId: number) => IDBKeyRange.bound([channelId], [channelId, []]);

/** Returns the key of the draft of a reply or an edit. */
export function pendingIntentKey(channelId: number, { do: what, target }: PendingIntent): DraftKey {
  return [channelId, what, target.seq, target.at];
}

/** Returns the unfinished replies and edits of a channel. */
export async function loadPendingIntents(database: BrowserDatabase, channelId: number): Promise<PendingIntent[]> {
  const keys = await database.getAllKeys('drafts', draftsAbout(channelId));
  return keys.flatMap((key) => (typeof key === 'number' ? [] : [{ do: key[1], target: { seq: key[2], at: key[3] } }]));
}
