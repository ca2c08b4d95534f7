import { type Pool, type PoolClient, transaction } from '@parley/database';
import { inTurn, type KeepTurn } from '../transactions/turns.js';
import type { Archive } from './archive.js';
import {
  countMessages,
  deleteEntries,
  endDeletedLogs,
  findExpired,
  findOverRetention,
  lockExpired,
  purgeChannels,
  readForArchive,
  shortenRetention,
  subtractUsage,
  trim,
} from './retention-store.js';

const channelsPerRun = 1_000;
const shortenedAtOnce = 100;
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
   * Enforces the retention of all channels once, unless another manager is doing so.
   * @throws the error of the database or of the archive.
   */
  async run(): Promise<void> {
    await inTurn(this.#pool, 'retention', (keep) => this.#run(keep));
  }

  async #run(keep: KeepTurn): Promise<void> {
    for (const { id, byCount } of await findOverRetention.run(this.#pool, { maxChannels: channelsPerRun })) {
      if (byCount) await this.#count(id, keep);
      await this.#trim(id, keep);
    }
    await endDeletedLogs.run(this.#pool, { maxChannels: channelsPerRun });
    for (const { id } of await findExpired.run(this.#pool, { maxChannels: channelsPerRun })) {
      await this.#deleteExpired(id, slicesPerRun, keep);
    }
    await purgeChannels.run(this.#pool, { maxChannels: deletedPerRun });
    if (this.#longest !== null) await this.#shorten(this.#longest, keep);
  }

  /**
   * Deletes all deletable entries of one channel, even while another manager has the turn.
   * @throws like `run`.
   */
  clear(channelId: number): Promise<void> {
    return this.#deleteExpired(channelId, Number.POSITIVE_INFINITY, async () => {});
  }

  /** Gives the longest retention to the channels that have a longer one, a few in a transaction. */
  async #shorten(longest: number, keep: KeepTurn): Promise<void> {
    for (let n = 0; n < slicesPerRun; n++) {
      await keep();
      const shortened = await shortenRetention.run(this.#pool, { longest, maxChannels: shortenedAtOnce });
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
