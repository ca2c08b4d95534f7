import { atMost, type Logger, type Part } from '@parley/runtime';
import type { ChatSession } from '../session/session.js';
import type { Sessions } from '../session/sessions.js';
import type { SeatStore } from '../store/seats.js';

export interface ShutdownDeps {
  readonly sessions: Sessions;
  readonly seats: SeatStore;
  /** How long readers have to take their goodbye. */
  readonly withinMs: number;
  readonly log: Logger;
}

/** The seats of streams that have ended go with them. */
export class Shutdown implements Part {
  readonly #deps: ShutdownDeps;
  readonly #left: string[] = [];
  #clearing: Promise<void> | undefined;

  constructor(deps: ShutdownDeps) {
    this.#deps = deps;
  }

  /** A stream has ended. Where the database does not answer, the sweep deletes its seat later. */
  closed(session: ChatSession): void {
    this.#deps.sessions.remove(session.key.seat);
    this.#left.push(session.key.seat);
    this.#clearing ??= this.#clear();
  }

  /** What leaves while one statement is on its way goes with the next. */
  async #clear(): Promise<void> {
    while (this.#left.length > 0) {
      await this.#deps.seats
        .leave(this.#left.splice(0))
        .catch((err) => this.#deps.log.warn({ err }, 'seats were not given back'));
    }
    this.#clearing = undefined;
  }

  /** Whoever is still here hears that the server stops, and has a little time to take it. */
  async stop(): Promise<void> {
    const { sessions, withinMs } = this.#deps;
    for (const session of sessions.find()) session.goodbye('draining', { listenAgain: true, retryAfterMs: 0 });
    await atMost(sessions.empty(), withinMs);
    await this.#clearing;
  }
}
