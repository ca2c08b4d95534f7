import { Channel, ChannelService } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { managerAudience, type ServiceClaims, type SigningKey } from '@parley/service-kit';
import type { Upstreams } from './upstreams.js';

export interface LocatorDeps {
  readonly upstreams: Pick<Upstreams, 'manager'>;
  readonly key: Pick<SigningKey<ServiceClaims>, 'sign'>;
  /** Instance id of this gateway. */
  readonly instanceId: string;
}

const withinMs = 3_000;

/** Asks the managers which chat server owns a chat. A manager places a chat that no server owns. */
export class Locator {
  readonly #deps: LocatorDeps;
  /** Calls in flight by channel, which all callers share. */
  readonly #calls = new Map<number, Promise<string>>();

  constructor(deps: LocatorDeps) {
    this.#deps = deps;
  }

  /** Whether a call for this channel is in flight. */
  isLocating(channelId: number): boolean {
    return this.#calls.has(channelId);
  }

  /**
   * Returns the instance id of the chat server.
   * @throws {Refusal} of the manager, such as `channel-not-found`, `wrong-kind` or `no-server`;
   * `unreachable` without a manager.
   */
  locate(channelId: number): Promise<string> {
    const known = this.#calls.get(channelId);
    if (known !== undefined) return known;
    const call = this.#call(channelId).finally(() => this.#calls.delete(channelId));
    this.#calls.set(channelId, call);
    return call;
  }

  async #call(channelId: number): Promise<string> {
    const { upstreams, key, instanceId } = this.#deps;
    const token = await key.sign({ sub: instanceId }, managerAudience);
    const { client, release } = upstreams.manager();
    try {
      const { id } = await callUnary(client, ChannelService.locate, Channel.fromPartial({ id: channelId }), {
        token,
        withinMs,
      });
      return id;
    } finally {
      release();
    }
  }
}
