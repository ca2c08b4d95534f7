import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type ChannelCredentials, Client, type ClientOptions } from '@grpc/grpc-js';
import { Channel, ChatService, DisconnectRequest, DrainRequest, ShowReceiptRequest } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { type Logger, type Part, type Reason, Refusal, refusals } from '@parley/runtime';
import type { ServiceClaims, SigningKey } from '@parley/service-kit';

export interface ChatServersOptions {
  readonly credentials: ChannelCredentials;
  readonly connection: ClientOptions;
  readonly key: SigningKey<ServiceClaims>;
  /** Instance id of this manager. */
  readonly instanceId: string;
  readonly log: Logger;
}

/** Address of a chat server and its instance id. */
export interface ServerTarget {
  readonly instanceId: string;
  readonly internalAddr: string;
}

/** Selection of the streams to end. */
export interface StreamSelector {
  /** Channel of the streams; absent: all channels. */
  readonly channelId?: number;
  /** User of the streams; absent: all users. */
  readonly userId?: string;
}

/**
 * Longest wait, in milliseconds, for the response to a command. A server that does not respond for
 * that long loses its lease, and then its connection is closed.
 */
const withinMs = 5_000;
/** Longest wait, in milliseconds, for the response to one try of `answers`, whose caller waits. */
const answersWithinMs = 500;
const drainWithinMs = 3_000;
const answersTries = 5;
/**
 * Outcomes after which `answers` tries again: the process may be busy, or the connection may still
 * belong to an earlier process.
 */
const noAnswer: ReadonlySet<Reason | 'ok'> = new Set(['unreachable', 'deadline-exceeded']);
const answersAgainMs = 300;

/**
 * Sends commands to chat servers. Callers wait only for `drain` and `answers`. The other commands
 * only save time: without them, the servers or their clients find out a little later.
 */
export class ChatServers implements Part {
  readonly #options: ChatServersOptions;
  readonly #clients = new Map<string, Client>();

  constructor(options: ChatServersOptions) {
    this.#options = options;
  }

  /** Tells the server that it owns the channel. */
  announce(target: ServerTarget, id: number, epoch: number): void {
    const channel = Channel.fromPartial({ id, epoch });
    this.#send(target, (client, token) => callUnary(client, ChatService.add, channel, { token, withinMs }));
  }

  /** Ends a seat that a newer one has replaced. */
  endSeat(target: ServerTarget, seatId: string): void {
    this.#send(target, (client, token) => disconnect(client, token, { seatId }, 'replaced'));
  }

  /** Disconnects a user removed from the channel. */
  endUser(target: ServerTarget, channelId: number, userId: string): void {
    this.#send(target, (client, token) => disconnect(client, token, { channelId, userId }, 'removed'));
  }

  /** Tells the server that the receipt of a member has moved, so that it shows the receipt. */
  showReceipt(target: ServerTarget, channelId: number, userId: string): void {
    const request = ShowReceiptRequest.fromPartial({ channelId, userId });
    this.#send(target, (client, token) => callUnary(client, ChatService.showReceipt, request, { token, withinMs }));
  }

  /** Ends streams on behalf of an operator, by a kick, a suspension or a deletion. */
  endStreams(target: ServerTarget, selector: StreamSelector, reason: 'kicked' | 'suspended' | 'logged-out'): void {
    this.#send(target, (client, token) => disconnect(client, token, selector, reason));
  }

  /**
   * Tells clients of a channel with a new log to Listen again, so that they reach a server that
   * reads it.
   */
  moveChannel(target: ServerTarget, id: number): void {
    this.#send(target, (client, token) => disconnect(client, token, { channelId: id }, 'moved'));
  }

  /** Disconnects the clients of a deleted channel, then removes the channel. */
  endChannel(target: ServerTarget, id: number): void {
    this.#send(target, async (client, token) => {
      await disconnect(client, token, { channelId: id }, 'channel-deleted');
      await callUnary(client, ChatService.remove, Channel.fromPartial({ id }), { token, withinMs });
    });
  }

  /**
   * Makes the server give back all its channels. Returns once the server has accepted.
   * @throws {Refusal} from the server or the connection to it.
   */
  async drain(target: ServerTarget): Promise<void> {
    const { key, instanceId } = this.#options;
    const token = await key.sign({ sub: instanceId }, target.instanceId);
    const client = this.#clientOf(target.internalAddr);
    await callUnary(client, ChatService.drain, DrainRequest.create(), { token, withinMs: drainWithinMs });
  }

  /**
   * Returns whether the process at this address has this instance id; false if it does not respond.
   * Only that process accepts a token for the id.
   */
  async answers(target: ServerTarget): Promise<boolean> {
    const { key, instanceId } = this.#options;
    const token = await key.sign({ sub: instanceId }, target.instanceId);
    const client = this.#clientOf(target.internalAddr);
    for (let tries = 0; tries < answersTries; tries++) {
      const outcome = await reasonOfCall(
        disconnect(client, token, { seatId: randomUUID() }, 'replaced', answersWithinMs),
      );
      if (!noAnswer.has(outcome)) return outcome === 'ok';
      await pause(answersAgainMs);
    }
    return false;
  }

  /** Closes the connections to all addresses that are not in the set. */
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

  #send(target: ServerTarget, command: (client: Client, token: string) => Promise<unknown>): void {
    const { key, instanceId, log } = this.#options;
    key
      .sign({ sub: instanceId }, target.instanceId)
      .then((token) => command(this.#clientOf(target.internalAddr), token))
      .catch((err: unknown) => log.debug({ err, node: target.instanceId }, 'cannot notify a chat server'));
  }

  #clientOf(address: string): Client {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const { credentials, connection } = this.#options;
    const client = new Client(address, credentials, { ...clientOptions, ...connection });
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
  selector: StreamSelector & { readonly seatId?: string },
  reason: Reason,
  deadlineMs = withinMs,
): Promise<unknown> {
  const again = reason === 'moved' ? { listenAgain: true, retryAfterMs: refusals.moved.retryAfterMs ?? 0 } : {};
  const request = DisconnectRequest.fromPartial({ ...selector, goodbye: { reason, ...again } });
  return callUnary(client, ChatService.disconnect, request, { token, withinMs: deadlineMs });
}
