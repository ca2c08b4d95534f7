import { type Channel, isSaid, type ParleyClient, Refusal } from '@parley/client';
import { hasHistory } from '../state/retention.js';
import { mostUnread } from '../state/rooms.js';
import type { ChannelRecord } from '../storage/database.js';

/**
 * Maximum number of channels whose unread messages are counted. The channels visited last come
 * first.
 */
const maxChannels = 20;

/**
 * Counts unread messages. Asks the server only about channels with changes since the last count.
 */
export class UnreadCounter {
  readonly #client: ParleyClient;
  readonly #me: string;
  readonly #onCount: (id: number, count: number) => void;
  /** The log, its last seq and the read seq at the last count, by channel id. */
  readonly #counted = new Map<number, string>();

  constructor(client: ParleyClient, me: string, onCount: (id: number, count: number) => void) {
    this.#client = client;
    this.#me = me;
    this.#onCount = onCount;
  }

  /** Counts the unread messages of visited channels that are not on screen. */
  async count(visited: readonly ChannelRecord[], channels: Readonly<Record<number, Channel>>, signal: AbortSignal) {
    const latest = visited.toSorted((a, b) => b.visitedAt - a.visitedAt).slice(0, maxChannels);
    for (const record of latest) {
      const channel = channels[record.id];
      if (channel !== undefined && hasHistory(channel)) await this.#countOne(record, channel, signal);
    }
  }

  async #countOne(
    { id, readSeq, place }: ChannelRecord,
    { log, lastSeq }: Channel,
    signal: AbortSignal,
  ): Promise<void> {
    const end = `${log} ${lastSeq} ${readSeq}`;
    if (place === undefined || log !== place.log || this.#counted.get(id) === end) return;
    const count = lastSeq > readSeq ? await this.#load(id, readSeq, log, signal) : 0;
    if (signal.aborted || count === undefined) return;
    this.#counted.set(id, end);
    this.#onCount(id, count);
  }

  /** Returns the count, or undefined if the server does not respond now. */
  async #load(id: number, readSeq: number, log: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const page = await this.#client.history(id, { after: readSeq, size: mostUnread + 1, signal });
      const unread = page.entries.filter((entry) => isSaid(entry) && entry.sender !== this.#me);
      return page.log === log ? unread.length : undefined;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'channel-not-found') return undefined;
      throw thrown;
    }
  }
}
