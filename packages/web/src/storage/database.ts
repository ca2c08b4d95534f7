import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Bookmarked } from '../state/conversation.js';
import type { Line } from '../state/lines.js';
import type { Listing } from '../state/rooms.js';
import type { Session } from '../state/session.js';

/** A visited channel. */
export interface ChannelRecord extends Bookmarked {
  readonly id: number;
  /** Time of the last visit, in Unix ms. */
  readonly visitedAt: number;
}

/**
 * Key of a draft. For a new message, the channel id. For an edit or a reply, an array that names
 * the channel and the message. The text of a reply is stored under the channel id.
 */
export type DraftKey = number | [channelId: number, what: 'reply' | 'edit', seq: number, at: number];

interface Schema extends DBSchema {
  /** A single record with the key `now`. */
  session: { key: string; value: Session };
  /** A single record with the key `listing`: the lists of channels. */
  rooms: { key: string; value: Listing };
  channels: { key: number; value: ChannelRecord };
  /** Lines by channel and seq. */
  lines: { key: [channel: number, seq: number]; value: Line };
  /** Texts that are typed but not sent. */
  drafts: { key: DraftKey; value: string };
}

export type BrowserDatabase = IDBPDatabase<Schema>;

const stores = ['session', 'rooms', 'channels', 'lines', 'drafts'] as const;

/** Opens the database of this origin. */
export function openDatabase(): Promise<BrowserDatabase> {
  return openDB<Schema>('parley', 1, {
    upgrade(database) {
      for (const name of stores) {
        if (name === 'channels') database.createObjectStore(name, { keyPath: 'id' });
        else database.createObjectStore(name);
      }
    },
  });
}

/** Deletes everything in one transaction. */
export async function wipe(database: BrowserDatabase): Promise<void> {
  const transaction = database.transaction(stores, 'readwrite');
  await Promise.all([...stores.map((name) => transaction.objectStore(name).clear()), transaction.done]);
}
