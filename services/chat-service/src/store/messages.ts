import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  bytea,
  int2,
  int4,
  int8,
  isBusy,
  isDuplicate,
  isOutOfResources,
  isRolledBack,
  loadSql,
  type Pool,
  type Queryable,
  text,
  transaction,
  uuid,
} from '@parley/database';
import { limits } from '@parley/runtime';
import { logEntryColumns, logEntryConstants, type StoredEntry } from '@parley/service-kit';
import { type Append, type BatchOutcome, type Denial, type LogEntry, type Track, weightOf } from '../core/entry.js';
import type { Usage } from '../core/usage.js';
import { judgeChanges } from './changes.js';
import { applyEffect, hasEffect, type SizeChange } from './effects.js';
import { entriesMentioningOutsiders } from './mentions.js';
import { entriesWithUnknownFiles, hasFiles, linkStoredFiles } from './message-files.js';
import { repliesToNothing } from './replies.js';

const sql = loadSql('messages.sql', import.meta.url, { ...kindConstants, ...logEntryConstants });

export const appendEntries = sql.statement(
  'append',
  {
    instanceId: uuid,
    channelIds: array(int4),
    epochs: array(int8),
    counts: array(int4),
    revisions: array(int4),
    bytes: array(int8),
    entryChannelIds: array(int4),
    offsets: array(int4),
    senderIds: array(text),
    clientIds: array(uuid),
    kinds: array(int2),
    targetSeqs: array(int8),
    contentTypes: array(text),
    data: array(bytea),
    digests: array(bytea),
    mentions: array(text),
  },
  { channelId: int4, baseSeq: int8, sentAtMs: int8, revision: int4 },
);
const findStored = sql.statement(
  'findStored',
  { channelIds: array(int4), senderIds: array(text), clientIds: array(uuid), digests: array(bytea) },
  { position: int4, seq: int8, sentAtMs: int8, isSame: bool },
);
const entriesAfter = sql.statement(
  'entriesAfter',
  { channelId: int4, afterSeq: int8, size: int8, bytes: int8 },
  logEntryColumns,
);
const unlockedChannels = sql.statement('unlockedChannels', { channelIds: array(int4) }, { channelId: int4 });
const ownedChannels = sql.statement(
  'ownedChannels',
  { channelIds: array(int4), epochs: array(int8), instanceId: uuid },
  { channelId: int4, revision: int4 },
);

/**
 * Returns true if the database will never accept the row, because of its value (SQLSTATE class 22),
 * a constraint (23) or the statement itself (42).
 */
function isBadRow(error: unknown): boolean {
  return /^(2[23]|42)/.test(String((error as { code?: unknown }).code));
}

interface ChannelPart {
  readonly epoch: number;
  /** Lowest revision against which an entry was checked. */
  readonly revision: number;
  readonly n: number;
  readonly bytes: number;
}

function partsOf(batch: readonly LogEntry[]): Map<number, ChannelPart> {
  const parts = new Map<number, ChannelPart>();
  for (const entry of batch) {
    const { channelId, epoch, revision } = entry;
    const { n, bytes, ...part } = parts.get(channelId) ?? { n: 0, bytes: 0, revision };
    const oldest = Math.min(revision, part.revision);
    parts.set(channelId, { epoch, revision: oldest, n: n + 1, bytes: bytes + weightOf(entry) });
  }
  return parts;
}

function offsetsOf(batch: readonly LogEntry[]): number[] {
  const counts = new Map<number, number>();
  return batch.map(({ channelId }) => {
    const k = (counts.get(channelId) ?? 0) + 1;
    counts.set(channelId, k);
    return k;
  });
}

type Outcomes = Map<LogEntry, BatchOutcome>;

/** Returns the reasons why entries of the batch may not be written. */
async function denialsOf(client: Queryable, batch: readonly LogEntry[]): Promise<ReadonlyMap<LogEntry, Denial>> {
  const denials = new Map<LogEntry, Denial>();
  for (const entry of await entriesMentioningOutsiders(client, batch)) {
    denials.set(entry, { reason: 'mention-not-found' });
  }
  for (const entry of await repliesToNothing(client, batch)) denials.set(entry, { reason: 'message-not-found' });
  for (const entry of await entriesWithUnknownFiles(client, batch)) denials.set(entry, { reason: 'file-not-found' });
  for (const entry of batch) if (entry.denial !== undefined) denials.set(entry, entry.denial);
  return denials;
}

const refused: BatchOutcome = { is: 'refused' };

/** Logs of channels with history, in `chat.message`. */
export class MessageStore {
  readonly #tracks: Readonly<Record<Track, Pool>>;
  readonly #reads: Queryable;
  readonly #instanceId: string;
  readonly #usage: Usage;

