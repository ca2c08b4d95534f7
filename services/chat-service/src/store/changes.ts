import { Kind, kindConstants, rulesOf } from '@parley/contract';
import { type Queryable, statements } from '@parley/database';
import { limits } from '@parley/runtime';
import type { Denial, LogEntry } from '../core/entry.js';
import { emojiOf } from './effects.js';

const sql = statements(import.meta.url, kindConstants);

interface TargetRow {
  readonly channel_id: number;
  readonly seq: number;
  readonly sender_id: string;
  readonly deleted: boolean;
  /** Distinct emojis of its reactions. */
  readonly emojis: readonly string[];
}

const lockHeads = sql<never, [channelIds: readonly number[]]>('lock-heads');
const targets = sql<TargetRow, [channelIds: readonly number[], seqs: readonly number[]]>('targets');

/**
 * Target of an edit, deletion, reaction or pin, in its state after the earlier changes of the
 * batch.
 */
class Target {
  readonly #senderId: string;
  readonly #emojis: Set<string>;
  #deleted: boolean;
  #mayHaveRoom = false;

  constructor({ sender_id, deleted, emojis }: TargetRow) {
    this.#senderId = sender_id;
    this.#deleted = deleted;
    this.#emojis = new Set(emojis);
  }

  /**
   * Returns why a change is denied, or undefined, and then the change counts as made. Returns
   * `again` if only a later batch can tell.
   */
  judge(entry: LogEntry): Denial | 'again' | undefined {
    const denial = this.#denialFor(entry);
    if (entry.kind === Kind.DELETE) return this.#delete(denial);
    if (this.#deleted) return { reason: 'message-not-found' };
    if (denial !== undefined) return denial;
    if (entry.kind === Kind.REACT) return this.#react(emojiOf(entry));
    this.#mayHaveRoom = true;
    return undefined;
  }

  #denialFor({ kind, senderId, isHost }: LogEntry): Denial | undefined {
    const by = rulesOf(kind)?.by;
    if (by === 'anyone' || (by !== 'sender' && isHost)) return undefined;
    if (by === 'host') return { reason: 'not-owner' };
    return this.#senderId === senderId ? undefined : { reason: 'not-your-message' };
  }

  #delete(denial: Denial | undefined): Denial | undefined {
    if (this.#deleted) return { reason: 'message-not-found' };
    this.#deleted = denial === undefined;
    return denial;
  }

  #react(emoji: string): Denial | 'again' | undefined {
    if (!this.#emojis.has(emoji) && this.#emojis.size >= limits.reactionsPerMessage)
      return this.#mayHaveRoom ? 'again' : { reason: 'too-many-reactions' };
    this.#emojis.add(emoji);
    return undefined;
  }
}

function keyOf(channelId: number, seq: number): string {
  return `${channelId} ${seq}`;
}

/**
 * Returns the changes that are denied, judged in the order of the batch. Call it in the transaction
 * that writes them. It locks their heads first.
 */
export async function judgeChanges(
  client: Queryable,
  changes: readonly LogEntry[],
): Promise<ReadonlyMap<LogEntry, Denial | 'again'>> {
  await lockHeads.run(client, [[...new Set(changes.map(({ channelId }) => channelId))]]);
  const about = new Map(
    changes.map(({ channelId, targetSeq }) => [keyOf(channelId, targetSeq), [channelId, targetSeq]]),
  );
  const pairs = [...about.values()] as [number, number][];
  const rows = await targets.run(client, [pairs.map(([id]) => id), pairs.map(([, seq]) => seq)]);
  const targetOf = new Map(rows.map((row) => [keyOf(row.channel_id, row.seq), new Target(row)]));
  const denials = new Map<LogEntry, Denial | 'again'>();
  for (const entry of changes) {
    const target = targetOf.get(keyOf(entry.channelId, entry.targetSeq));
    const denial = target === undefined ? ({ reason: 'message-not-found' } as const) : target.judge(entry);
    if (denial !== undefined) denials.set(entry, denial);
  }
  return denials;
}
