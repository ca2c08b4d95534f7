import type { Session } from '@parley/contract';
import type { Abortable, Ask } from './ask.js';
import { calls } from './methods.js';

/**
 * The user's sessions: one for each login.
 * @example
 * ```ts
 * import type { ParleyClient } from '@parley/client';
 *
 * export async function endOthers(client: ParleyClient): Promise<void> {
 *   for (const { id, current, device } of await client.sessions.list()) {
 *     if (current) continue;
 *     console.log(`Ending the session of ${device}.`);
 *     await client.sessions.end(id);
 *   }
 * }
 * ```
 */
export class OwnSessions {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Fetches the sessions that have not ended, the newest first. `current` marks this one. */
  async list({ signal }: Abortable = {}): Promise<readonly Session[]> {
    return (await this.#ask(calls.listSessions, {}, signal)).sessions;
  }

  /**
   * Ends a session, and its streams.
   * @throws {Refusal} `session-not-found` if it has ended or is not one of the user's
   */
  async end(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.logout, { everywhere: false, sessionId: id }, signal);
  }

  /** Ends every session, this one included. */
  async endAll({ signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.logout, { everywhere: true, sessionId: '' }, signal);
  }
}
