import type { ChatsListing, ChatsState } from '../state/chats.js';
import { type BrowserDatabase, putFor } from './database.js';

const saveAfterMs = 500;

/** Returns the list of chats of the last visit, or undefined. */
export function loadListing(database: BrowserDatabase): Promise<ChatsListing | undefined> {
  return database.get('chats', 'listing');
}

/** Stores the list of chats some time after it has changed. */
export interface ChatsListingSaver {
  readonly saveSoon: (state: () => ChatsState) => void;
  /** Stores the latest state now, if it waits to be stored. */
  readonly flush: (state: ChatsState) => Promise<void>;
}

/** Creates the saver of the list of chats of one user. */
export function listingSaver(database: BrowserDatabase, me: string, onUnsaved: () => void): ChatsListingSaver {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = async ({ items, favourites, names }: ChatsState) => {
    timer = undefined;
    await putFor(database, me, 'chats', { items, favourites, names }, 'listing');
  };
  return {
    saveSoon: (state) => {
      timer ??= setTimeout(() => save(state()).catch(onUnsaved), saveAfterMs);
    },
    flush: async (state) => {
      if (timer === undefined) return;
      clearTimeout(timer);
      await save(state).catch(onUnsaved);
    },
  };
}
