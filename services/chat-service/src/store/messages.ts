import { kindConstants } from '@parley/contract';
import { isDuplicate, isLockTimeout, type Pool, type Queryable, statements, transaction } from '@parley/database';
import { limits } from '@parley/runtime';
import { type Append, type BatchOutcome, type Denial, type LogEntry, type Track, weightOf } from '../core/entry.js';
import type { Usage } from '../core/usage.js';
import { judgeChanges } from './changes.js';
import { applyEffect, hasEffect, type SizeChange } from './effects.js';

const sql = statements(import.meta.url, kindConstants);

interface AppendedHeadRow {
  readonly channel_id: number;
  readonly base: number;
  readonly sent_ms: number;
  readonly roster: number;
}

interface KnownEntryRow {
  /** Index in the batch. */
  readonly at: number;
  readonly seq: number;
  readonly sent_ms: number;
  readonly same: boolean;
}

/** One entry of a log, as stored in the table. */
export interface StoredEntry {
  readonly seq: number;
  readonly kind: number;
  readonly sender_id: string;
  readonly sender_number: number;
  readonly client_id: string;
  readonly sent_ms: number;
  readonly target_seq: number;
  readonly content_type: string;
  readonly data: Buffer;
  readonly mentions: string[];
  readonly edited_ms: number;
  readonly deleted: boolean;
}

interface OwnedChannelRow {
  readonly channel_id: number;
  readonly roster: number;
}

const append = sql<AppendedHeadRow, readonly unknown[]>('append');
const known = sql<KnownEntryRow, readonly unknown[]>('known');
const entriesAfter = sql<StoredEntry, [channelId: number, seq: number, size: number, bytes: number]>('entries-after');
const unlocked = sql<{ channel_id: number }, [channelIds: readonly number[]]>('unlocked-heads');
const whyNot = sql<OwnedChannelRow, [bootId: string, channelIds: readonly number[], epochs: readonly number[]]>(
  'why-not',
);

/**
 * Returns true if the database will never accept the row. Classes of SQLSTATE: 22 the value, 23 a
 * constraint, 42 the statement itself.
 */
function isBadRow(error: unknown): boolean {
  return /^(2[23]|42)/.test(String((error as { code?: unknown }).code));
}

/** Returns true if the statement ran into a time limit for locks or in all. It was rolled back. */
function isTooBusy(error: unknown): boolean {
  return isLockTimeout(error) || (error as { code?: unknown }).code === '57014';
}

interface ChannelPart {
  readonly epoch: number;
  /** Lowest roster number by which an entry was judged. */
  readonly roster: number;
  readonly n: number;
  readonly bytes: number;
}

function partsOf(batch: readonly LogEntry[]): Map<number, ChannelPart> {
  const parts = new Map<number, ChannelPart>();
  for (const entry of batch) {
    const { channelId, epoch, roster } = entry;
    const { n, bytes, ...part } = parts.get(channelId) ?? { n: 0, bytes: 0, roster };
    const oldest = Math.min(roster, part.roster);
    parts.set(channelId, { epoch, roster: oldest, n: n + 1, bytes: bytes + weightOf(entry) });
  }
  return parts;
}

