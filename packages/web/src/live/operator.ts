import { type Ask, createClient, type Invite, OperatorCalls, type ParleyClient, Refusal } from '@parley/client';
import { webTransport } from '@parley/client/web';
import { endsSession } from '../state/session.js';

/** What an operator can do in the admin page. Each call rejects with a `Refusal`. */
export class Operator {
  /** The calls of `parley admin`. */
  readonly calls: OperatorCalls;
  readonly #onRefused: (reason: string) => void;
  readonly #client: ParleyClient;

  /** `onRefused` is called when the session is over, or the user is no operator any more. */
  constructor(token: string, onRefused: (reason: string) => void) {
    const transport = webTransport();
    const ask: Ask = (call, request, signal) => this.#watched(transport.ask(call, request, { token, signal }));
    this.calls = new OperatorCalls(ask);
    this.#onRefused = onRefused;
    this.#client = createClient({ transport, token });
  }

  /** Gives a user a one-time password, and returns it. */
  resetPassword(userId: string): Promise<string> {
    return this.#watched(this.#client.people.resetPassword(userId));
  }

  /** Creates an invitation to register. `expiresAt` is in Unix ms. */
  invite(maxUses: number, expiresAt: number): Promise<Invite> {
    return this.#watched(this.#client.invites.create(0, { maxUses, expiresAt }));
  }

  deleteChannel(id: number): Promise<void> {
    return this.#watched(this.#client.delete(id));
  }

  async #watched<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (thrown) {
      if (thrown instanceof Refusal && (endsSession(thrown.reason) || thrown.reason === 'not-operator'))
        this.#onRefused(thrown.reason);
      throw thrown;
    }
  }
}
