import { array, bool, int4, int8, loadSql, type Queryable, type RowOf, text, uuid } from '@parley/database';
import { limits } from '@parley/runtime';
import type { UnsavedReceipt } from '../core/receipts.js';

const sql = loadSql('receipts.sql', import.meta.url);
const receiptColumns = { channelId: int4, userId: text, deliveredSeq: int8, readSeq: int8, told: bool };
const places = { channelIds: array(int4), logIds: array(uuid), userIds: array(text), mostTold: int4 };
export const saveReceipts = sql.statement(
  'saveReceipts',
  { ...places, deliveredSeqs: array(int8), readSeqs: array(int8) },
  receiptColumns,
);
const readReceipts = sql.statement('readReceipts', places, receiptColumns);
const saveLastSeen = sql.statement('saveLastSeen', { userIds: array(text) }, {});

/** A stored receipt. `told` says whether others in the channel may see it. */
export type SavedReceipt = RowOf<typeof saveReceipts>;

/** The place of a receipt: a member of a channel, and the current log of that channel. */
export type ReceiptPlace = Pick<UnsavedReceipt, 'channel' | 'userId'>;

function placesOf(receipts: readonly ReceiptPlace[]) {
  return {
    channelIds: receipts.map(({ channel }) => channel.facts.id),
    logIds: receipts.map(({ channel }) => channel.facts.log),
    userIds: receipts.map(({ userId }) => userId),
    mostTold: limits.membersToldReceipts,
  };
}

/** Store of the receipts in `chat.member`, and of the times at which users were last seen. */
export class ReceiptStore {
  readonly #pool: Queryable;

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Moves receipts forward and returns those that have moved. */
  readonly save = (receipts: readonly UnsavedReceipt[]): Promise<SavedReceipt[]> =>
    saveReceipts.run(this.#pool, {
      ...placesOf(receipts),
      deliveredSeqs: receipts.map(({ deliveredSeq }) => deliveredSeq),
      readSeqs: receipts.map(({ readSeq }) => readSeq),
    });

  /** Reads the receipts of members. */
  readonly read = (places: readonly ReceiptPlace[]): Promise<SavedReceipt[]> =>
    readReceipts.run(this.#pool, placesOf(places));

  /** Records that these users were last seen now. */
  async saveLastSeen(userIds: readonly string[]): Promise<void> {
    if (userIds.length > 0) await saveLastSeen.run(this.#pool, { userIds });
  }
}
