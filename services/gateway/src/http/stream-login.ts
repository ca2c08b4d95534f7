import { bearerMetadata } from '@parley/rpc';
import { Call, CallEnd, type Callers, type UserCaller } from '@parley/service-kit';
import type { CallerSlots } from './caller-slots.js';

/** Authenticates clients that open a stream, like a call of InboxService. */
export class StreamLogin {
  readonly #callers: Pick<Callers, 'enterStream'>;
  readonly #slots: CallerSlots;

  constructor(callers: Pick<Callers, 'enterStream'>, slots: CallerSlots) {
    this.#callers = callers;
    this.#slots = slots;
  }

  /**
   * Returns the user of a token.
   * @throws {Refusal} `listen-too-often`, `too-busy`, or the reason why the token is refused
   */
  async userOf(token: string, address: string): Promise<UserCaller> {
    const caller = { address, authorization: `Bearer ${token}` };
    const transport = { getPeer: () => address, sendMetadata: () => {} };
    const call = new Call('/chat.v1.InboxService/Session', bearerMetadata(token), transport, new CallEnd());
    this.#slots.countStream(caller.authorization);
    const free = await this.#slots.acquire(caller);
    try {
      return await this.#callers.enterStream(call);
    } finally {
      free();
    }
  }
}