function places(batch: readonly LogEntry[]): number[] {
  const counts = new Map<number, number>();
  return batch.map(({ channelId }) => {
    const k = (counts.get(channelId) ?? 0) + 1;
    counts.set(channelId, k);
    return k;
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Outcomes = Map<LogEntry, BatchOutcome>;

const refused: BatchOutcome = { is: 'refused' };

/** Logs of channels with history, in `chat.message`. */
export class MessageStore {
  readonly #tracks: Readonly<Record<Track, Pool>>;
  readonly #reads: Queryable;
  readonly #bootId: string;
  readonly #usage: Usage;

  /** `tracks` are the pools for writing, `reads` is for everything else. */
  constructor(tracks: Readonly<Record<Track, Pool>>, reads: Queryable, bootId: string, usage: Usage) {
    this.#tracks = tracks;
    this.#reads = reads;
    this.#bootId = bootId;
    this.#usage = usage;
  }

  /** Returns at most `size` entries after `seq`, oldest first, and about `limits.pageBytes` of text. */
  after(channelId: number, seq: number, size: number): Promise<StoredEntry[]> {
    return entriesAfter.run(this.#reads, [channelId, seq, size, limits.pageBytes]);
  }

  /**
   * Writes a batch. Entries stored by an earlier try are looked up, those that are denied or that
   * the database refuses are left out, and the rest is committed. Rejects if the outcome is not
   * known, for example if the connection broke. Then call it again with `again`.
   */
  readonly append: Append = async (batch, { again, track }) => {
    const outcomes: Outcomes = new Map();
    await this.#append(this.#tracks[track], batch, outcomes, again);
    return batch.map((entry) => outcomes.get(entry) ?? refused);
  };

  async #append(pool: Pool, batch: readonly LogEntry[], outcomes: Outcomes, again = false): Promise<void> {
    const asked = batch.filter(({ denial }) => again || denial !== undefined);
    await this.#findKnown(pool, asked, outcomes);
    for (const entry of asked) {
      if (entry.denial !== undefined && !outcomes.has(entry))
        outcomes.set(entry, { is: 'denied', denial: entry.denial });
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

  /** Looks for entries that are stored already, and sets their outcomes to `known` or `reused`. */
  async #findKnown(client: Queryable, batch: readonly LogEntry[], outcomes: Outcomes): Promise<void> {
    if (batch.length === 0) return;
    const rows = await known.run(client, [
      batch.map(({ channelId }) => channelId),
      batch.map(({ senderId }) => senderId),
      batch.map(({ clientId }) => clientId),
      batch.map(({ digest }) => asBuffer(digest)),
    ]);
    for (const { at, seq, sent_ms, same } of rows) {
      outcomes.set(batch[at] as LogEntry, same ? { is: 'known', seq, sentAtMs: sent_ms } : { is: 'reused' });
    }
  }

  /**
   * Handles a batch that failed as a whole: sets the entries at fault apart, and tries the rest
   * again.
   */
  async #appendApart(pool: Pool, batch: readonly LogEntry[], outcomes: Outcomes, error: unknown): Promise<void> {
    if (isDuplicate(error, 'message_once')) await this.#findKnown(pool, batch, outcomes);
    else if (isTooBusy(error)) await this.#findLocked(pool, batch, outcomes);
    else if (!isBadRow(error)) throw error;
    const rest = batch.filter((entry) => !outcomes.has(entry));
    if (rest.length < batch.length) return this.#append(pool, rest, outcomes);
    const [first] = batch;
    if (batch.length === 1 && first !== undefined) return void outcomes.set(first, refused);
    const others = batch.filter(({ channelId }) => channelId !== first?.channelId);
    const part = new Set(others.length > 0 ? others : batch.slice(Math.ceil(batch.length / 2)));
    for (const half of [batch.filter((entry) => !part.has(entry)), [...part]]) {
      await this.#append(pool, half, outcomes);
    }
  }

  /**
   * Sets the outcome of entries in locked channels to `busy`. If no head is locked, the cause can
   * be named only in a batch of one channel.
   */
  async #findLocked(pool: Pool, batch: readonly LogEntry[], outcomes: Outcomes): Promise<void> {
    const channels = [...partsOf(batch).keys()];
    const free = new Set((await unlocked.run(pool, [channels])).map(({ channel_id }) => channel_id));
    for (const entry of batch) {
      if (channels.length === 1 || !free.has(entry.channelId)) outcomes.set(entry, { is: 'busy' });
    }
  }

  /** Writes entries, and their effects on earlier entries, in one transaction. */
  async #insert(pool: Pool, batch: readonly LogEntry[]): Promise<Outcomes> {
    const changes = batch.filter(hasEffect);
    if (changes.length === 0) return this.#insertInto(pool, batch);
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
      await this.#deny(client, denials, outcomes);
      return outcomes;
    });
    for (const { sender_id, bytes } of sizes) this.#usage.countChange(sender_id, bytes);
    return written;
  }

  /**
   * Sets the outcomes of denied changes. They are looked up first, as an earlier try may have been
   * stored. A change that depends on an entry that was not written is judged again.
   */
  async #deny(client: Queryable, denials: ReadonlyMap<LogEntry, Denial | 'again'>, outcomes: Outcomes): Promise<void> {
    const denied = [...denials.keys()];
    await this.#findKnown(client, denied, outcomes);
    const stale = new Map([...outcomes].map(([{ channelId }, outcome]) => [channelId, outcome]));
    for (const [entry, denial] of denials) {
      if (outcomes.has(entry)) continue;
      const other = stale.get(entry.channelId);
      if (other?.is === 'stale' || other?.is === 'moved') outcomes.set(entry, other);
      else if (denial === 'again') outcomes.set(entry, { is: 'stale', roster: entry.roster });
      else outcomes.set(entry, { is: 'denied', denial });
    }
  }

  async #insertInto(client: Queryable, batch: readonly LogEntry[]): Promise<Outcomes> {
    if (batch.length === 0) return new Map();
    const parts = [...partsOf(batch)];
    const place = places(batch);
    const rows = await append.run(client, [
      this.#bootId,
      parts.map(([id]) => id),
      parts.map(([, { epoch }]) => epoch),
      parts.map(([, { n }]) => n),
      parts.map(([, { roster }]) => roster),
      parts.map(([, { bytes }]) => bytes),
      batch.map(({ channelId }) => channelId),
      place,
      batch.map(({ senderId }) => senderId),
      batch.map(({ clientId }) => clientId),
      batch.map(({ kind }) => kind),
      batch.map(({ targetSeq }) => targetSeq),
      batch.map(({ contentType }) => contentType),
      batch.map(({ data }) => asBuffer(data)),
      batch.map(({ digest }) => asBuffer(digest)),
      batch.map(({ mentions }) => mentions.join(',')), // no user id has a comma
    ]);
    const heads = new Map(rows.map((row) => [row.channel_id, row]));
    const missing = await this.#whyMissing(client, new Map(parts.filter(([id]) => !heads.has(id))));
    return new Map(
      batch.map((entry, at) => {
        const head = heads.get(entry.channelId);
        if (head === undefined) return [entry, missing.get(entry.channelId) ?? { is: 'moved' }];
        return [
          entry,
          { is: 'stored', seq: head.base + (place[at] ?? 0), sentAtMs: head.sent_ms, roster: head.roster },
        ];
      }),
    );
  }

  /**
   * Returns `stale` for channels that this server still owns, though nothing was written in them.
   */
  async #whyMissing(
    client: Queryable,
    parts: ReadonlyMap<number, ChannelPart>,
  ): Promise<ReadonlyMap<number, BatchOutcome>> {
    if (parts.size === 0) return new Map();
    const rows = await whyNot.run(client, [
      this.#bootId,
      [...parts.keys()],
      [...parts.values()].map(({ epoch }) => epoch),
    ]);
    return new Map(rows.map(({ channel_id, roster }) => [channel_id, { is: 'stale', roster }]));
  }
}
