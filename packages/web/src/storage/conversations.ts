import type { ConversationState } from '../state/conversation-state.js';
import { affordable, type Line } from '../state/lines.js';
import { hasHistory, retentionMs } from '../state/retention.js';
import { steadyNow } from '../state/steady-now.js';
import { type Unsent, type UnsentItem, unsentOf, unsentText } from '../state/unsent.js';
import type { BrowserDatabase, ChannelRecord } from './database.js';
import { draftsAbout } from './drafts.js';

/** A stored conversation, shown after a reload before the network answers. */
export interface CachedConversation {
  readonly record: ChannelRecord;
  readonly lines: readonly Line[];
}

/**
 * Limit of the stored lines. The leading tab always has at least these in memory, so that every
 * change to one of them is stored.
 */
const storedLimit = { lines: 300, characters: 1_000_000 };

const allOf = (channelId: number) => IDBKeyRange.bound([channelId, 0], [channelId, Number.MAX_SAFE_INTEGER]);

/** Returns the stored conversation, or undefined if the channel was never visited. */
export async function loadConversation(
  database: BrowserDatabase,
  channelId: number,
): Promise<CachedConversation | undefined> {
  const record = await database.get('channels', channelId);
  return record === undefined ? undefined : { record, lines: await database.getAll('lines', allOf(channelId)) };
}

/** Returns every visited channel. */
export function visitedChannels(database: BrowserDatabase): Promise<ChannelRecord[]> {
  return database.getAll('channels');
}

/** Deletes stored lines that the server no longer has. */
export async function expireLines(database: BrowserDatabase, { id, channel, aheadMs = 0 }: ChannelRecord) {
  const ms = channel === undefined || !hasHistory(channel) ? 0 : retentionMs(channel);
  if (ms === undefined) return;
  const beforeMs = steadyNow() + aheadMs - ms;
  let cursor = await database.transaction('lines', 'readwrite').store.openCursor(allOf(id));
  while (cursor !== null && (ms === 0 || cursor.value.at < beforeMs)) {
    await cursor.delete();
    cursor = await cursor.continue();
  }
}

/** Counts unsent messages, changes and drafts in all channels. */
export async function countUnsent(database: BrowserDatabase): Promise<Unsent> {
  const [records, drafts] = await Promise.all([visitedChannels(database), database.getAll('drafts')]);
  return unsentOf(
    records.flatMap(({ outgoing }) => outgoing),
    drafts,
  );
}

/** Returns all unsent messages, changes and drafts of all channels. */
export async function listUnsent(database: BrowserDatabase): Promise<readonly UnsentItem[]> {
  const transaction = database.transaction(['channels', 'drafts']);
  const drafts = transaction.objectStore('drafts');
  const [records, keys, texts] = await Promise.all([
    transaction.objectStore('channels').getAll(),
    drafts.getAllKeys(),
    drafts.getAll(),
  ]);
  const names = new Map(records.map(({ id, channel }) => [id, channel?.name]));
  const item = (id: number, what: string) => ({ room: names.get(id) ?? `Room ${id}`, what });
  const begun = keys.map((key, index) => item(typeof key === 'number' ? key : key[0], texts[index] ?? ''));
  const queued = records.flatMap(({ id, outgoing }) => outgoing.map((one) => item(id, unsentText(one))));
  return [...queued, ...begun.filter(({ what }) => what.trim() !== '')];
}

/** Deletes the stored lines of a channel, unless something in it is unsent. Its drafts stay. */
export async function dropLines(database: BrowserDatabase, channelId: number): Promise<void> {
  const transaction = database.transaction(['channels', 'lines'], 'readwrite');
  const channels = transaction.objectStore('channels');
  const record = await channels.get(channelId);
  if (record !== undefined && record.outgoing.length === 0) {
    channels.delete(channelId);
    transaction.objectStore('lines').delete(allOf(channelId));
  }
  await transaction.done;
}

/** Deletes everything about a channel. */
export async function forgetConversation(database: BrowserDatabase, channelId: number): Promise<void> {
  const transaction = database.transaction(['channels', 'lines', 'drafts'], 'readwrite');
  await Promise.all([
    transaction.objectStore('channels').delete(channelId),
    transaction.objectStore('lines').delete(allOf(channelId)),
    transaction.objectStore('drafts').delete(channelId),
    transaction.objectStore('drafts').delete(draftsAbout(channelId)),
    transaction.done,
  ]);
}

/**
 * Stores a conversation whenever it changes. Writes position and lines in one transaction, so that
 * both stay consistent.
 */
export class ConversationSaver {
  readonly #database: BrowserDatabase;
  readonly #channelId: number;
  #saved: ConversationState | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(database: BrowserDatabase, channelId: number) {
    this.#database = database;
    this.#channelId = channelId;
  }

  /** Records which state the database already has. */
  markSaved(state: ConversationState): void {
    this.#saved = state;
  }

  /** Saves the changes since the last successful save, one save at a time. */
  save(state: ConversationState): Promise<void> {
    this.#saving = this.#saving.catch(() => {}).then(() => this.#write(state));
    return this.#saving;
  }

  async #write(state: ConversationState): Promise<void> {
    const saved = this.#saved;
    if (saved === state) return;
    const anew = saved?.place?.log !== state.place?.log;
    const [before, lines] = [anew || saved === undefined ? [] : linesToStore(saved), linesToStore(state)];
    const known = new Set(before);
    const transaction = this.#database.transaction(['channels', 'lines', 'session'], 'readwrite');
    if ((await transaction.objectStore('session').get('now'))?.userId !== state.me) return; // The user has signed out in the meantime.
    const store = transaction.objectStore('lines');
    for (const range of anew ? [allOf(this.#channelId)] : this.#keysToDelete(before, lines)) store.delete(range);
    for (const line of lines) if (!known.has(line)) store.put(line, [this.#channelId, line.seq]);
    transaction.objectStore('channels').put(recordOf(this.#channelId, state));
    await transaction.done;
    this.#saved = state;
  }

  /**
   * Returns the keys to delete: all keys before the first line, and the keys of lines that have
   * disappeared.
   */
  #keysToDelete(before: readonly Line[], lines: readonly Line[]): (IDBKeyRange | [number, number])[] {
    const seqs = new Set(lines.map(({ seq }) => seq));
    const first = lines[0]?.seq ?? Number.MAX_SAFE_INTEGER;
    const removed = before.filter(({ seq }) => seq > first && !seqs.has(seq));
    const older = IDBKeyRange.bound([this.#channelId, 0], [this.#channelId, first], false, true);
    return [older, ...removed.map(({ seq }): [number, number] => [this.#channelId, seq])];
  }
}

/** Returns the lines to store; none for a channel without message history. */
function linesToStore({ channel, lines }: ConversationState): readonly Line[] {
  return channel !== undefined && hasHistory(channel) ? lines.slice(lines.length - affordable(lines, storedLimit)) : [];
}

function recordOf(id: number, state: ConversationState): ChannelRecord {
  const { place, readSeq, outgoing, names, channel, aheadMs, isStale = false } = state;
  return { id, place, readSeq, outgoing, names, channel, aheadMs, isStale, visitedAt: Date.now() };
}
