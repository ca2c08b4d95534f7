import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, Part } from '@parley/runtime';
import type { Lane } from '../core/lane.js';
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
  readonly lane: Pick<Lane, 'idle'>;
  /** How long readers have to take their goodbye. */
  readonly withinMs: number;
  readonly log: Logger;
}

/** How streams leave: one by one as they close, and all together when the server stops. */
export class Farewell implements Part {
  readonly #deps: FarewellDeps;
  readonly #left: string[] = [];
  #clearing: Promise<void> | undefined;
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

  /** Finishes what is being written, gives every channel back, then says goodbye to everybody. */
  async stop(): Promise<void> {
    this.#begun = true;
    await Promise.race([this.#deps.lane.idle(), pause(this.#deps.withinMs)]);
    await this.#giveBack().catch((err) => this.#deps.log.warn({ err }, 'channels were not given back'));
    for (const session of this.#deps.sessions.find()) {
      session.goodbye('draining', { listenAgain: true, retryAfterMs: Math.floor(Math.random() * spreadMs) });
    }
    await Promise.race([this.#deps.sessions.empty(), pause(this.#deps.withinMs)]);
    await this.#clearing;
  }

  async #giveBack(): Promise<void> {
    await this.#deps.heads.giveBack(await this.#deps.heads.mine());
  }
}