  /** `tracks` are the pools for writing, `reads` is for everything else. */
  constructor(tracks: Readonly<Record<Track, Pool>>, reads: Queryable, instanceId: string, usage: Usage) {
    this.#tracks = tracks;
    this.#reads = reads;
    this.#instanceId = instanceId;
    this.#usage = usage;
  }

  /**
   * Returns at most `size` entries after `seq`, oldest first, with at most about `limits.pageBytes`
   * of text.
   */
  entriesAfter(channelId: number, seq: number, size: number): Promise<StoredEntry[]> {
    return entriesAfter.run(this.#reads, { channelId, afterSeq: seq, size, bytes: limits.pageBytes });
  }

  /**
   * Writes a batch. Entries stored by an earlier attempt are looked up, those that are denied or
   * that the database refuses are left out, and the rest is committed. Rejects if the outcome is
   * not known, for example because the connection broke. Then call it again with `isRetry`.
   */
  readonly append: Append = async (batch, { isRetry, track }) => {
    const outcomes: Outcomes = new Map();
    await this.#append(this.#tracks[track], batch, outcomes, isRetry);
    return batch.map((entry) => outcomes.get(entry) ?? refused);
  };

  async #append(pool: Pool, batch: readonly LogEntry[], outcomes: Outcomes, isRetry = false): Promise<void> {
    const denials = await denialsOf(pool, batch);
    const asked = isRetry ? batch : batch.filter((entry) => denials.has(entry));
    await this.#findStored(pool, asked, outcomes);
    for (const [entry, denial] of denials) {
      if (!outcomes.has(entry)) outcomes.set(entry, { is: 'denied', denial });
    }
    const fresh = asked.length === 0 ? batch : batch.filter((entry) => !outcomes.has(entry));
    if (fresh.length === 0) return;
    try {
      for (const [entry, outcome] of await this.#insert(pool, fresh)) {
        outcomes.set(entry, outcome);
        if (outcome.is === 'stored') this.#usage.countEntry(entry.senderId, weightOf(entry));
      }
    } catch (error) {
      await this.#appendApart(pool, fresh, outcomes, error);
    }
  }

