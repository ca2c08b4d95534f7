import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type ChannelCredentials, Client } from '@grpc/grpc-js';
import { Channel, ChatService, DisconnectRequest, DrainRequest } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { type Logger, type Part, type Reason, Refusal, refusals } from '@parley/runtime';
import type { ServiceClaims, SigningKey } from '@parley/service-kit';

export interface ChatServersOptions {
  readonly credentials: ChannelCredentials;
  readonly key: SigningKey<ServiceClaims>;
  /** Of this manager. */
  readonly bootId: string;
  readonly log: Logger;
}

/** A chat server to be told something. */
export interface ServerTarget {
  readonly boot_id: string;
  readonly internal_addr: string;
}

/** Whose streams end. */
export interface Whom {
  /** Absent: in every channel. */
  readonly channelId?: number;
  /** Absent: everybody's. */
  readonly userId?: string;
}

const withinMs = 500;
const drainWithinMs = 3_000;
const answersTries = 5;
const answersAgainMs = 300;

/**
 * Commands to chat servers. Each but `drain` is a courtesy that makes quick what they would find out by themselves, so nobody waits
 * for it.
 */
export class ChatServers implements Part {
  readonly #options: ChatServersOptions;
  readonly #clients = new Map<string, Client>();

  constructor(options: ChatServersOptions) {
    this.#options = options;
  }

  /** The channel is this server's now. */
  announce(target: ServerTarget, id: number, epoch: number): void {
    const channel = Channel.fromPartial({ id, epoch });
    this.#tell(target, (client, token) => callUnary(client, ChatService.add, channel, { token, withinMs }));
  }

  /** This seat was replaced by a newer one. */
  endSeat(target: ServerTarget, seatId: string): void {
    this.#tell(target, (client, token) => disconnect(client, token, { seatId }, 'replaced'));
  }

  /** This user was removed from the channel. */
  endUser(target: ServerTarget, channelId: number, userId: string): void {
    this.#tell(target, (client, token) => disconnect(client, token, { channelId, userId }, 'removed'));
  }

  /** An administrator ended these, or suspended the user. */
  endStreams(target: ServerTarget, whom: Whom, reason: 'kicked' | 'suspended'): void {
    this.#tell(target, (client, token) => disconnect(client, token, whom, reason));
  }

  /** The channel has another log: its people are to listen again, and come to whoever reads the new one. */
  moveChannel(target: ServerTarget, id: number): void {
    this.#tell(target, (client, token) => disconnect(client, token, { channelId: id }, 'moved'));
  }

  /** The channel was deleted: its people first, then itself. */
  endChannel(target: ServerTarget, id: number): void {
    this.#tell(target, async (client, token) => {
      await disconnect(client, token, { channelId: id }, 'channel-deleted');
      await callUnary(client, ChatService.remove, Channel.fromPartial({ id }), { token, withinMs });
    });
  }

  /**
   * Gives every channel of the server back. Waits until the server has taken the order.
   * @throws {Refusal} of the server, or of the connection to it.
   */
  async drain(target: ServerTarget): Promise<void> {
    const { key, bootId } = this.#options;
    const token = await key.sign({ sub: bootId }, target.boot_id);
    const client = this.#clientOf(target.internal_addr);
    await callUnary(client, ChatService.drain, DrainRequest.create(), { token, withinMs: drainWithinMs });
  }

  /** Whether the process at this address is the one with this boot id: no other takes a token for it. */
  async answers(target: ServerTarget): Promise<boolean> {
    const { key, bootId } = this.#options;
    const token = await key.sign({ sub: bootId }, target.boot_id);
    const client = this.#clientOf(target.internal_addr);
    for (let tries = 0; tries < answersTries; tries++) {
      const outcome = await reasonOfCall(disconnect(client, token, { seatId: randomUUID() }, 'replaced'));
      if (outcome !== 'unreachable') return outcome === 'ok'; // the connection may be one to an earlier life
      await pause(answersAgainMs);
    }
    return false;
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

  #tell(target: ServerTarget, say: (client: Client, token: string) => Promise<unknown>): void {
    const { key, bootId, log } = this.#options;
    key
      .sign({ sub: bootId }, target.boot_id)
      .then((token) => say(this.#clientOf(target.internal_addr), token))
      .catch((err: unknown) => log.debug({ err, node: target.boot_id }, 'a chat server was not told'));
  }

  #clientOf(address: string): Client {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const client = new Client(address, this.#options.credentials, clientOptions);
    this.#clients.set(address, client);
    return client;
  }
}

function reasonOfCall(call: Promise<unknown>): Promise<Reason | 'ok'> {
  return call.then(
    () => 'ok' as const,
    (thrown: unknown) => (thrown instanceof Refusal ? thrown.reason : 'internal'),
  );
}

function disconnect(
  client: Client,
  token: string,
  whom: Whom & { readonly seatId?: string },
  reason: Reason,
): Promise<unknown> {
  const again = reason === 'moved' ? { listenAgain: true, retryAfterMs: refusals.moved.retryAfterMs ?? 0 } : {};
  const request = DisconnectRequest.fromPartial({ ...whom, goodbye: { reason, ...again } });
  return callUnary(client, ChatService.disconnect, request, { token, withinMs });
}
