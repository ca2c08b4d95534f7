import {
  type Ack,
  Channel,
  ChannelService,
  type Message,
  type Method,
  OverviewRequest,
  type OverviewResponse,
} from '@parley/contract';
import { bearerMetadata, callUnary, refusalFromStatus, startServerStream } from '@parley/rpc';
import { refusalFromFrame, refuse } from '@parley/runtime';
import { Call, CallEnd, type Callers, type TurnQueue, type UserCaller } from '@parley/service-kit';
import type { Upstream } from '../clients/connection-pool.js';
import type { Upstreams } from '../clients/upstreams.js';

/** Parts that calls to services need. */
export interface ServiceCallsDeps {
  readonly upstreams: Pick<Upstreams, 'userService' | 'manager'>;
  readonly callers: Pick<Callers, 'enterStream'>;
  readonly overviews: TurnQueue;
  /** Sends a frame on behalf of the caller. The ack contains the refusal, if any. */
  readonly post: (message: Message, call: Call) => Promise<Ack>;
}

/** The user for whom the gateway calls. */
export interface ApiCaller {
  /** Bearer token. Undefined if the call needs none. */
  readonly token: string | undefined;
  readonly address: string;
  /** Response that the caller waits for. It closes when the caller is gone. */
  readonly response: { once(event: 'close', listener: () => void): unknown };
}

const withinMs = 15_000;

/** Calls to the services on behalf of one caller. Throws every refusal of a service. */
export class ServiceCalls {
  readonly #deps: ServiceCallsDeps;
  readonly #caller: ApiCaller;
  readonly #end = new CallEnd();

  constructor(deps: ServiceCallsDeps, caller: ApiCaller) {
    this.#deps = deps;
    this.#caller = caller;
    caller.response.once('close', () => this.#end.end());
  }

  /** Calls a user-service. @throws {Refusal} of the service. */
  users<Q, S>(method: Method<Q, S>, request: Q): Promise<S> {
    return this.#unary(this.#deps.upstreams.userService(), method, request);
  }

  /** Calls a manager. @throws {Refusal} of the manager. */
  managers<Q, S>(method: Method<Q, S>, request: Q): Promise<S> {
    return this.#unary(this.#deps.upstreams.manager(), method, request);
  }

  /**
   * Reads a page of the chats of the caller, when it is the turn of this call.
   * @throws {Refusal} `too-busy`, and those of the manager.
   */
  overview(page: OverviewRequest['page']): Promise<OverviewResponse> {
    const request = OverviewRequest.fromPartial({ page });
    const onLeave = (listener: () => void) => this.#end.onOver(listener);
    return this.#deps.overviews.run(onLeave, () => this.managers(ChannelService.overview, request));
  }

  /** Returns one channel, with the users in it. @throws {Refusal} `channel-not-found` and others. */
  channel(id: number): Promise<Channel> {
    const { client, release } = this.#deps.upstreams.manager();
    const { token, address } = this.#caller;
    const options = { deadline: Date.now() + withinMs };
    const request = Channel.fromPartial({ id });
    const stream = startServerStream(client, ChannelService.list, request, bearerMetadata(token, address), options);
    return new Promise<Channel>((resolve, reject) => {
      stream.once('data', resolve);
      stream.once('error', (error) => reject(refusalFromStatus(error as never)));
      stream.once('end', () => reject(refuse('channel-not-found')));
    }).finally(release);
  }

  /**
   * Sends a frame to a chat.
   * @throws {Refusal} of the chat server.
   */
  async post(message: Message): Promise<Ack> {
    const ack = await this.#deps.post(message, this.#call());
    if (ack.refusal === undefined) return ack;
    throw refusalFromFrame(ack.refusal);
  }

  /** Returns the caller. @throws {Refusal} if the token is not valid. */
  me(): Promise<UserCaller> {
    return this.#deps.callers.enterStream(this.#call());
  }

  /** Returns the current call in the form that handlers of the gateway take. */
  #call(): Call {
    const { token, address } = this.#caller;
    const transport = { getPeer: () => address, sendMetadata: () => {} };
    return new Call('/chat.v1.InboxService/Post', bearerMetadata(token), transport, this.#end);
  }

  #unary<Q, S>({ client, release }: Upstream, method: Method<Q, S>, request: Q): Promise<S> {
    const { token, address } = this.#caller;
    return callUnary(client, method, request, { token, forwardedFor: address, withinMs }).finally(release);
  }
}
