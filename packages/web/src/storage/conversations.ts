import type { ConversationState } from '../state/conversation.js';
import { affordable, type Line } from '../state/lines.js';
import type { BrowserDatabase, ChannelRecord } from './database.js';

/** What a reload shows before the network answers. */
export interface CachedConversation {
  readonly record: ChannelRecord;
  readonly lines: readonly Line[];
}

const shownAtOnce = { lines: 200, characters: 1_000_000 };
const keptPerChannel = { lines: 500, characters: 4_000_000 };

const allOf = (channelId: number) => IDBKeyRange.bound([channelId, 0], [channelId, Number.MAX_SAFE_INTEGER]);

async function lastLines(database: BrowserDatabase, channelId: number): Promise<Line[]> {
  const lines: Line[] = [];
  const store = database.transaction('lines').store;
  let cursor = await store.openCursor(allOf(channelId), 'prev');
  while (cursor !== null && affordable(lines, shownAtOnce) === lines.length) {
    lines.push(cursor.value);
    cursor = await cursor.continue();
  }
  return lines.reverse();
}

/** What was kept of a channel; undefined where it was never visited. */
export async function loadConversation(
  database: BrowserDatabase,
  channelId: number,
): Promise<CachedConversation | undefined> {
  const record = await database.get('channels', channelId);
  return record === undefined ? undefined : { record, lines: await lastLines(database, channelId) };
}

/** Every channel that was visited. */
export function visitedChannels(database: BrowserDatabase): Promise<ChannelRecord[]> {
  return database.getAll('channels');
}

/** Forgets a channel. */
export async function forgetConversation(database: BrowserDatabase, channelId: number): Promise<void> {
  const transaction = database.transaction(['channels', 'lines', 'drafts'], 'readwrite');
  await Promise.all([
    transaction.objectStore('channels').delete(channelId),
    transaction.objectStore('lines').delete(allOf(channelId)),
    transaction.objectStore('drafts').delete(channelId),
    transaction.done,
  ]);
}

/** Keeps a conversation as it goes on: place and lines in one transaction, so that they fit each other. */
export class ConversationKeeper {
  readonly #database: BrowserDatabase;
  readonly #channelId: number;
  #saved: ConversationState | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(database: BrowserDatabase, channelId: number) {
    this.#database = database;
    this.#channelId = channelId;
  }

  /** What is in the database by now. */
  known(state: ConversationState): void {
    this.#saved = state;
  }

  /** Saves what has changed since; one after the other. */
  save(state: ConversationState): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write(state));
    return this.#saving;
  }

  async #write(state: ConversationState): Promise<void> {
    const saved = this.#saved;
    if (saved === state) return;
    const anew = saved?.place?.log !== state.place?.log;
    const known = new Set(anew ? [] : saved?.lines);
    const transaction = this.#database.transaction(['channels', 'lines', 'session'], 'readwrite');
    if ((await transaction.objectStore('session').get('now'))?.userId !== state.me) return; // signed out meanwhile
    const store = transaction.objectStore('lines');
    if (anew) await store.delete(allOf(this.#channelId));
    const kept = state.lines.slice(state.lines.length - affordable(state.lines, keptPerChannel));
    for (const line of kept) {
      if (!known.has(line)) store.put(line, [this.#channelId, line.seq]);
    }
    const oldest = kept[0]?.seq ?? 0;
    if (kept.length < state.lines.length)
      store.delete(IDBKeyRange.bound([this.#channelId, 0], [this.#channelId, oldest], false, true));
    transaction.objectStore('channels').put(recordOf(this.#channelId, state));
    await transaction.done;
    this.#saved = state;
  }
}

function recordOf(id: number, { place, readSeq, outgoing, names }: ConversationState): ChannelRecord {
  return { id, place, readSeq, outgoing, names, visitedAt: Date.now() };
}
