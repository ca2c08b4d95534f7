import { type Pool, type PoolClient, transaction } from '@parley/database';
import {
  archiveEntries,
  countDropped,
  countKept,
  dropEntries,
  endLogs,
  myTurn,
  overKeep,
  purgeChannels,
  stale,
  staleEntries,
  trim,
} from '../store/retention.js';
import type { Archive } from './archive.js';

const channelsPerRun = 1_000;
/** Each may have 10,000 members. */
const deletedPerRun = 10;
const slicesPerRun = 20;
const sliceEntries = 5_000;
/** Those are read in full: at most 32 MiB of data. */
const archivedSliceEntries = 500;

/**
 * Ends what a channel keeps no more, in two steps that hold nobody up. First its first seq moves on: from then on nobody is shown what
 * is below. Then the rows below go, in slices, but no sooner than 10 minutes after they were written. A channel that was deleted a day ago
 * goes the same way, and then itself.
 */
export class Retention {
  readonly #pool: Pool;
  readonly #archive: Archive | undefined;

  constructor(pool: Pool, archive: Archive | undefined) {
    this.#pool = pool;
    this.#archive = archive;
  }

  /** One turn, unless another manager has it. Rejects with the error of the database or of the archive. */
  async run(): Promise<void> {
    await transaction(this.#pool, async (turn) => {
      const [lock] = await myTurn.run(turn, []);
      if (lock?.mine !== true) return;
      for (const { id, by_count } of await overKeep.run(this.#pool, [channelsPerRun])) {
        if (by_count) await this.#count(id);
        await this.#trim(id);
      }
      await endLogs.run(this.#pool, [channelsPerRun]);
      for (const { id } of await stale.run(this.#pool, [channelsPerRun])) await this.#drop(id, slicesPerRun);
      await purgeChannels.run(this.#pool, [deletedPerRun]);
    });
  }

  /** Deletes all that may go of one channel, turn or not. Rejects as `run` does. */
  clear(channelId: number): Promise<void> {
    return this.#drop(channelId, Number.POSITIVE_INFINITY);
  }

  async #count(channelId: number): Promise<void> {
    for (let n = 0; n < slicesPerRun; n++) {
      const [counted] = await countKept.run(this.#pool, [channelId, sliceEntries]);
      if ((counted?.entries ?? 0) < sliceEntries) return;
    }
  }

  async #trim(channelId: number): Promise<void> {
    for (let n = 0; n < slicesPerRun; n++) {
      const moved = await trim.run(this.#pool, [channelId, sliceEntries]);
      if (moved.length === 0) return;
    }
  }

  async #drop(channelId: number, slices: number): Promise<void> {
    const entries = this.#archive === undefined ? sliceEntries : archivedSliceEntries;
    for (let n = 0; n < slices; n++) {
      const gone = await transaction(this.#pool, (client) => this.#dropSlice(client, channelId, entries));
      if (gone < entries) return;
    }
  }

  async #dropSlice(client: PoolClient, channelId: number, entries: number): Promise<number> {
    const seqs = (await staleEntries.run(client, [channelId, entries])).map(({ seq }) => seq);
    if (seqs.length === 0) return 0;
    await this.#archive?.append(channelId, await archiveEntries.run(client, [channelId, seqs]));
    await countDropped(client, channelId, await dropEntries.run(client, [channelId, seqs]));
    return seqs.length;
  }
}
