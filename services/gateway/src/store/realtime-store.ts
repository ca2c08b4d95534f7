import { bool, int4, int8, loadSql, type Queryable, type RowOf, text } from '@parley/database';
import { limits } from '@parley/runtime';
import { PostingStore } from './posting-store.js';

const sql = loadSql('realtime.sql', import.meta.url);

const findUndelivered = sql.statement(
  'findUndelivered',
  { userId: text, afterId: int4, lookedAt: int8, size: int8 },
  { channelId: int4, log: text, afterSeq: int8, untilSeq: int8, isFormer: bool },
);

const roomsPerPage = 200;

/** Store of the door of document 004: unacknowledged rooms, and receipts of former members. */
export class RealtimeStore {
  readonly #pool: Queryable;
  readonly #receipts: Pick<PostingStore, 'saveReceipts'>;

  constructor(pool: Queryable) {
    this.#pool = pool;
    this.#receipts = new PostingStore(pool);
  }

  /** Returns the rooms in which a user has not acknowledged everything. */
  async undelivered(userId: string): Promise<RowOf<typeof findUndelivered>[]> {
    const rooms: RowOf<typeof findUndelivered>[] = [];
    for (let afterId = 0, isMore = true; isMore; afterId = rooms.at(-1)?.channelId ?? 0) {
      const page = { userId, afterId, lookedAt: limits.pageEntries, size: roomsPerPage };
      const found = await findUndelivered.run(this.#pool, page);
      rooms.push(...found);
      isMore = found.length === roomsPerPage;
    }
    return rooms;
  }

  /** Records how far a former member has received a room. The chat server records only those of members. */
  async saveFormerReceipt(userId: string, channelId: number, log: string, deliveredSeq: number): Promise<void> {
    await this.#receipts.saveReceipts([{ channelId, userId, log, deliveredSeq, readSeq: 0 }]);
  }
}
