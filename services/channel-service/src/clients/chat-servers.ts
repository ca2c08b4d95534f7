import type { ChannelCredentials } from '@grpc/grpc-js';
import { Channel, ChatServiceClient, DisconnectRequest } from '@parley/contract';
import { callUnary, clientOptions, type ServiceClaims, type SigningKey } from '@parley/rpc';
import { type Logger, type Part, type Reason, refusals } from '@parley/runtime';

export interface ChatServersOptions {
  readonly credentials: ChannelCredentials;
  readonly key: SigningKey<ServiceClaims>;
  /** Of this manager. */
  readonly bootId: string;
  readonly log: Logger;
}

/** A chat server to be told something. */
export interface Target {
  readonly boot_id: string;
  readonly internal_addr: string;
}

const withinMs = 500;

/** Commands to chat servers. Each is a courtesy that makes quick what they would find out by themselves, so nobody waits for it. */
export class ChatServers implements Part {
  readonly #options: ChatServersOptions;
  readonly #clients = new Map<string, ChatServiceClient>();

  constructor(options: ChatServersOptions) {
    this.#options = options;
  }

  /** The channel is this server's now. */
  announce(target: Target, id: number, epoch: number): void {
    const channel = Channel.fromPartial({ id, epoch });
    this.#tell(target, (client, token) => callUnary(client.add.bind(client), channel, { token, withinMs }));
  }

  /** This seat was replaced by a newer one. */
  endSeat(target: Target, seatId: string): void {
    this.#tell(target, (client, token) => disconnect(client, token, { seatId }, 'replaced'));
  }

  /** This user was removed from the channel. */
  endUser(target: Target, channelId: number, userId: string): void {
    this.#tell(target, (client, token) => disconnect(client, token, { channelId, userId }, 'removed'));
  }

  /** The channel has another log: its people are to listen again, and come to whoever reads the new one. */
  moveChannel(target: Target, id: number): void {
    this.#tell(target, (client, token) => disconnect(client, token, { channelId: id }, 'moved'));
  }

  /** The channel was deleted: its people first, then itself. */
  endChannel(target: Target, id: number): void {
    this.#tell(target, async (client, token) => {
      await disconnect(client, token, { channelId: id }, 'channel-deleted');
      await callUnary(client.remove.bind(client), Channel.fromPartial({ id }), { token, withinMs });
    });
  }

  /** Forgets the connections to every other address. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const [address, client] of this.#clients) {
      if (addresses.has(address)) continue;
      this.#clients.delete(address);
      client.close();
    }
  }

  stop(): void {
    this.keepOnly(new Set());
  }

  #tell(target: Target, say: (client: ChatServiceClient, token: string) => Promise<unknown>): void {
    const { key, bootId, log } = this.#options;
    key
      .sign({ sub: bootId }, target.boot_id)
      .then((token) => say(this.#clientOf(target.internal_addr), token))
      .catch((err: unknown) => log.debug({ err, node: target.boot_id }, 'a chat server was not told'));
  }

  #clientOf(address: string): ChatServiceClient {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const client = new ChatServiceClient(address, this.#options.credentials, clientOptions);
    this.#clients.set(address, client);
    return client;
  }
}

function disconnect(
  client: ChatServiceClient,
  token: string,
  whom: { readonly channelId?: number; readonly userId?: string; readonly seatId?: string },
  reason: Reason,
): Promise<unknown> {
  const again = reason === 'moved' ? { listenAgain: true, retryAfterMs: refusals.moved.retryAfterMs ?? 0 } : {};
  const request = DisconnectRequest.fromPartial({ ...whom, goodbye: { reason, ...again } });
  return callUnary(client.disconnect.bind(client), request, { token, withinMs });
}
