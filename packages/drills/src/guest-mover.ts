import { setTimeout as pause } from 'node:timers/promises';
import { type ParleyClient, Refusal } from '@parley/client';

/** A member of a public chat who is removed and returns during a drill. */
export interface Guest {
  readonly host: ParleyClient;
  readonly channelId: number;
  readonly userId: string;
  readonly client: ParleyClient;
}

const againMs = 200;
const longestWaitMs = 10_000;
const awayMs = 500;
const stayMs = 2_000;

/**
 * Repeats a change of a member until it has been made, even if its response was lost.
 * @throws {Refusal} if it is refused for longer than a fault lasts
 */
async function insistently(change: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      if (thrown.reason === 'member-not-found') return; // An earlier attempt has removed the member.
      if (thrown.retryAfterMs > longestWaitMs) throw thrown;
      await pause(Math.max(againMs, thrown.retryAfterMs));
    }
  }
}

/** Repeatedly lets the host remove a guest from a chat, and the guest join it again. */
export class GuestMover {
  readonly #guest: Guest;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();
  /** Number of removals. */
  removals = 0;
  /** Error that has stopped the moves of the guest. */
  failure: unknown;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  start(): void {
    this.#running = this.#run().catch((thrown: unknown) => {
      this.failure = thrown;
    });
  }

  /** Stops the moves. Afterwards, the guest is a member. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { host, channelId, userId, client } = this.#guest;
    while (!this.#isOver) {
      await pause(stayMs * (0.5 + Math.random()));
      await insistently(() => host.members.remove(channelId, userId));
      this.removals += 1;
      await pause(awayMs);
      await insistently(() => client.chats.join(channelId));
    }
  }
}
