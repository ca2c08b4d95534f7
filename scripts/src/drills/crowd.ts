import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Conversation, type ConversationEvent, createClient, type ParleyClient, textOf } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { type Heard, type NamedEntry, People, type RecordedHistory, type TestPerson } from '@parley/testkit';
import type { Cluster } from './cluster.js';

const nobody = '127.0.0.1:1';
const drainWithinMs = 60_000;
const inFlight = 8;
const stateEvents: ReadonlySet<string> = new Set(['welcome', 'live', 'reconnecting', 'ended']);

function heardOf(event: ConversationEvent): Heard | undefined {
  if (event.type === 'message') return { is: 'entry', seq: event.seq, name: textOf(event) ?? '' };
  if (event.type === 'gap') return { is: 'gap', from: event.from, to: event.to };
  return event.type === 'reset' ? { is: 'reset', seq: event.place.seq } : undefined;
}

/** One person in one channel: says numbered things at a steady rate, and remembers all that was acked and heard. */
export class Talker {
  readonly name: string;
  readonly acked: NamedEntry[] = [];
  readonly heard: Heard[] = [];
  /** When acks came, ms. */
  readonly ackedAt: number[] = [];
  readonly startsAfter: number;
  /** Reasons of sends that were given back to their caller. */
  readonly refused = new Map<string, number>();
  /** Reasons for which the stream was opened again. */
  readonly reconnected = new Map<string, number>();
  over: string | undefined;
  lastSeq = 0;
  unanswered = 0;
  /** What was last heard about the connection, and when. */
  state = '';
  readonly #conversation: Conversation;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(name: string, conversation: Conversation) {
    this.name = name;
    this.#conversation = conversation;
    this.startsAfter = conversation.place?.seq ?? 0;
    this.lastSeq = this.startsAfter;
    void this.#read();
  }

  talk(perSecond: number): void {
    this.#timer = setInterval(() => void this.#say(), 1_000 / perSecond);
  }

  hush(): void {
    clearInterval(this.#timer);
  }

  async #say(): Promise<void> {
    this.#count += 1;
    this.unanswered += 1;
    const name = `${this.name}:${this.#count}`;
    try {
      const { seq } = await this.#conversation.send(name);
      this.acked.push({ seq, name });
      this.ackedAt.push(performance.now());
    } catch (thrown) {
      count(this.refused, (thrown as { reason?: string }).reason ?? String(thrown));
    }
    this.unanswered -= 1;
  }

  async #read(): Promise<void> {
    for await (const event of this.#conversation) {
      const heard = heardOf(event);
      if (heard !== undefined) this.heard.push(heard);
      if (event.type === 'message') this.lastSeq = event.seq;
      if (stateEvents.has(event.type)) this.state = `${event.type} at ${new Date().toISOString()}`;
      if (event.type === 'reconnecting') count(this.reconnected, event.reason);
      if (event.type === 'ended') this.over = event.reason;
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** A channel that keeps everything, and who talks in it. */
export interface Den {
  readonly id: number;
  readonly talkers: readonly Talker[];
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + drainWithinMs; !holds(); await pause(50)) {
    if (performance.now() > end) throw new Error(`not in ${drainWithinMs / 1_000} s: ${what}`);
  }
}

/** Everybody, with the accounts and channels made by SQL. */
export class Crowd {
  readonly dens: readonly Den[];
  readonly guests: readonly TestPerson[];
  readonly #people: People;
  readonly #clients: readonly ParleyClient[];

  private constructor(people: People, guests: readonly TestPerson[], clients: readonly ParleyClient[], dens: Den[]) {
    this.#people = people;
    this.guests = guests;
    this.#clients = clients;
    this.dens = dens;
  }

  /** `channels` rooms with `each` people in them. Two more have an account and no seat. */
  static async gather(cluster: Cluster, channels: number, each: number): Promise<Crowd> {
    const people = await People.open(cluster.database);
    const guests = await people.makeMany('guest', 2);
    const transport = () => grpcTransport({ userService: nobody, channelService: cluster.managerAddress });
    const clients: ParleyClient[] = [];
    const dens: Den[] = [];
    for (let n = 1; n <= channels; n++) {
      const persons = await people.makeMany(`p${n}`, each);
      const own = persons.map(({ token }) => createClient({ transport: transport(), token }));
      clients.push(...own);
      dens.push(await enter(own, persons));
    }
    return new Crowd(people, guests, clients, dens);
  }

  get talkers(): Talker[] {
    return this.dens.flatMap(({ talkers }) => talkers);
  }

  /** Everybody talks; so many messages a second together. */
  talk(perSecond: number): void {
    const { talkers } = this;
    for (const one of talkers) one.talk(perSecond / talkers.length);
  }

  /** Nobody talks any more; resolves when everybody has heard all, with whose sends were never answered. */
  async drain(): Promise<string[]> {
    for (const one of this.talkers) one.hush();
    const silent = () => this.talkers.filter(({ unanswered }) => unanswered > 0);
    await until('every send answered', () => silent().length === 0).catch(() => {});
    for (const { id, talkers } of this.dens) {
      const last = (await this.#stored(id)).at(-1)?.seq ?? 0;
      await until(`all of channel ${id} heard`, () => talkers.every(({ lastSeq }) => lastSeq >= last)).catch(() => {});
    }
    await pause(500); // for what should not come
    return silent().map(
      ({ name, unanswered, state, lastSeq }) => `${name}: ${unanswered} sends, ${state}, heard ${lastSeq}`,
    );
  }

  /** All that happened, channel by channel. */
  async histories(): Promise<RecordedHistory[]> {
    const recorded = this.dens.map(async ({ id, talkers }) => ({
      channel: `channel ${id}`,
      acked: talkers.flatMap(({ acked }) => acked),
      stored: await this.#stored(id),
      readers: talkers,
    }));
    return Promise.all(recorded);
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.map((one) => one.close()));
    await this.#people.close();
  }

  async #stored(channelId: number): Promise<NamedEntry[]> {
    const rows = await this.#people.sql(
      `SELECT seq::int AS seq, convert_from(data, 'UTF8') AS name FROM chat.message WHERE channel_id = $1 ORDER BY seq`,
      [channelId],
    );
    return rows.map(({ seq, name }) => ({ seq: Number(seq), name: String(name) }));
  }
}

async function enter(clients: readonly ParleyClient[], persons: readonly TestPerson[]): Promise<Den> {
  const [host] = clients as [ParleyClient];
  const { id } = await host.create({ name: 'den', limit: 25, keep: { everything: true } });
  const entered = clients.map(async (client, at) => {
    return new Talker(persons[at]?.id ?? '', await client.listen(id, { inFlight }));
  });
  return { id, talkers: await Promise.all(entered) };
}
