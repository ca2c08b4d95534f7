import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type ParleyClient, Refusal, textOf } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import type { NamedEntry, RecordedHistory } from '@parley/testkit';
import type { Links } from './links.js';
import type { DrillPerson } from './person.js';
import type { System } from './system.js';
import { Talker } from './talker.js';

const drainWithinMs = 60_000;
const inFlight = 8;

/** A channel that keeps everything, and who talks in it. */
export interface TestRoom {
  readonly id: number;
  readonly host: ParleyClient;
  readonly talkers: Talker[];
}

export interface LoadShape {
  readonly channels: number;
  /** People in each. */
  readonly people: number;
  /** Messages a second of all together. */
  readonly rate: number;
}

async function until(holds: () => boolean, withinMs = drainWithinMs): Promise<boolean> {
  for (const end = performance.now() + withinMs; !holds(); await pause(20)) {
    if (performance.now() > end) return false;
  }
  return true;
}

/** Again after the hint, where the refusal has one. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.retryAfterMs === 0) throw thrown;
      await pause(thrown.retryAfterMs);
    }
  }
}

/** The counting client: everybody who talks while things break. */
export class Load {
  readonly dens: TestRoom[] = [];
  /** They have an account and no seat. */
  readonly guests: DrillPerson[] = [];
  readonly #clients: ParleyClient[] = [];
  readonly #rate: number;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Makes the people and their rooms, and lets them in. Where that fails, `leave` takes away what was made. */
  async gather(system: System, links: Links, shape: LoadShape, guests = 4): Promise<void> {
    const { userService } = system;
    const channelService = system.managers.join(',');
    const all = await system.makePeople(guests + shape.channels * shape.people);
    this.guests.push(...all.slice(0, guests));
    for (let at = guests; at < all.length; at += shape.people) {
      const persons = all.slice(at, at + shape.people);
      const transport = () => links.through(grpcTransport({ userService, channelService }));
      const own = persons.map(({ token }) => createClient({ transport: transport(), token }));
      this.#clients.push(...own);
      await this.#enter(own, persons);
    }
  }

  async #enter(clients: readonly ParleyClient[], persons: readonly DrillPerson[]): Promise<void> {
    const [host] = clients as [ParleyClient];
    const { id } = await patiently(() => host.create({ name: 'drill', limit: 25, keep: { everything: true } }));
    const den: TestRoom = { id, host, talkers: [] };
    this.dens.push(den);
    const entered = clients.map(async (client, at) => {
      return new Talker(persons[at]?.id ?? '', await client.listen(id, { inFlight }));
    });
    den.talkers.push(...(await Promise.all(entered)));
  }

  get talkers(): Talker[] {
    return this.dens.flatMap(({ talkers }) => talkers);
  }

  talk(): void {
    const { talkers } = this;
    for (const one of talkers) one.talk(this.#rate / talkers.length);
  }

  /** Resolves when everybody has been acked since then. False: not in that time. */
  allAcked(since: number, withinMs: number): Promise<boolean> {
    return until(() => this.talkers.every(({ ackedAt }) => (ackedAt.at(-1) ?? 0) >= since), withinMs);
  }

  /** Nobody talks any more. Resolves when everybody has heard all, with whose sends were never answered. */
  async settle(): Promise<string[]> {
    for (const one of this.talkers) one.hush();
    const silent = () => this.talkers.filter(({ unanswered }) => unanswered > 0);
    await until(() => silent().length === 0);
    for (const { talkers } of this.dens) {
      const last = Math.max(...talkers.flatMap(({ acked }) => acked.slice(-inFlight).map(({ seq }) => seq)));
      await until(() => talkers.every(({ lastSeq }) => lastSeq >= last));
    }
    await pause(500); // for what should not come
    return silent().map(({ name, unanswered, lastSeq }) => `${name}: ${unanswered} sends, heard up to ${lastSeq}`);
  }

  /** All that happened, channel by channel: what the readers were told, and what History has. */
  histories(): Promise<RecordedHistory[]> {
    const recorded = this.dens.map(async ({ id, host, talkers }) => ({
      channel: `channel ${id}`,
      acked: talkers.flatMap(({ acked }) => acked),
      stored: await storedIn(host, id),
      readers: talkers,
    }));
    return Promise.all(recorded);
  }

  /** Everybody leaves, and the rooms are deleted. */
  async leave(): Promise<void> {
    for (const one of this.talkers) one.hush();
    for (const { id, host } of this.dens) await host.delete(id).catch(() => {});
    await Promise.all(this.#clients.map((one) => one.close()));
  }
}

/** Page by page from the last one back. */
async function storedIn(host: ParleyClient, channelId: number): Promise<NamedEntry[]> {
  const stored: NamedEntry[] = [];
  let before = 0;
  for (let more = true; more; ) {
    const page = await patiently(() => host.history(channelId, { before, size: 100 }));
    for (const entry of page.entries) {
      if (entry.type === 'message') stored.push({ seq: entry.seq, name: textOf(entry) ?? '' });
    }
    before = Math.min(...page.entries.map(({ seq }) => seq));
    more = page.more && page.entries.length > 0;
  }
  return stored.toSorted((one, other) => one.seq - other.seq);
}
