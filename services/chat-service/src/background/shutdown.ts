import { atMost, type Logger, type Part } from '@parley/runtime';
import { atOnce } from '../session/participants.js';
import type { ChatSession } from '../session/session.js';
import type { Sessions } from '../session/sessions.js';
import type { SeatStore } from '../store/seats.js';

export interface ShutdownDeps {
  readonly sessions: Sessions;
  readonly seats: SeatStore;
  /** Time for clients to read their goodbye, in milliseconds. */
  readonly withinMs: number;
  readonly log: Logger;
}

/**
 * Deletes the seats of streams that have ended. When the process stops, says goodbye to the
 * remaining streams.
 */
export class Shutdown implements Part {
  readonly #deps: ShutdownDeps;
  readonly #left: string[] = [];
  #clearing: Promise<void> | undefined;

  constructor(deps: ShutdownDeps) {
    this.#deps = deps;
  }

  /**
   * Registers that a stream has ended and deletes its seat. If the database does not respond, the
   * reconciler deletes the seat later.
   */
  closed(session: ChatSession): void {
    this.#deps.sessions.remove(session.key.seat);
    this.#left.push(session.key.seat);
    this.#clearing ??= this.#clear();
  }

  /**
   * Deletes seats until none is left. Seats that end while a statement runs go into the next one.
   */
  async #clear(): Promise<void> {
    while (this.#left.length > 0) {
      await this.#deps.seats
        .delete(this.#left.splice(0))
        .catch((err) => this.#deps.log.warn({ err }, 'deleting seats failed'));
    }
    this.#clearing = undefined;
  }

  /** Says goodbye to every open stream, and waits until they have ended or the time is over. */
  async stop(): Promise<void> {
    const { sessions, withinMs } = this.#deps;
    for (const session of sessions.find()) session.goodbye('draining', atOnce);
    await atMost(sessions.empty(), withinMs);
    await this.#clearing;
  }
}
