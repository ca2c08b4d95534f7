import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Transport } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { Chatter } from '@parley/testkit';
import type { Load } from './crowd.js';
import type { DrillPerson } from './person.js';
import type { System } from './system.js';

/** What is said to an owner that has been replaced begins with this: it is nowhere afterwards. */
export const toTheReplaced = 'to the replaced';

const endWithinMs = 2_000;
const everyMs = 100;
const askEveryMs = 1_100; // what the manager lets one user ask in the long run
const replacedWithinMs = 12_000;

/** Who is to be replaced. */
export interface ChannelOwner {
  readonly addr: string;
  readonly place: (channelId: number) => Promise<void>;
}

/** Two people of one channel: one stays with the owner of before, the other one comes to its successor. Neither retries. */
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

  /** `place` makes the server at `ownerAddr` the owner, once more where an empty channel was given back meanwhile. */
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
    throw new Error(`channel ${channelId} does not stay at ${addr}`);
  }

  /** The newcomer asks until the channel has another owner; then both talk, each to its own. False: it has none. */
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
    this.#rider.send(`${toTheReplaced}: ${clientId}`, { clientId });
    this.#successor?.send(`newcomer: ${clientId}`, { clientId: randomUUID() });
  }

  /** What the owner of before did though it was replaced; `since`: when it could know. */
  complaints(what: string, since: number): string[] {
    const found: string[] = [];
    const acked = this.#rider.messages.filter(
      ({ ack }) => ack?.refusal === undefined && this.#afterwards.has(ack?.clientId ?? ''),
    );
    if (acked.length > 0) found.push(`${what}: ${acked.length} sends acked by an owner that had been replaced`);
    const toldMs = (this.#endedAt ?? Number.POSITIVE_INFINITY) - since;
    if (toldMs > endWithinMs)
      found.push(`${what}: a reader of the replaced owner was told after ${Math.round(toldMs)} ms`);
    return found;
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#rider.cancel();
    this.#successor?.cancel();
  }
}

/** An owner is replaced while it cannot know: in a channel that keeps everything, and in one that keeps nothing. */
export class Takeover {
  readonly #transport: Transport;
  readonly #crowd: Load;
  /** The room that keeps nothing, where nothing but the lease keeps an owner from talking on. */
  readonly #relayRoom: number;
  #pairs: Pair[] = [];

  private constructor(transport: Transport, crowd: Load, relayRoom: number) {
    this.#transport = transport;
    this.#crowd = crowd;
    this.#relayRoom = relayRoom;
  }

  static async prepare({ userService, managers }: System, crowd: Load): Promise<Takeover> {
    const transport = grpcTransport({ userService, channelService: managers.join(',') });
    const host = createClient({ transport, token: crowd.guests[0]?.token ?? '' });
    const { id } = await host.create({ name: 'drill', limit: 25 });
    return new Takeover(transport, crowd, id);
  }

  /** Before: the riders take their seats at the owner. */
  async enter(owner: ChannelOwner): Promise<void> {
    const [a, b, c, d] = this.#crowd.guests as [DrillPerson, DrillPerson, DrillPerson, DrillPerson];
    const kept = await Pair.enter(this.#transport, this.#crowd.dens[0]?.id ?? 0, [a, b], owner);
    this.#pairs = [kept, await Pair.enter(this.#transport, this.#relayRoom, [c, d], owner)];
  }

  /** While the owner cannot know: resolves with what went wrong. */
  async happen(): Promise<string[]> {
    const replaced = await Promise.all(this.#pairs.map((one) => one.replace()));
    return replaced.every(Boolean) ? [] : ['a channel whose owner could not be reached got no other one'];
  }

  /** After it could know for a while; everybody leaves. */
  async end(since: number): Promise<string[]> {
    await pause(Math.max(0, since + endWithinMs + 500 - performance.now()));
    const [kept, relayed] = this.#pairs as [Pair, Pair];
    const found = [...kept.complaints('kept channel', since), ...relayed.complaints('relayed channel', since)];
    for (const one of this.#pairs) one.leave();
    return found;
  }

  close(): void {
    this.#transport.close();
  }
}
