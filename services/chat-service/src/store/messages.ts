import { isDuplicate, isLockTimeout, type Pool, type Queryable, statements, transaction } from '@parley/database';
import type { Entry, Outcome } from '../core/lane.js';
import { applyEffect, hasEffect } from './effects.js';

const sql = statements(import.meta.url);

interface Appended {
  readonly channel_id: number;
  readonly base: number;
  readonly sent_ms: number;
  readonly roster: number;
}

interface Known {
  /** Place in the batch. */
  readonly at: number;
  readonly seq: number;
  readonly sent_ms: number;
  readonly same: boolean;
}

/** One entry of a log as the table has it. */
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

/** What an edit, deletion, reaction or pin is about. */
export interface Target {
  readonly sender_id: string;
  readonly deleted: boolean;
}

const append = sql<Appended, readonly unknown[]>('append');
const known = sql<Known, readonly unknown[]>('known');
const entriesAfter = sql<StoredEntry, [channelId: number, seq: number, size: number]>('entries-after');
const target = sql<Target, [channelId: number, seq: number]>('target');

/** 22: the value, 23: a constraint, 42: the statement itself. Such a row will never be taken. */
function isBadRow(error: unknown): boolean {
  return /^(2[23]|42)/.test(String((error as { code?: unknown }).code));
}

/** The statement was ended for the lock or the time it took: rolled back, and that is a fact. */
function isTooBusy(error: unknown): boolean {
  return isLockTimeout(error) || (error as { code?: unknown }).code === '57014';
}

function countByChannel(batch: readonly Entry[]): Map<number, { epoch: number; n: number }> {
  const channels = new Map<number, { epoch: number; n: number }>();
  for (const { channelId, epoch } of batch) {
    channels.set(channelId, { epoch, n: (channels.get(channelId)?.n ?? 0) + 1 });
  }
  return channels;
}

function places(batch: readonly Entry[]): number[] {
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

/** The logs of channels that keep something. */
export class MessageStore {
  readonly #lane: Pool;
  readonly #reads: Queryable;
  readonly #bootId: string;

  /** `lane` is for writing only, `reads` for the rest. */
  constructor(lane: Pool, reads: Queryable, bootId: string) {
    this.#lane = lane;
    this.#reads = reads;
    this.#bootId = bootId;
  }

  /** Entries behind `seq`, oldest first, at most `size`. */
  after(channelId: number, seq: number, size: number): Promise<StoredEntry[]> {
    return entriesAfter.run(this.#reads, [channelId, seq, size]);
  }

  /** What somebody said at `seq`; undefined where nothing was said there. */
  async target(channelId: number, seq: number): Promise<Target | undefined> {
    const [row] = await target.run(this.#reads, [channelId, seq]);
    return row;
  }

  /**
   * Writes a batch: what was known before is found, what the database refuses is set apart, the rest is committed.
   * Rejects where the outcome is not known, e.g. because the connection broke; then call it again with `again`.
   */
  async append(batch: readonly Entry[], again: boolean): Promise<readonly Outcome[]> {
    if (again) return this.#appendUnknown(batch);
    try {
      return await this.#insert(batch);
    } catch (error) {
      if (isDuplicate(error, 'message_once')) return this.#appendUnknown(batch, error);
      if (isTooBusy(error) || isBadRow(error)) return this.#appendApart(batch, error);
      throw error;
    }
  }

  /** Some of these may be stored already: by another try, or by the sender's. Where none is, `duplicate` is two of the batch. */
  async #appendUnknown(batch: readonly Entry[], duplicate?: unknown): Promise<readonly Outcome[]> {
    const rows = await known.run(this.#lane, [
      batch.map(({ channelId }) => channelId),
      batch.map(({ senderId }) => senderId),
      batch.map(({ clientId }) => clientId),
      batch.map(({ digest }) => asBuffer(digest)),
    ]);
    if (duplicate !== undefined && rows.length === 0 && batch.length > 1) return this.#appendApart(batch, duplicate);
    const found = new Map(rows.map((row) => [row.at, row]));
    const fresh = batch.filter((_, at) => !found.has(at));
    const outcomes = fresh.length === 0 ? [] : [...(await this.append(fresh, false))];
    return batch.map((_, at): Outcome => {
      const row = found.get(at);
      if (row === undefined) return outcomes.shift() ?? { is: 'refused' };
      return row.same ? { is: 'known', seq: row.seq, sentAtMs: row.sent_ms } : { is: 'reused' };
    });
  }

  /** A batch that failed as a whole: channel by channel, then half by half, until the one that is to blame is alone. */
  async #appendApart(batch: readonly Entry[], error: unknown): Promise<readonly Outcome[]> {
    const [first] = batch;
    const others = batch.filter(({ channelId }) => channelId !== first?.channelId);
    if (others.length > 0) return this.#appendParts(batch, (entry) => entry.channelId === first?.channelId);
    if (isTooBusy(error)) return batch.map((): Outcome => ({ is: 'busy' }));
    if (batch.length === 1) return [{ is: 'refused' }];
    const half = new Set(batch.slice(0, Math.ceil(batch.length / 2)));
    return this.#appendParts(batch, (entry) => half.has(entry));
  }

  async #appendParts(batch: readonly Entry[], isFirst: (entry: Entry) => boolean): Promise<readonly Outcome[]> {
    const first = [...(await this.append(batch.filter(isFirst), false))];
    const second = [
      ...(await this.append(
        batch.filter((entry) => !isFirst(entry)),
        false,
      )),
    ];
    return batch.map((entry): Outcome => (isFirst(entry) ? first.shift() : second.shift()) ?? { is: 'refused' });
  }

  /** One transaction: the entries, and what they do to earlier ones. */
  async #insert(batch: readonly Entry[]): Promise<readonly Outcome[]> {
    const effects = batch.filter(hasEffect);
    if (effects.length === 0) return this.#insertInto(this.#lane, batch);
    return transaction(this.#lane, async (client) => {
      const outcomes = await this.#insertInto(client, batch);
      for (const [at, entry] of batch.entries()) {
        if (outcomes[at]?.is === 'stored' && hasEffect(entry)) await applyEffect(client, entry);
      }
      return outcomes;
    });
  }

  async #insertInto(client: Queryable, batch: readonly Entry[]): Promise<readonly Outcome[]> {
    const channels = [...countByChannel(batch)];
    const place = places(batch);
    const rows = await append.run(client, [
      this.#bootId,
      channels.map(([id]) => id),
      channels.map(([, { epoch }]) => epoch),
      channels.map(([, { n }]) => n),
      batch.map(({ channelId }) => channelId),
      place,
      batch.map(({ senderId }) => senderId),
      batch.map(({ clientId }) => clientId),
      batch.map(({ kind }) => kind),
      batch.map(({ targetSeq }) => targetSeq),
      batch.map(({ contentType }) => contentType),
      batch.map(({ data }) => asBuffer(data)),
      batch.map(({ digest }) => asBuffer(digest)),
      batch.map(({ mentions }) => (mentions.length === 0 ? '' : JSON.stringify(mentions))),
    ]);
    const heads = new Map(rows.map((row) => [row.channel_id, row]));
    return batch.map(({ channelId }, at): Outcome => {
      const head = heads.get(channelId);
      if (head === undefined) return { is: 'moved' };
      return { is: 'stored', seq: head.base + (place[at] ?? 0), sentAtMs: head.sent_ms, roster: head.roster };
    });
  }
}
