import { setTimeout as pause } from 'node:timers/promises';
import type { Conversation, ParleyClient } from '@parley/client';

/** Size of each message. Large messages fill every ring before the end of the warm-up. */
export const soakMessageBytes = 2_000;

/** Visits of all users: each joins, sends and leaves again and again. Records failures. */
export class Soak {
  visits = 0;
  sends = 0;
  readonly faults: string[] = [];
  readonly #rooms: readonly number[];
  readonly #over: AbortSignal;

  constructor(rooms: readonly number[], over: AbortSignal) {
    this.#rooms = rooms;
    this.#over = over;
  }

  /** Joins a room, sends for a time and leaves, again and again until the soak is over. */
  visitRepeatedly(client: ParleyClient): Promise<void> {
    return this.repeat(() => this.#visit(client));
  }

  /** Repeats `work` until the soak is over. */
  async repeat(work: () => Promise<void>): Promise<void> {
    while (!this.#over.aborted) {
      await work().catch((thrown) => {
        if (!this.#over.aborted) this.faults.push(String(thrown));
      });
    }
  }

  async #visit(client: ParleyClient): Promise<void> {
    const room = this.#rooms[Math.floor(Math.random() * this.#rooms.length)] as number;
    const conversation = await client.listen(room, { waitWhenFull: true, signal: this.#over });
    const received = drain(conversation);
    try {
      await this.#talk(conversation);
    } finally {
      await conversation.leave(); // Otherwise this visit would give back the seat of the next one.
      await received;
    }
    this.visits += 1;
  }

  async #talk(conversation: Conversation): Promise<void> {
    for (let left = 1 + Math.random() * 6; left > 0; left--) {
      await conversation.send(String(this.sends).padEnd(soakMessageBytes));
      this.sends += 1;
      await pause(500 * Math.random());
    }
    await pause(1_000);
  }
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events) {
  }
}
