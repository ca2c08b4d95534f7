import type { Socket } from 'node:net';
import { limits, MemoryBudget, type MemoryHolding, type Metrics } from '@parley/runtime';
import { addressKey, type Proxies } from '@parley/service-kit';
import { waitUnread } from './arrival.js';
import { callerAddress } from './caller-address.js';
import { CallerSlots, callerKey } from './caller-slots.js';
import type { HttpVisit } from './handler.js';

/** Returns a function that adds to the memory of a request. */
export function countInto(memory: MemoryHolding): (bytes: number) => void {
  let held = 0;
  return (bytes) => {
    held += bytes;
    memory.set(held);
  };
}

/** The limits that all HTTP requests of a process share: memory, and calls to services. */
export class RequestBounds {
  readonly slots = new CallerSlots();
  readonly #proxies: Proxies;
  readonly #lastResponses = new WeakMap<Socket, Promise<unknown>>();
  readonly #requests = new MemoryBudget(limits.requestBudgetBytes);
  readonly #unread = new MemoryBudget(limits.unreadBytes);

  constructor(proxies: Proxies, metrics: Metrics) {
    this.#proxies = proxies;
    metrics.gauge('parley_request_bytes', 'bytes of requests without a response', () => this.#requests.held);
    metrics.gauge('parley_unread_bytes', 'bytes of responses that pages have not read', () => this.#unread.held);
    metrics.total(
      'parley_unread_dropped_total',
      'responses dropped because unread responses took too much memory',
      () => this.#unread.dropped,
    );
  }

  /** Returns a counter for the bytes of a response that its client has not read. */
  unreadOf({ request, response }: HttpVisit): MemoryHolding {
    const address = callerAddress(request, this.#proxies);
    const { authorization } = request.headers;
    return this.#unread.open(
      () => [callerKey({ address, authorization })],
      () => response.destroy(),
    );
  }

  /**
   * Returns a counter for the memory of a request. The counter is set to 0 when the response ends.
   * Calls `drop` if the request must give its memory back.
   */
  memoryOf({ request, response }: HttpVisit, drop: () => void): MemoryHolding {
    const memory = this.#requests.open(() => [addressKey(callerAddress(request, this.#proxies)), request.socket], drop);
    response.once('close', () => memory.set(0));
    return memory;
  }

  /**
   * Waits for the earlier responses on the connection, so that a client that does not read has only
   * one response in memory.
   */
  async waitForEarlier({ request, response }: HttpVisit): Promise<void> {
    const { socket } = request;
    const before = this.#lastResponses.get(socket);
    this.#lastResponses.set(socket, new Promise((resolve) => response.once('close', resolve)));
    if (before !== undefined) await waitUnread(request, before);
  }
}
