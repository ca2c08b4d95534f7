import { type Pool, type PoolClient, transaction } from '@parley/database';
import { inTurn, type KeepTurn } from '../transactions/turns.js';
import type { Archive } from './archive.js';
import { endReleasedHolds } from './released-holds.js';
import {
  type ChannelPage,
  countMessages,
  deleteEntries,
  endDeletedLogs,
  findExpired,
  findOverRetention,
  lockExpired,
  nextPage,
  purgeChannels,
  readForArchive,
  shortenRetention,
  subtractUsage,
  trim,
} from './retention-store.js';

const channelsPerPage = 1_000;
/** Pages at which one run looks. The next run continues after them. */
const pagesPerRun = 20;
const shortenedAtOnce = 100;
/** Maximum number of channels that get the longest retention in one run. */
const shortenedPerRun = 2_000;
/** Maximum number of deleted channels to remove in one run. Each may have 10,000 members. */
const deletedPerRun = 10;
const slicesPerRun = 20;
const sliceEntries = 5_000;
/** Entries in one slice of the archive. A slice is read in full: at most 32 MiB of data. */
const archivedSliceEntries = 500;

export interface RetentionOptions {
  /** Where entries are written before they are deleted; undefined: nowhere. */
  readonly archive?: Archive | undefined;
  /** Longest retention of any channel, in seconds; null: unlimited. */
  readonly longest?: number | null;
}

/** Number of channels that a run may still change. */
interface ChangesLeft {
  shortened: number;
  purged: number;
}

/**
 * Enforces retention in two steps that block no writer. The first step moves the first seq of a
 * channel, which hides all entries below. The second step deletes these entries in slices, at the
 * earliest 10 minutes after they were written. A channel deleted a day ago is emptied in the same
 * way and then removed.
 */
export class Retention {
  readonly #pool: Pool;
  readonly #archive: Archive | undefined;
  readonly #longest: number | null;

  constructor(pool: Pool, { archive, longest = null }: RetentionOptions = {}) {
    this.#pool = pool;
    this.#archive = archive;
    this.#longest = longest;
  }

  /**
   * Enforces the retention of the next 20,000 channels, unless another manager is doing so. A page
   * of channels that fails has its next turn after all others.
   * @throws the error of the database or of the archive.
   */
  async run(): Promise<void> {
    await inTurn(this.#pool, 'retention', (keep) => this.#run(keep));
  }

  /** Ends released holds first, because a channel stays while a hold keeps it. Their failure stops nothing else. */
  async #run(keep: KeepTurn): Promise<void> {
    const [holds] = await Promise.allSettled([endReleasedHolds(this.#pool, keep)]);
    await this.#runPages(keep);
    if (holds.status === 'rejected') throw holds.reason;
  }

  async #runPages(keep: KeepTurn): Promise<void> {
    const left: ChangesLeft = { shortened: shortenedPerRun, purged: deletedPerRun };
    for (let n = 0; n < pagesPerRun; n++) {
      await keep();
      const [page] = await nextPage.run(this.#pool, { channels: channelsPerPage });
      if (page === undefined) return;
      await this.#runPage(page, left, keep);
      if (page.isLast) return;
    }
  }

  async #runPage({ afterId, lastId }: ChannelPage, left: ChangesLeft, keep: KeepTurn): Promise<void> {
    const page = { afterId, lastId };
    for (const { id, byCount } of await findOverRetention.run(this.#pool, page)) {
      if (byCount) await this.#count(id, keep);
      await this.#trim(id, keep);
    }
    await endDeletedLogs.run(this.#pool, page);
    for (const { id } of await findExpired.run(this.#pool, page)) {
      await this.#deleteExpired(id, slicesPerRun, keep);
    }
    left.purged -= (await purgeChannels.run(this.#pool, { ...page, maxChannels: left.purged })).length;
    if (this.#longest !== null) await this.#shorten(page, this.#longest, left, keep);
  }

  /**
   * Deletes all deletable entries of one channel, even while another manager has the turn.
   * @throws like `run`.
   */
  clear(channelId: number): Promise<void> {
    return this.#deleteExpired(channelId, Number.POSITIVE_INFINITY, async () => {});
  }

  /** Gives the longest retention to the channels of a page that have a longer one, a few in a transaction. */
  async #shorten(page: ChannelPage, longest: number, left: ChangesLeft, keep: KeepTurn): Promise<void> {
    while (left.shortened > 0) {
      await keep();
      const shortened = await shortenRetention.run(this.#pool, { ...page, longest, maxChannels: shortenedAtOnce });
      left.shortened -= shortened.length;
      if (shortened.length < shortenedAtOnce) return;
    }
  }

  async #count(channelId: number, keep: KeepTurn): Promise<void> {
    for (let n = 0; n < slicesPerRun; n++) {
      await keep();
      const [counted] = await countMessages.run(this.#pool, { channelId, maxEntries: sliceEntries });
      if ((counted?.entries ?? 0) < sliceEntries) return;
    }
  }

  async #trim(channelId: number, keep: KeepTurn): Promise<void> {
    for (let n = 0; n < slicesPerRun; n++) {
      await keep();
      const moved = await trim.run(this.#pool, { channelId, maxEntries: sliceEntries });
      if (moved.length === 0) return;
    }
  }

  async #deleteExpired(channelId: number, slices: number, keep: KeepTurn): Promise<void> {
    const entries = this.#archive === undefined ? sliceEntries : archivedSliceEntries;
    for (let n = 0; n < slices; n++) {
      await keep();
      const deleted = await transaction(this.#pool, (client) => this.#deleteSlice(client, channelId, entries));
      if (deleted < entries) return;
    }
  }

  async #deleteSlice(client: PoolClient, channelId: number, entries: number): Promise<number> {
    const seqs = (await lockExpired.run(client, { channelId, maxEntries: entries })).map(({ seq }) => seq);
    if (seqs.length === 0) return 0;
    await this.#archive?.append(channelId, await readForArchive.run(client, { channelId, seqs }));
    await subtractUsage(client, channelId, await deleteEntries.run(client, { channelId, seqs }));
    return seqs.length;
  }
}
