import { Kind, rulesOf } from '@parley/contract';
import { array, bool, int2, int4, int8, loadSql, type Queryable, type RowOf, text } from '@parley/database';
import { limits } from '@parley/runtime';
import type { Denial, LogEntry } from '../core/entry.js';
import { emojiOf } from './effects.js';

const sql = loadSql('changes.sql', import.meta.url);
const lockHeads = sql.statement('lockHeads', { channelIds: array(int4) });
const readTargets = sql.statement(
  'readTargets',
  { channelIds: array(int4), seqs: array(int8) },
  {
    channelId: int4,
    seq: int8,
    kind: int2,
    senderId: text,
    deleted: bool,
    /** Distinct emojis of its reactions. */
    emojis: array(text),
  },
);

/** Target of changes, in its state after the earlier changes of the batch. */
class Target {
  readonly #changedBy: readonly number[];
  readonly #senderId: string;
  readonly #emojis: Set<string>;
  #deleted: boolean;
  #mayHaveRoom = false;

  constructor({ kind, senderId, deleted, emojis }: RowOf<typeof readTargets>) {
    this.#changedBy = rulesOf(kind)?.changedBy ?? [];
    this.#senderId = senderId;
    this.#deleted = deleted;
    this.#emojis = new Set(emojis);
  }

  /**
   * Returns why a change is denied. Otherwise returns undefined and applies the change to this
   * state. Returns `undecided` if only a later batch can tell.
   */
  judge(entry: LogEntry): Denial | 'undecided' | undefined {
    if (!this.#changedBy.includes(entry.kind)) return { reason: 'message-not-found' };
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
    if (by === 'host') return { reason: 'not-channel-admin' };
    return this.#senderId === senderId ? undefined : { reason: 'not-your-message' };
  }

  #delete(denial: Denial | undefined): Denial | undefined {
    if (this.#deleted) return { reason: 'message-not-found' };
    this.#deleted = denial === undefined;
    return denial;
  }

  #react(emoji: string): Denial | 'undecided' | undefined {
    if (!this.#emojis.has(emoji) && this.#emojis.size >= limits.reactionsPerMessage)
      return this.#mayHaveRoom ? 'undecided' : { reason: 'too-many-reactions' };
    this.#emojis.add(emoji);
    return undefined;
  }
}

function keyOf({ channelId, seq }: Pick<RowOf<typeof readTargets>, 'channelId' | 'seq'>): string {
  return `${channelId} ${seq}`;
}

/**
 * Locks the heads of the channels of these changes, and returns the changes that are denied,
 * checked in the order of the batch. Call it in the transaction that writes them.
 */
export async function judgeChanges(
  client: Queryable,
  changes: readonly LogEntry[],
): Promise<ReadonlyMap<LogEntry, Denial | 'undecided'>> {
  if (changes.length === 0) return new Map();
  await lockHeads.run(client, { channelIds: [...new Set(changes.map(({ channelId }) => channelId))] });
  const places = [
    ...new Map(
      changes.map(({ channelId, targetSeq: seq }) => [keyOf({ channelId, seq }), { channelId, seq }]),
    ).values(),
  ];
  const rows = await readTargets.run(client, {
    channelIds: places.map(({ channelId }) => channelId),
    seqs: places.map(({ seq }) => seq),
  });
  const targetOf = new Map(rows.map((row) => [keyOf(row), new Target(row)]));
  const denials = new Map<LogEntry, Denial | 'undecided'>();
  for (const entry of changes) {
    const target = targetOf.get(keyOf({ channelId: entry.channelId, seq: entry.targetSeq }));
    const denial = target === undefined ? ({ reason: 'message-not-found' } as const) : target.judge(entry);
    if (denial !== undefined) denials.set(entry, denial);
  }
  return denials;
}
