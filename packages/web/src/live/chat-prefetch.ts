import { type ChatsState, orderedChats } from '../state/chats.js';

/** Maximum number of chats whose latest messages are loaded without being shown. */
const mostLoaded = 100;
/** Maximum number of chats whose messages the browser stores. */
const mostStored = 200;
/** Wait between two chats, in milliseconds, for all that the user wants sooner. */
const pauseMs = 100;

/** The chats that are stored in advance. */
export interface ChatsToStore {
  readonly state: () => ChatsState;
  /** Loads and stores the latest messages of a chat, unless they are stored already. */
  storeLatest(id: number): Promise<void>;
  /** Deletes the stored messages of all chats but these, unless something in them is unsent. */
  storeOnly(ids: ReadonlySet<number>): Promise<void>;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });
}

/** Whether the user has asked the browser to save data. */
function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

/**
 * Stores the latest messages of the favourite and the most active chats one by one, so that they can
 * be read without a network, and deletes those of chats that were active longest ago. Returns
 * whether it got to the end.
 */
export async function storeChats(chats: ChatsToStore, signal: AbortSignal): Promise<boolean> {
  const { favourites, others } = orderedChats(chats.state());
  const ids = [...favourites, ...others].map(({ channel }) => channel.id);
  await chats.storeOnly(new Set(ids.slice(0, mostStored)));
  if (savesData()) return true;
  for (const id of ids.slice(0, mostLoaded)) {
    await pause(pauseMs, signal);
    if (signal.aborted || chats.state().link.state !== 'live') return false;
    await chats.storeLatest(id);
  }
  return true;
}
