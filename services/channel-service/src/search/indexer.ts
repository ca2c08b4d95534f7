import { isUtf8 } from 'node:buffer';
import { setImmediate as yieldToCalls } from 'node:timers/promises';
import { type Pool, type PoolClient, transaction } from '@parley/database';
import {
  findNews,
  type IndexedEntry,
  type LockedProgress,
  lockProgress,
  moveSweep,
  openProgress,
  planAnew,
  putWords,
  readNews,
  removeBelow,
  removeWords,
  saveProgress,
} from './index-store.js';
import { labelsOf } from './labels.js';
import { vectorOf, wordRules } from './words.js';

const channelsPerSweep = 1_000;
const channelsPerRun = 1_000;
const channelsPerSlice = 8;
/** Maximum entries and bytes that a slice reads of each channel. */
const slice = { maxEntries: 500, maxBytes: 131_072 };
const removedPerSlice = 5_000;
const runMs = 2_000;
/** Milliseconds for which cutting words may hold up the calls of this process. */
const blockedMs = 10;

/** Words of a message; `words` is undefined if the message has no text to find. */
interface MessageWords {
  readonly channelId: number;
  readonly seq: number;
  readonly sentMs: number;
  readonly editedUs: number | null;
  readonly words: string | undefined;
}

function textOf({ contentType, data }: IndexedEntry): string | undefined {
  const isText = contentType === '' || contentType?.startsWith('text/');
  return isText && data !== null && isUtf8(data) ? data.toString() : undefined;
}

function wordsOf(entry: IndexedEntry, seq: number): MessageWords {
  const { channelId, senderId, sentMs, editedUs } = entry;
  const text = textOf(entry);
  const words = text === undefined ? undefined : vectorOf(text, labelsOf(channelId, senderId ?? '', sentMs ?? 0));
  return { channelId, seq, sentMs: sentMs ?? 0, editedUs, words };
}

/** Cuts messages into words, each message once. */
async function cutAll(entries: readonly IndexedEntry[]): Promise<MessageWords[]> {
  const cut = new Map<string, MessageWords>();
  let since = performance.now();
  for (const entry of entries) {
    if (entry.messageSeq === null) continue;
    const key = `${entry.channelId}/${entry.messageSeq}`;
    if (!cut.has(key)) cut.set(key, wordsOf(entry, entry.messageSeq));
    if (performance.now() - since < blockedMs) continue;
    await yieldToCalls();
    since = performance.now();
  }
  return [...cut.values()];
}

async function store(client: PoolClient, all: readonly MessageWords[]): Promise<void> {
  const kept = all.filter(({ words }) => words !== undefined);
  const gone = all.filter(({ words }) => words === undefined);
  const keys = (some: readonly MessageWords[]) => ({
    channelIds: some.map(({ channelId }) => channelId),
    seqs: some.map(({ seq }) => seq),
  });
  if (gone.length > 0) await removeWords.run(client, keys(gone));
  if (kept.length === 0) return;
  await putWords.run(client, {
    ...keys(kept),
    sentMs: kept.map(({ sentMs }) => sentMs),
    editedUs: kept.map(({ editedUs }) => editedUs),
    words: kept.map(({ words }) => words ?? ''),
  });
}

/**
 * Removes words that are void or below the first seq. Returns the channels that have no such words
 * left.
 */
async function removeOld(client: PoolClient, locked: readonly LockedProgress[]): Promise<LockedProgress[]> {
  const due = locked.filter(({ removeBelow: seq }) => seq > 0);
  if (due.length === 0) return [...locked];
  const removed = await removeBelow.run(client, {
    channelIds: due.map(({ channelId }) => channelId),
    beforeSeqs: due.map(({ removeBelow: seq }) => seq),
    maxRows: removedPerSlice,
  });
  const full = new Set(removed.filter(({ rows }) => rows === removedPerSlice).map(({ channelId }) => channelId));
  return locked.filter(({ channelId }) => !full.has(channelId));
}

function readEntries(client: PoolClient, channels: readonly LockedProgress[]): Promise<IndexedEntry[]> {
  return readNews.run(client, {
    channelIds: channels.map(({ channelId }) => channelId),
    logIds: channels.map(({ logId }) => logId),
    afterSeqs: channels.map(({ seq }) => seq),
    ...slice,
  });
}

