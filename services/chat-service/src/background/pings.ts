import { atOnce } from '../session/participants.js';
import type { Sessions } from '../session/sessions.js';

/**
 * Pings every client that asked for events, and ends streams that were silent for three intervals.
 */
export class Pings {
  readonly #sessions: Sessions;
  readonly #everyMs: number;

  constructor(sessions: Sessions, everyMs: number) {
    this.#sessions = sessions;
    this.#everyMs = everyMs;
  }

  turn(nowMs: number): void {
    for (const session of this.#sessions.find()) {
      if (!session.events) continue;
      session.heardAtMs = Math.min(session.heardAtMs, nowMs); // The clock may have been set back.
      if (nowMs - session.heardAtMs > 3 * this.#everyMs) session.goodbye('idle', atOnce);
      else session.ping(nowMs);
    }
  }
}
