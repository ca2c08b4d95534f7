import { Ack } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import { type Call, joinToken, KeyedSemaphore, type TrustedKeys } from '@parley/service-kit';
import type { Sessions } from '../session/sessions.js';

export interface SendDeps {
  readonly instanceId: string;
  readonly keys: TrustedKeys;
  readonly sessions: Sessions;
}

/** Handles Send: one frame per call, while the stream of its seat is open in this process. */
export class SendHandler {
  readonly #deps: SendDeps;
  /**
   * Handles one frame of a seat at a time, as a stream would. If a client needs an order, it must
   * wait for each response.
   */
  readonly #seats = new KeyedSemaphore(1, limits.callsWaitingPerUser);

  constructor(deps: SendDeps) {
    this.#deps = deps;
  }

  /**
   * Handles one frame and returns its ack. A refusal of the message is in the ack. An error of the
   * token or the seat is thrown, and ends the call.
   */
  readonly send = async (request: Buffer, call: Call): Promise<Ack> => {
    const { keys, sessions, instanceId } = this.#deps;
    call.quiet = true;
    const { claims } = await keys.verify(call.bearer(), joinToken, instanceId);
    call.facts.user = claims.sub;
    call.facts.channel = claims.ch;
    const [session] = sessions.find({ seat: claims.jti });
    if (session === undefined) throw refuse('seat-gone');
    return this.#seats.run(claims.jti, async () => Ack.fromPartial(await session.post(request)));
  };
}
