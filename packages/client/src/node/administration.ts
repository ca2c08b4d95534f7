import { AdminService, Hold, User } from '@parley/contract';
import { OperatorCalls } from '../calls/operator-calls.js';
import { ask, credentialsFor, type Security, streamed } from './calls.js';
import { Peers } from './peers.js';

/** Options of `administration`. */
export interface AdministrationOptions extends Security {
  /** Addresses of the managers: `host:port`, several separated by commas. */
  readonly channelService: string;
  /** Session token of an operator. */
  readonly token: string;
}

/** All calls of operators. Each rejects with a `Refusal`. */
export class Administration extends OperatorCalls {
  readonly #managers: Peers;
  readonly #token: string;

  constructor({ channelService, token, ...security }: AdministrationOptions) {
    const managers = new Peers(channelService, credentialsFor(security));
    super((call, request, signal) => ask(managers, call, request, { token, signal }));
    this.#managers = managers;
    this.#token = token;
  }

  /**
   * Yields everything that is stored about an account, deleted or not, as lines of JSON. The last
   * line has the type `end`. The server sends lines only as fast as they are taken, and stops when
   * the loop is left.
   * @throws {Refusal} `user-not-found` or `read-too-often`
   */
  async *exportUser(id: string): AsyncGenerator<string, void> {
    const lines = streamed(this.#managers, AdminService.exportUser);
    for await (const { json } of lines(User.fromPartial({ id }), { token: this.#token })) yield json;
  }

  /**
   * Yields all messages that a legal hold covers and the copies that it kept, with files, as lines of
   * JSON. The last line has the type `end`.
   * @throws {Refusal} `hold-not-found` or `read-too-often`
   */
  async *exportHold(id: number): AsyncGenerator<string, void> {
    const lines = streamed(this.#managers, AdminService.exportHold);
    for await (const { json } of lines(Hold.fromPartial({ id }), { token: this.#token })) yield json;
  }

  /** Closes the connections. */
  close(): void {
    this.#managers.close();
  }
}

/**
 * Returns the calls for operators, which the managers serve. Proxies of users do not forward them,
 * so this must run where the managers can be reached directly.
 * @example
 * ```ts
 * import { administration } from '@parley/client/node';
 *
 * const operator = administration({ channelService: 'localhost:50052', token: 'the-operator-token' });
 * for (const { id, seats } of await operator.servers()) console.log(id, seats);
 * operator.close();
 * ```
 */
export function administration(options: AdministrationOptions): Administration {
  return new Administration(options);
}