  /** Sets the outcomes of entries that are stored already to `duplicate` or `reused`. */
  async #findStored(client: Queryable, batch: readonly LogEntry[], outcomes: Outcomes): Promise<void> {
    if (batch.length === 0) return;
    const rows = await findStored.run(client, {
      channelIds: batch.map(({ channelId }) => channelId),
      senderIds: batch.map(({ senderId }) => senderId),
      clientIds: batch.map(({ clientId }) => clientId),
      digests: batch.map(({ digest }) => digest),
    });
    for (const { position, seq, sentAtMs, isSame } of rows) {
      outcomes.set(batch[position] as LogEntry, isSame ? { is: 'duplicate', seq, sentAtMs } : { is: 'reused' });
    }
  }

  /**
   * Handles a batch that failed as a whole: separates the entries at fault, and tries the rest
   * again.
   */
  async #appendApart(pool: Pool, batch: readonly LogEntry[], outcomes: Outcomes, error: unknown): Promise<void> {
    if (isDuplicate(error, 'message_once')) await this.#findStored(pool, batch, outcomes);
    else if (isBusy(error)) await this.#findLocked(pool, batch, outcomes);
    else if (isOutOfResources(error)) for (const entry of batch) outcomes.set(entry, { is: 'failed', cause: error });
    else if (!isRolledBack(error)) throw error;
    const rest = batch.filter((entry) => !outcomes.has(entry));
    if (rest.length < batch.length) return this.#append(pool, rest, outcomes);
    const [first] = batch;
    if (batch.length === 1 && first !== undefined)
      return void outcomes.set(first, isBadRow(error) ? refused : { is: 'failed', cause: error });
    const others = batch.filter(({ channelId }) => channelId !== first?.channelId);
    const part = new Set(others.length > 0 ? others : batch.slice(Math.ceil(batch.length / 2)));
    for (const half of [batch.filter((entry) => !part.has(entry)), [...part]]) {
      await this.#append(pool, half, outcomes);
    }
  }

  /**
   * Sets the outcome of entries in channels with a locked head to `busy`. In a batch of one channel
   * all entries get it, because the lock can only be in that channel.
   */
  async #findLocked(pool: Pool, batch: readonly LogEntry[], outcomes: Outcomes): Promise<void> {
    const channelIds = [...partsOf(batch).keys()];
    const unlocked = await unlockedChannels.run(pool, { channelIds });
    const free = new Set(unlocked.map(({ channelId }) => channelId));
    for (const entry of batch) {
      if (channelIds.length === 1 || !free.has(entry.channelId)) outcomes.set(entry, { is: 'busy' });
    }
  }

  /** Writes entries, their effects on earlier entries, and their files, in one transaction. */
  async #insert(pool: Pool, batch: readonly LogEntry[]): Promise<Outcomes> {
    const changes = batch.filter(hasEffect);
    if (changes.length === 0 && !batch.some(hasFiles)) return this.#insertInto(pool, batch);
    const sizes: SizeChange[] = [];
    const written = await transaction(pool, async (client) => {
      const denials = await judgeChanges(client, changes);
      const outcomes = await this.#insertInto(
        client,
        batch.filter((entry) => !denials.has(entry)),
      );
      for (const entry of changes) {
        const outcome = outcomes.get(entry);
        if (outcome?.is === 'stored') sizes.push(...(await applyEffect(client, entry, outcome.seq)));
      }
      await linkStoredFiles(client, outcomes);
      await this.#deny(client, denials, outcomes);
      return outcomes;
    });
    for (const { senderId, bytes } of sizes) this.#usage.countChange(senderId, bytes);
    return written;
  }

  /**
   * Sets the outcomes of denied changes. First looks for each change in the table, because an
   * earlier attempt may have stored it. If a change depends on an entry that was not written, it is
   * checked again.
   */
  async #deny(
    client: Queryable,
    denials: ReadonlyMap<LogEntry, Denial | 'undecided'>,
    outcomes: Outcomes,
  ): Promise<void> {
    const denied = [...denials.keys()];
    await this.#findStored(client, denied, outcomes);
    const stale = new Map([...outcomes].map(([{ channelId }, outcome]) => [channelId, outcome]));
    for (const [entry, denial] of denials) {
      if (outcomes.has(entry)) continue;
      const other = stale.get(entry.channelId);
      if (other?.is === 'stale' || other?.is === 'moved') outcomes.set(entry, other);
      else if (denial === 'undecided') outcomes.set(entry, { is: 'stale', revision: entry.revision });
      else outcomes.set(entry, { is: 'denied', denial });
    }
  }

  async #insertInto(client: Queryable, batch: readonly LogEntry[]): Promise<Outcomes> {
    if (batch.length === 0) return new Map();
    const parts = [...partsOf(batch)];
    const offsets = offsetsOf(batch);
    const rows = await appendEntries.run(client, {
      instanceId: this.#instanceId,
      channelIds: parts.map(([id]) => id),
      epochs: parts.map(([, { epoch }]) => epoch),
      counts: parts.map(([, { n }]) => n),
      revisions: parts.map(([, { revision }]) => revision),
      bytes: parts.map(([, { bytes }]) => bytes),
      entryChannelIds: batch.map(({ channelId }) => channelId),
      offsets,
      senderIds: batch.map(({ senderId }) => senderId),
      clientIds: batch.map(({ clientId }) => clientId),
      kinds: batch.map(({ kind }) => kind),
      targetSeqs: batch.map(({ targetSeq }) => targetSeq),
      contentTypes: batch.map(({ contentType }) => contentType),
      data: batch.map(({ data }) => data),
      digests: batch.map(({ digest }) => digest),
      mentions: batch.map(({ mentions }) => mentions.join(',')), // No user id contains a comma.
    });
    const heads = new Map(rows.map((row) => [row.channelId, row]));
    const missing = await this.#staleChannels(client, new Map(parts.filter(([id]) => !heads.has(id))));
    return new Map(
      batch.map((entry, at) => {
        const head = heads.get(entry.channelId);
        if (head === undefined) return [entry, missing.get(entry.channelId) ?? { is: 'moved' }];
        return [
          entry,
          { is: 'stored', seq: head.baseSeq + (offsets[at] ?? 0), sentAtMs: head.sentAtMs, revision: head.revision },
        ];
      }),
    );
  }

  /**
   * Returns `stale` for those of these channels that this server still owns. Nothing was written in
   * them, because their members or settings have changed.
   */
  async #staleChannels(
    client: Queryable,
    parts: ReadonlyMap<number, ChannelPart>,
  ): Promise<ReadonlyMap<number, BatchOutcome>> {
    if (parts.size === 0) return new Map();
    const owned = await ownedChannels.run(client, {
      instanceId: this.#instanceId,
      channelIds: [...parts.keys()],
      epochs: [...parts.values()].map(({ epoch }) => epoch),
    });
    return new Map(owned.map(({ channelId, revision }) => [channelId, { is: 'stale', revision }]));
  }
}
