import { array, bool, int4, int8, loadSql, type Queryable, type RowOf, text, uuid } from '@parley/database';
import { limits } from '@parley/runtime';
import type { UnsavedReceipt } from '../core/receipts.js';

const sql = loadSql('receipts.sql', import.meta.url);
export const saveReceipts = sql.statement(
  'saveReceipts',
  {
    channelIds: array(int4),
    logIds: array(uuid),
    userIds: array(text),
    deliveredSeqs: array(int8),
    readSeqs: array(int8),
    mostTold: int4,
  },
  { channelId: int4, userId: text, deliveredSeq: int8, readSeq: int8, told: bool },
);
const saveLastSeen = sql.statement('saveLastSeen', { userIds: array(text) }, {});

/** A watermark that has moved. `told`: others in the channel may see it. */
export type SavedReceipt = RowOf<typeof saveReceipts>;

/** Store of the watermarks in `chat.member`, and of the times at which users were last seen. */
export class ReceiptStore {
  readonly #pool: Queryable;

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Moves watermarks forward and returns those that have moved. */
  readonly save = (receipts: readonly UnsavedReceipt[]): Promise<SavedReceipt[]> =>
    saveReceipts.run(this.#pool, {
      channelIds: receipts.map(({ channel }) => channel.facts.id),
      logIds: receipts.map(({ channel }) => channel.facts.log),
      userIds: receipts.map(({ userId }) => userId),
      deliveredSeqs: receipts.map(({ deliveredSeq }) => deliveredSeq),
      readSeqs: receipts.map(({ readSeq }) => readSeq),
      mostTold: limits.membersToldReceipts,
    });

  /** Records that these users are connected now. */
  async saveLastSeen(userIds: readonly string[]): Promise<void> {
    if (userIds.length > 0) await saveLastSeen.run(this.#pool, { userIds });
  }
}
