import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { ChatsListing } from '../state/chats.js';
import type { Bookmarked } from '../state/conversation-state.js';
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
  /** A single record with the key `listing`: the list of chats. */
  chats: { key: string; value: ChatsListing };
  /** Choices of the user for this browser, by name. */
  settings: { key: string; value: unknown };
  channels: { key: number; value: ChannelRecord };
  /** Lines by channel and seq. */
  lines: { key: [channel: number, seq: number]; value: Line };
  /** Texts that are typed but not sent. */
  drafts: { key: DraftKey; value: string };
}

export type BrowserDatabase = IDBPDatabase<Schema>;

const stores = ['session', 'rooms', 'chats', 'settings', 'channels', 'lines', 'drafts'] as const;

/**
 * Opens the database of this origin. Calls `onReplaced` when a newer version of the page takes it
 * over: then this page can store nothing any more. Rejects with a `VersionError` if a newer version
 * has done that already.
 */
export function openDatabase(onReplaced: () => void): Promise<BrowserDatabase> {
  return openDB<Schema>('parley', 2, {
    upgrade(database) {
      for (const name of stores) {
        if (database.objectStoreNames.contains(name)) continue;
        if (name === 'channels') database.createObjectStore(name, { keyPath: 'id' });
        else database.createObjectStore(name);
      }
    },
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close(); // A tab of a newer version waits for this one.
      onReplaced();
    },
  });
}

/** Stores whose records have keys of their own. */
type KeyedStore = 'rooms' | 'chats' | 'settings' | 'drafts';

/** Stores a record of a user, unless the user has signed out in the meantime. */
export async function putFor<N extends KeyedStore>(
  database: BrowserDatabase,
  me: string,
  name: N,
  value: Schema[N]['value'],
  key: Schema[N]['key'],
): Promise<void> {
  const transaction = database.transaction([name, 'session'], 'readwrite');
  if ((await transaction.objectStore('session').get('now'))?.userId === me)
    transaction.objectStore(name).put(value, key);
  await transaction.done;
}

/** Stores a new name of the signed-in user, unless the user has signed out in the meantime. */
export async function renameSession(database: BrowserDatabase, me: string, name: string): Promise<void> {
  const transaction = database.transaction('session', 'readwrite');
  const session = await transaction.store.get('now');
  if (session?.userId === me) await transaction.store.put({ ...session, name }, 'now');
  await transaction.done;
}

/** Deletes everything in one transaction. */
export async function wipe(database: BrowserDatabase): Promise<void> {
  const transaction = database.transaction(stores, 'readwrite');
  await Promise.all([...stores.map((name) => transaction.objectStore(name).clear()), transaction.done]);
}
