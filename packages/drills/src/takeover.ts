import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Transport } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { Chatter } from '@parley/testkit';
import type { DrillLoad } from './load.js';
import type { DrillPerson } from './person.js';
import type { System } from './system.js';

/**
 * Prefix of messages that are sent to a replaced server. Such messages must not appear anywhere.
 */
export const staleOwnerPrefix = 'to the replaced';

const endWithinMs = 2_000;
const everyMs = 100;
const askEveryMs = 1_100; // A manager allows one user about one Listen per second.
const replacedWithinMs = 12_000;

/** The chat server that will be replaced. `place` moves a channel to it first. */
export interface ChannelOwner {
  readonly addr: string;
  readonly place: (channelId: number) => Promise<void>;
}

/**
 * Two users of one channel. One stays connected to the old server, and the other joins at its
 * successor. Neither retries a send.
 */
class Pair {
  readonly #transport: Transport;
  readonly #channelId: number;
  readonly #newcomer: DrillPerson;
  readonly #ownerAddr: string;
  readonly #rider: Chatter;
  readonly #afterwards = new Set<string>();
  #successor: Chatter | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endedAt: number | undefined;

  private constructor(
    transport: Transport,
    channelId: number,
    rider: Chatter,
    newcomer: DrillPerson,
    ownerAddr: string,
  ) {
    this.#transport = transport;
    this.#channelId = channelId;
    this.#rider = rider;
    this.#newcomer = newcomer;
    this.#ownerAddr = ownerAddr;
    void rider.ended.then(() => {
      this.#endedAt = performance.now();
    });
  }

  /**
   * Connects the first user to the owning server. Calls `place` to move the channel there, and
   * calls it again if the server gave the empty channel back in between.
   * @throws {Error} if the channel does not stay there
   */
  static async enter(
    transport: Transport,
    channelId: number,
    [stays, comes]: readonly [DrillPerson, DrillPerson],
    { addr, place }: ChannelOwner,
  ): Promise<Pair> {
    for (const end = performance.now() + replacedWithinMs; performance.now() < end; await pause(askEveryMs)) {
      await place(channelId);
      const seat = await transport.listen(channelId, { token: stays.token });
      if (seat.server?.addr !== addr) continue;
      const rider = new Chatter(seat, { events: true });
      await rider.find(({ welcome }) => welcome !== undefined);
      return new Pair(transport, channelId, rider, comes, addr);
    }
    throw new Error(`Channel ${channelId} does not stay at ${addr}.`);
  }

  /**
   * Lets the second user call Listen until the channel has another owning server. Then each user
   * sends to the server to which they are connected. Returns false if no other server appears.
   */
  async replace(): Promise<boolean> {
    for (const end = performance.now() + replacedWithinMs; performance.now() < end; await pause(askEveryMs)) {
      const asked = this.#transport.listen(this.#channelId, { token: this.#newcomer.token });
      const seat = await asked.catch(() => undefined);
      if (seat?.server === undefined || seat.server.addr === this.#ownerAddr) continue;
      this.#successor = new Chatter(seat, { events: true });
      await this.#successor.find(({ welcome }) => welcome !== undefined);
      this.#timer = setInterval(() => this.#talk(), everyMs);
      return true;
    }
    return false;
  }

  #talk(): void {
    const clientId = randomUUID();
    this.#afterwards.add(clientId);
    this.#rider.send(`${staleOwnerPrefix}: ${clientId}`, { clientId });
    this.#successor?.send(`newcomer: ${clientId}`, { clientId: randomUUID() });
  }

  /**
   * Returns complaints about the old server after it was replaced. `since` is the time from which
   * it could know of its successor.
   */
  complaints(subject: string, since: number): string[] {
    const found: string[] = [];
    const acked = this.#rider.messages.filter(
      ({ ack }) => ack?.refusal === undefined && this.#afterwards.has(ack?.clientId ?? ''),
    );
    if (acked.length > 0) found.push(`${subject}: ${acked.length} sends acked by a replaced owner`);
    const endedMs = (this.#endedAt ?? Number.POSITIVE_INFINITY) - since;
    if (endedMs > endWithinMs)
      found.push(`${subject}: a reader of the replaced owner was disconnected only after ${Math.round(endedMs)} ms`);
    return found;
  }

  /** Disconnects both users. */
  leave(): void {
    clearInterval(this.#timer);
    this.#rider.cancel();
    this.#successor?.cancel();
  }
}

/**
 * Checks that a chat server that was replaced without knowing it does no harm, in a channel with
 * history and in one without.
 */
export class Takeover {
  readonly #transport: Transport;
  readonly #load: DrillLoad;
  /** A room without history, in which only the lease stops an old server from relaying. */
  readonly #relayRoom: number;
  #pairs: Pair[] = [];

  private constructor(transport: Transport, load: DrillLoad, relayRoom: number) {
    this.#transport = transport;
    this.#load = load;
    this.#relayRoom = relayRoom;
  }

  /** Creates the room without history. */
  static async prepare({ userService, managers }: System, load: DrillLoad): Promise<Takeover> {
    const transport = grpcTransport({ userService, channelService: managers.join(',') });
    const host = createClient({ transport, token: load.spareUsers[0]?.token ?? '' });
    const { id } = await host.create({ name: 'drill', limit: 25 });
    return new Takeover(transport, load, id);
  }

  /** Connects the first users at the owning server, before the disturbance. */
  async enter(owner: ChannelOwner): Promise<void> {
    const [a, b, c, d] = this.#load.spareUsers as [DrillPerson, DrillPerson, DrillPerson, DrillPerson];
    const stored = await Pair.enter(this.#transport, this.#load.rooms[0]?.id ?? 0, [a, b], owner);
    this.#pairs = [stored, await Pair.enter(this.#transport, this.#relayRoom, [c, d], owner)];
  }

  /**
   * Waits until another server has replaced the owning server, which cannot know of it. Returns
   * complaints.
   */
  async replace(): Promise<string[]> {
    const replaced = await Promise.all(this.#pairs.map((one) => one.replace()));
    return replaced.every(Boolean) ? [] : ['a channel with an unreachable owner got no new owner'];
  }

  /**
   * Ends the check after the old server has had time to notice its successor. Returns complaints.
   */
  async end(since: number): Promise<string[]> {
    await pause(Math.max(0, since + endWithinMs + 500 - performance.now()));
    const [stored, relayed] = this.#pairs as [Pair, Pair];
    const found = [...stored.complaints('stored channel', since), ...relayed.complaints('relayed channel', since)];
    for (const one of this.#pairs) one.leave();
    return found;
  }

  close(): void {
    this.#transport.close();
  }
}
