import { type Channel, type ParleyClient, Refusal } from '@parley/client';
import { keeps } from '../state/keeping.js';
import { mostUnread } from '../state/rooms.js';
import type { ChannelRecord } from '../storage/database.js';

/** Of so many channels that were visited last, what was not read is counted. */
const counted = 20;

/** Counts what was not read, and asks for it only where something has come since it was last counted. */
export class UnreadCounter {
  readonly #client: ParleyClient;
  readonly #me: string;
  readonly #tell: (id: number, count: number) => void;
  /** Where the log and what was read of it ended then, by channel id. */
  readonly #counted = new Map<number, string>();

  constructor(client: ParleyClient, me: string, tell: (id: number, count: number) => void) {
    this.#client = client;
    this.#me = me;
    this.#tell = tell;
  }

  /** Of the channels that were visited and are not looked at now. */
  async count(visited: readonly ChannelRecord[], channels: Readonly<Record<number, Channel>>, signal: AbortSignal) {
    const latest = visited.toSorted((a, b) => b.visitedAt - a.visitedAt).slice(0, counted);
    for (const record of latest) {
      const channel = channels[record.id];
      if (channel !== undefined && keeps(channel)) await this.#look(record, channel, signal);
    }
  }

  async #look({ id, readSeq, place }: ChannelRecord, { log, lastSeq }: Channel, signal: AbortSignal): Promise<void> {
    const end = `${log} ${lastSeq} ${readSeq}`;
    if (place === undefined || log !== place.log || this.#counted.get(id) === end) return;
    const count = lastSeq > readSeq ? await this.#ask(id, readSeq, log, signal) : 0;
    if (signal.aborted || count === undefined) return;
    this.#counted.set(id, end);
    this.#tell(id, count);
  }

  /** Undefined: it cannot be said now. */
  async #ask(id: number, readSeq: number, log: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const page = await this.#client.history(id, { after: readSeq, size: mostUnread + 1, signal });
      const unread = page.entries.filter(({ type, sender }) => type === 'message' && sender !== this.#me);
      return page.log === log ? unread.length : undefined;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'channel-not-found') return undefined;
      throw thrown;
    }
  }
}
