import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, Part } from '@parley/runtime';
import type { Session } from '../rpc/session.js';
import type { Sessions } from '../rpc/sessions.js';
import type { HeadStore } from '../store/heads.js';
import type { SeatStore } from '../store/seats.js';

/** Spread of the reconnects after a stop. */
const spreadMs = 1_000;

export interface FarewellDeps {
  readonly sessions: Sessions;
  readonly seats: SeatStore;
  readonly heads: HeadStore;
  /** How long readers have to take their goodbye. */
  readonly withinMs: number;
  readonly log: Logger;
}

/** How streams leave: one by one as they close, and all together when the server stops. */
export class Farewell implements Part {
  readonly #deps: FarewellDeps;
  #begun = false;

  constructor(deps: FarewellDeps) {
    this.#deps = deps;
  }

  /** True once the server stops: nobody new is taken. */
  get begun(): boolean {
    return this.#begun;
  }

  /** A stream has ended; its seat goes with it. Where the database does not answer, the sweep does it later. */
  closed(session: Session): void {
    this.#deps.sessions.remove(session.key.seat);
    this.#deps.seats
      .leave([session.key.seat])
      .catch((err) => this.#deps.log.warn({ err }, 'a seat was not given back'));
  }

  /** Gives every channel back, then says goodbye to everybody. */
  async stop(): Promise<void> {
    this.#begun = true;
    await this.#giveBack().catch((err) => this.#deps.log.warn({ err }, 'channels were not given back'));
    for (const session of this.#deps.sessions.find()) {
      session.goodbye('draining', { listenAgain: true, retryAfterMs: Math.floor(Math.random() * spreadMs) });
    }
    await Promise.race([this.#deps.sessions.empty(), pause(this.#deps.withinMs)]);
  }

  async #giveBack(): Promise<void> {
    await this.#deps.heads.giveBack(await this.#deps.heads.mine());
  }
}
