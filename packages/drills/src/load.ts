import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type EntryEvent, type ParleyClient, Refusal, textOf } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import type { NamedEntry, RecordedHistory } from '@parley/testkit';
import type { Links } from './links.js';
import type { DrillPerson } from './person.js';
import type { System } from './system.js';
import { Talker } from './talker.js';

const drainWithinMs = 60_000;
const inFlight = 8;

/** A channel with unlimited history, and the users who send there. */
export interface TestRoom {
  readonly id: number;
  readonly host: ParleyClient;
  readonly talkers: Talker[];
}

/** Size of the load. */
export interface LoadShape {
  readonly channels: number;
  /** People per channel. */
  readonly people: number;
  /** Total messages per second. */
  readonly rate: number;
}

/** The part of a user of a load that the verdict reads. */
export type DrillTalker = Pick<
  Talker,
  'name' | 'acked' | 'ackedAt' | 'welcomedAt' | 'late' | 'endReason' | 'silenceSince'
>;

/** The users of a drill, and their channels. */
export interface DrillLoad {
  readonly talkers: readonly DrillTalker[];
  readonly rooms: readonly Pick<TestRoom, 'id'>[];
  /** Users with an account but no seat. */
  readonly spareUsers: readonly DrillPerson[];
  /**
   * Creates the users and their channels. If that fails, `leave` removes what exists.
   */
  start(system: System, links: Links, shape: LoadShape): Promise<void>;
  /** Starts sending. */
  talk(): void;
  /**
   * Resolves with true once everyone has an ack that is newer than `since`, or with false after
   * `withinMs`.
   */
  allAcked(since: number, withinMs: number): Promise<boolean>;
  /**
   * Stops sending and waits until everyone has received everything. Returns the users with
   * unanswered sends.
   */
  settle(): Promise<string[]>;
  /** Returns the history of each channel: what readers received, and what History holds. */
  histories(): Promise<RecordedHistory[]>;
  /** Returns complaints about faults that the histories do not show. */
  complaints(): string[];
  /** Returns numbers for the report. */
  counts(): Readonly<Record<string, number>>;
  /** Leaves and deletes every channel. */
  leave(): Promise<void>;
}

export async function within(holds: () => boolean, withinMs = drainWithinMs): Promise<boolean> {
  for (const end = performance.now() + withinMs; !holds(); await pause(20)) {
    if (performance.now() > end) return false;
  }
  return true;
}

/** Retries a call after the delay that its refusal suggests, if there is one. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.retryAfterMs === 0) throw thrown;
      await pause(thrown.retryAfterMs);
    }
  }
}

/** The load of a drill: users who send while things break. Records what they receive. */
export class Load implements DrillLoad {
  readonly rooms: TestRoom[] = [];
  readonly spareUsers: DrillPerson[] = [];
  readonly #clients: ParleyClient[] = [];
  readonly #rate: number;

  constructor(rate: number) {
    this.#rate = rate;
  }

  async start(system: System, links: Links, shape: LoadShape, spareUsers = 4): Promise<void> {
    const { userService } = system;
    const channelService = system.managers.join(',');
    const all = await system.makePeople(spareUsers + shape.channels * shape.people);
    this.spareUsers.push(...all.slice(0, spareUsers));
    for (let at = spareUsers; at < all.length; at += shape.people) {
      const persons = all.slice(at, at + shape.people);
      const transport = () => links.through(grpcTransport({ userService, channelService }));
      const own = persons.map(({ token }) => createClient({ transport: transport(), token }));
      this.#clients.push(...own);
      await this.#join(own, persons);
    }
  }

  async #join(clients: readonly ParleyClient[], persons: readonly DrillPerson[]): Promise<void> {
    const [host] = clients as [ParleyClient];
    const { id } = await retrying(() => host.create({ name: 'drill', limit: 25, retention: { everything: true } }));
    const room: TestRoom = { id, host, talkers: [] };
    this.rooms.push(room);
    const joined = clients.map(async (client, at) => {
      return new Talker(persons[at]?.id ?? '', await client.listen(id, { inFlight }));
    });
    room.talkers.push(...(await Promise.all(joined)));
  }

  /** The users of every room. */
  get talkers(): Talker[] {
    return this.rooms.flatMap(({ talkers }) => talkers);
  }

  talk(): void {
    const { talkers } = this;
    for (const [n, one] of talkers.entries()) one.talk(this.#rate / talkers.length, n);
  }

  allAcked(since: number, withinMs: number): Promise<boolean> {
    return within(() => this.talkers.every(({ ackedAt }) => (ackedAt.at(-1) ?? 0) >= since), withinMs);
  }

  async settle(): Promise<string[]> {
    for (const one of this.talkers) one.stop();
    const silent = () => this.talkers.filter(({ unanswered }) => unanswered > 0);
    await within(() => silent().length === 0);
    for (const { talkers } of this.rooms) {
      const last = Math.max(...talkers.flatMap(({ acked }) => acked.slice(-inFlight).map(({ seq }) => seq)));
      await within(() => talkers.every(({ lastSeq }) => lastSeq >= last));
    }
    await pause(500); // Allows time for entries that should not arrive.
    return silent().map(
      ({ name, unanswered, lastSeq }) => `${name}: ${unanswered} sends, received up to seq ${lastSeq}`,
    );
  }

  histories(): Promise<RecordedHistory[]> {
    const recorded = this.rooms.map(async ({ id, host, talkers }) => ({
      channel: `channel ${id}`,
      acked: talkers.flatMap(({ acked }) => acked),
      stored: await storedIn(host, id),
      readers: talkers,
    }));
    return Promise.all(recorded);
  }

  complaints(): string[] {
    return [];
  }

  counts(): Readonly<Record<string, number>> {
    return {};
  }

  async leave(): Promise<void> {
    for (const one of this.talkers) one.stop();
    for (const { id, host } of this.rooms) await host.delete(id).catch(() => {});
    await Promise.all(this.#clients.map((one) => one.close()));
  }
}

async function storedIn(host: ParleyClient, channelId: number): Promise<NamedEntry[]> {
  const entries = await storedEntries(host, channelId);
  return entries.flatMap((one) => (one.type === 'message' ? [{ seq: one.seq, name: textOf(one) ?? '' }] : []));
}

/** Reads the whole history of a channel, from the last page back. Returns it in order. */
export async function storedEntries(host: ParleyClient, channelId: number): Promise<EntryEvent[]> {
  const stored: EntryEvent[] = [];
  let before = 0;
  for (let more = true; more; ) {
    const page = await retrying(() => host.history(channelId, { before, size: 100 }));
    stored.push(...page.entries);
    before = Math.min(...page.entries.map(({ seq }) => seq));
    more = page.more && page.entries.length > 0;
  }
  return stored.toSorted((one, other) => one.seq - other.seq);
}
