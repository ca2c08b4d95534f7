import type { Channel, Place } from '@parley/client';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Line } from '../state/lines.js';
import type { Names } from '../state/names.js';
import type { Outgoing } from '../state/outgoing.js';
import type { Session } from '../state/session.js';

/** A channel that was visited. */
export interface ChannelRecord {
  readonly id: number;
  /** How far its log was received: everything up to here that is kept in the browser is whole. */
  readonly place: Place | undefined;
  readonly readSeq: number;
  readonly outgoing: readonly Outgoing[];
  readonly names: Names;
  /** Unix ms. */
  readonly visitedAt: number;
}

interface Schema extends DBSchema {
  /** One record, `now`. */
  session: { key: string; value: Session };
  /** One record, `now`: the list of channels. */
  rooms: { key: string; value: readonly Channel[] };
  channels: { key: number; value: ChannelRecord };
  /** By channel and seq. */
  lines: { key: [channel: number, seq: number]; value: Line };
  /** What is typed but not sent, by channel. */
  drafts: { key: number; value: string };
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

/** Forgets everything, in one transaction. */
export async function wipe(database: BrowserDatabase): Promise<void> {
  const transaction = database.transaction(stores, 'readwrite');
  await Promise.all([...stores.map((name) => transaction.objectStore(name).clear()), transaction.done]);
}
