import { setTimeout as pause } from 'node:timers/promises';
import { type ParleyClient, Refusal } from '@parley/client';

/** A member of a chat who is removed and added again during a drill. */
export interface Guest {
  readonly host: ParleyClient;
  readonly channelId: number;
  readonly userId: string;
}

const againMs = 200;
const awayMs = 500;
const stayMs = 2_000;

/** Repeats a change of a member until it has been made, also if its response was lost. */
async function insistently(change: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      if (thrown.reason === 'member-not-found') return; // An earlier attempt has removed the member.
      await pause(Math.max(againMs, thrown.retryAfterMs));
    }
  }
}

/** Removes a guest from a chat and adds it again, all the time. */
export class GuestMover {
  readonly #guest: Guest;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();
  /** Number of removals. */
  removals = 0;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Stops. The guest is a member then. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { host, channelId, userId } = this.#guest;
    while (!this.#isOver) {
      await pause(stayMs * (0.5 + Math.random()));
      await insistently(() => host.members.remove(channelId, userId));
      this.removals += 1;
      await pause(awayMs);
      await insistently(() => host.members.add(channelId, userId));
    }
  }
}
