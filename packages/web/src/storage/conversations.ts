import type { ConversationState } from '../state/conversation.js';
import { keepMs, keeps } from '../state/keeping.js';
import { affordable, type Line } from '../state/lines.js';
import { steadyNow } from '../state/steady-now.js';
import { type Unsent, unsentOf } from '../state/unsent.js';
import type { BrowserDatabase, ChannelRecord } from './database.js';
import { draftsAbout } from './drafts.js';

/** What a reload shows before the network answers. */
export interface CachedConversation {
  readonly record: ChannelRecord;
  readonly lines: readonly Line[];
}

/** The browser never keeps more than the page that leads has in memory: so each change reaches what is kept. */
const kept = { lines: 300, characters: 1_000_000 };

const allOf = (channelId: number) => IDBKeyRange.bound([channelId, 0], [channelId, Number.MAX_SAFE_INTEGER]);

/** What was kept of a channel; undefined where it was never visited. */
export async function loadConversation(
  database: BrowserDatabase,
  channelId: number,
): Promise<CachedConversation | undefined> {
  const record = await database.get('channels', channelId);
  return record === undefined ? undefined : { record, lines: await database.getAll('lines', allOf(channelId)) };
}

/** Every channel that was visited. */
export function visitedChannels(database: BrowserDatabase): Promise<ChannelRecord[]> {
  return database.getAll('channels');
}

/** Forgets what the server does not keep any more of a channel. */
export async function expireLines(database: BrowserDatabase, { id, channel, aheadMs = 0 }: ChannelRecord) {
  const ms = channel === undefined || !keeps(channel) ? 0 : keepMs(channel);
  if (ms === undefined) return;
  const beforeMs = steadyNow() + aheadMs - ms;
  let cursor = await database.transaction('lines', 'readwrite').store.openCursor(allOf(id));
  while (cursor !== null && (ms === 0 || cursor.value.at < beforeMs)) {
    await cursor.delete();
    cursor = await cursor.continue();
  }
}

/** What waits to be sent, in all channels. */
export async function countUnsent(database: BrowserDatabase): Promise<Unsent> {
  const [records, drafts] = await Promise.all([visitedChannels(database), database.getAll('drafts')]);
  return unsentOf(
    records.flatMap(({ outgoing }) => outgoing),
    drafts,
  );
}

/** Forgets a channel. */
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
    const [before, lines] = [anew || saved === undefined ? [] : linesToKeep(saved), linesToKeep(state)];
    const known = new Set(before);
    const transaction = this.#database.transaction(['channels', 'lines', 'session'], 'readwrite');
    if ((await transaction.objectStore('session').get('now'))?.userId !== state.me) return; // signed out meanwhile
    const store = transaction.objectStore('lines');
    for (const range of anew ? [allOf(this.#channelId)] : this.#gone(before, lines)) store.delete(range);
    for (const line of lines) if (!known.has(line)) store.put(line, [this.#channelId, line.seq]);
    transaction.objectStore('channels').put(recordOf(this.#channelId, state));
    await transaction.done;
    this.#saved = state;
  }

  /** What is to be deleted: all before the first line, and what is not there any more. */
  #gone(before: readonly Line[], lines: readonly Line[]): (IDBKeyRange | [number, number])[] {
    const seqs = new Set(lines.map(({ seq }) => seq));
    const first = lines[0]?.seq ?? Number.MAX_SAFE_INTEGER;
    const removed = before.filter(({ seq }) => seq > first && !seqs.has(seq));
    const older = IDBKeyRange.bound([this.#channelId, 0], [this.#channelId, first], false, true);
    return [older, ...removed.map(({ seq }): [number, number] => [this.#channelId, seq])];
  }
}

/** Nothing of a channel that keeps nothing. */
function linesToKeep({ channel, lines }: ConversationState): readonly Line[] {
  return channel !== undefined && keeps(channel) ? lines.slice(lines.length - affordable(lines, kept)) : [];
}

function recordOf(id: number, state: ConversationState): ChannelRecord {
  const { place, readSeq, outgoing, names, channel, aheadMs } = state;
  return { id, place, readSeq, outgoing, names, channel, aheadMs, visitedAt: Date.now() };
}