function save(client: PoolClient, channels: readonly LockedProgress[], last: ReadonlyMap<number, IndexedEntry>) {
  const read = channels.flatMap((channel) => {
    const entry = last.get(channel.channelId);
    return entry === undefined ? [] : [{ ...channel, lastSeq: entry.seq ?? entry.lastSeq }];
  });
  return saveProgress.run(client, {
    channelIds: read.map(({ channelId }) => channelId),
    seqs: read.map(({ lastSeq }) => lastSeq),
    logIds: read.map(({ logId }) => logId),
    firstSeqs: read.map(({ firstSeq }) => firstSeq),
    rules: wordRules,
  });
}

/**
 * Function that processes the next slice of the log of each channel and records its position.
 * Returns the channels whose logs have more.
 */
export type LogFollower = (client: PoolClient, channelIds: readonly number[]) => Promise<number[]>;

const indexSlice: LogFollower = async (client, channelIds) => {
  await openProgress.run(client, { channelIds });
  const locked = await lockProgress.run(client, { channelIds, rules: wordRules });
  const channels = await removeOld(client, locked);
  const entries = await readEntries(client, channels);
  await store(client, await cutAll(entries));
  const last = new Map(entries.map((entry) => [entry.channelId, entry]));
  await save(client, channels, last);
  const unread = [...last.values()].filter(({ seq, lastSeq }) => seq !== null && seq < lastSeq);
  const unremoved = locked.filter((channel) => !channels.includes(channel));
  return [...unread, ...unremoved].map(({ channelId }) => channelId);
};

/**
 * Returns channels with new entries. Returns none while another manager is looking for them, or has
 * just done so.
 */
async function findChannels(client: PoolClient): Promise<number[]> {
  const [sweep] = await moveSweep.run(client, { channels: channelsPerSweep });
  if (sweep === undefined) return [];
  const found = await findNews.run(client, { ...sweep, rules: wordRules, maxChannels: channelsPerRun });
  return found.map(({ channelId }) => channelId);
}

interface Work {
  readonly follow: LogFollower;
  readonly channelIds: readonly number[];
}

/** Divides work into parts of at most `channels` channels each. */
function divide({ follow, channelIds }: Work, channels: number): Work[] {
  const count = Math.ceil(channelIds.length / channels);
  return Array.from({ length: count }, (_, n) => ({
    follow,
    channelIds: channelIds.slice(n * channels, (n + 1) * channels),
  }));
}

/**
 * Runs two followers of the logs of all channels. One keeps the words for the search up to date;
 * the caller supplies the other. A failure of one does not stop the other. Each slice commits its
 * work and its position together. Managers share the work: they take turns to look for new entries,
 * and lock each channel.
 */
export class Indexer {
  readonly #pool: Pool;
  readonly #followers: readonly LogFollower[];

  constructor(pool: Pool, also: LogFollower) {
    this.#pool = pool;
    this.#followers = [also, indexSlice];
  }

  /**
   * Works for about two seconds, or until the channels that it found have no more new entries.
   * @throws the first database error, after it has done the work for all other channels.
   */
  async run(): Promise<void> {
    const channelIds = await this.#transaction(findChannels);
    const end = performance.now() + runMs;
    const failures: unknown[] = [];
    const queue = this.#followers.flatMap((follow) => divide({ follow, channelIds }, channelsPerSlice));
    for (let next = queue.shift(); next !== undefined && performance.now() < end; next = queue.shift()) {
      queue.push(...(await this.#do(next, failures)));
    }
    if (failures.length > 0) throw failures[0];
  }

  #transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return transaction(this.#pool, async (client) => {
      await planAnew.run(client);
      return work(client);
    });
  }

  /**
   * Returns the remaining work. After a failure, each channel is tried alone, so that no channel
   * delays the others.
   */
  async #do(work: Work, failures: unknown[]): Promise<Work[]> {
    const { follow, channelIds } = work;
    try {
      const more = await this.#transaction((client) => follow(client, channelIds));
      return divide({ follow, channelIds: more }, channelsPerSlice);
    } catch (error) {
      failures.push(error);
      return channelIds.length > 1 ? divide(work, 1) : [];
    }
  }
}
