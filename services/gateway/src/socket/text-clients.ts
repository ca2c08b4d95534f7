import { limits, MemoryBudget, type Refusal } from '@parley/runtime';
import type { TextClient } from './text-client.js';

const pingEveryMs = 25_000;
const tickEveryMs = 1_000;

/** The clients of one door with text frames: pings them, and bounds the memory of what they have not read. */
export class TextClients<C extends Pick<TextClient, 'stream' | 'tick'>> {
  readonly #clients = new Map<C, ReturnType<MemoryBudget['open']>>();
  readonly #unread = new MemoryBudget(limits.unreadBytes);
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      for (const [client, unread] of this.#clients) client.tick(nowMs, pingEveryMs, unread);
    }, tickEveryMs).unref();
  }

  /** Number of clients. */
  get size(): number {
    return this.#clients.size;
  }

  [Symbol.iterator](): IterableIterator<C> {
    return this.#clients.keys();
  }

  /** Adds a client until its stream has closed. `ownerOf` returns the user or the address that pays for its memory. */
  add(client: C, ownerOf: () => string): void {
    const unread = this.#unread.open(
      () => [ownerOf()],
      () => client.stream.cut('too-slow'),
    );
    this.#clients.set(client, unread);
    client.stream.onClose(() => {
      unread.set(0);
      this.#clients.delete(client);
    });
  }

  /** Ends all clients. */
  end(refusal: Refusal): void {
    clearInterval(this.#timer);
    for (const { stream } of this.#clients.keys()) stream.end(refusal);
  }
}
