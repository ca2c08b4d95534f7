import {
  array,
  bool,
  type ChannelKind,
  enumeration,
  int4,
  int8,
  loadSql,
  type Queryable,
  type RowOf,
  text,
} from '@parley/database';
import { limits } from '@parley/runtime';
import { BatchedReads } from '@parley/service-kit';

const sql = loadSql('posting.sql', import.meta.url);

const readTargets = sql.statement(
  'readTargets',
  { channelIds: array(int4), userIds: array(text) },
  { pair: int8, kind: enumeration<ChannelKind>('chat.channel_kind'), isDeleted: bool, hasHistory: bool, isKnown: bool },
);
const saveReceipts = sql.statement(
  'saveReceipts',
  {
    channelIds: array(int4),
    logs: array(text),
    userIds: array(text),
    deliveredSeqs: array(int8),
    readSeqs: array(int8),
    mostTold: int4,
  },
  { channelId: int4, userId: text, deliveredSeq: int8, readSeq: int8, told: bool, log: text },
);

/** A channel in which a user posts. `isKnown` says whether the user is or was a member. */
export type PostTarget = Omit<RowOf<typeof readTargets>, 'pair'>;

/** How far a user has received and read a chat. */
export interface Watermark {
  readonly channelId: number;
  readonly userId: string;
  /** Log of the seqs; empty: the current log. */
  readonly log: string;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** A receipt that has moved. `told` says whether others in the chat may see it. */
export type MovedReceipt = RowOf<typeof saveReceipts>;

interface ChannelUser {
  readonly channelId: number;
  readonly userId: string;
}

/** Maximum number of concurrent statements, and of posts that share one statement. */
const bounds = { atOnce: 2, mostInBatch: 500, mostWaiting: 10_000 };

/** Reads the facts that posts depend on, and writes receipts of chats that no server owns. */
export class PostingStore {
  readonly #pool: Queryable;
  readonly #targets: BatchedReads<ChannelUser, PostTarget>;

  constructor(pool: Queryable) {
    this.#pool = pool;
    this.#targets = new BatchedReads((pairs) => this.#readTargets(pairs), bounds);
  }

  /** Returns undefined if the channel does not exist. */
  target(channelId: number, userId: string): Promise<PostTarget | undefined> {
    return this.#targets.ask({ channelId, userId });
  }

  async #readTargets(pairs: readonly ChannelUser[]): Promise<(PostTarget | undefined)[]> {
    const [channelIds, userIds] = [pairs.map(({ channelId }) => channelId), pairs.map(({ userId }) => userId)];
    const rows = new Map((await readTargets.run(this.#pool, { channelIds, userIds })).map((row) => [row.pair, row]));
    return pairs.map((_, at) => rows.get(at + 1));
  }

  /** Moves receipts forward and returns those that have moved. `marks` has at most one per member. */
  saveReceipts(marks: readonly Watermark[]): Promise<MovedReceipt[]> {
    return saveReceipts.run(this.#pool, {
      channelIds: marks.map(({ channelId }) => channelId),
      logs: marks.map(({ log }) => log),
      userIds: marks.map(({ userId }) => userId),
      deliveredSeqs: marks.map(({ deliveredSeq }) => deliveredSeq),
      readSeqs: marks.map(({ readSeq }) => readSeq),
      mostTold: limits.membersToldReceipts,
    });
  }
}
