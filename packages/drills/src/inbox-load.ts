import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { ChannelKind, createClient, type EntryEvent, type ParleyClient, type Transport, textOf } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import type { RecordedHistory, RecordedReader } from '@parley/testkit';
import { type ChatRecord, SharedEntries } from './chat-records.js';
import { GuestMover } from './guest-mover.js';
import { type GatewayAddresses, inboxTransport, type StreamTap } from './inbox-doors.js';
import { InboxPerson, nameOfChange, type StreamEnd } from './inbox-person.js';
import type { Links } from './links.js';
import { type DrillLoad, type LoadShape, retrying, storedEntries, within } from './load.js';
import type { DrillPerson } from './person.js';
import type { System } from './system.js';

/** A chat of the drill: its host adds, removes and reads. */
interface InboxRoom {
  readonly id: number;
  readonly host: ParleyClient;
  readonly people: InboxPerson[];
}

/** A period in which the streams at a gateway may end. */
interface Excuse {
  readonly gateway: string;
  readonly fromMs: number;
  untilMs: number;
}

const spareCount = 4;
/** Time to wait for entries that should not arrive. */
const settleMs = 1_000;
const limit = 100;
type Range = NonNullable<RecordedReader['away']>[number];

/**
 * Returns the ranges of entries that a user must not receive, because the user was not a member at
 * that time.
 */
function awayOf(userId: string, entries: readonly EntryEvent[]): Range[] {
  const away: Range[] = [];
  let from = 0;
  for (const entry of entries) {
    if (entry.type !== 'member' || !entry.userIds.includes(userId)) continue;
    if (!entry.joined) from = entry.seq + 1;
    else if (from > 0) {
      away.push({ from, to: entry.seq - 1 });
      from = 0;
    }
  }
  return from > 0 ? [...away, { from, to: Number.MAX_SAFE_INTEGER }] : away;
}

/** The load of a drill of gateways: users who hold inboxes, and post to their chats. */
export class InboxLoad implements DrillLoad {
  readonly rooms: InboxRoom[] = [];
  readonly talkers: InboxPerson[] = [];
  readonly spareUsers: DrillPerson[] = [];
  readonly #rate: number;
  readonly #excuses: Excuse[] = [];
  readonly #shared = new SharedEntries();
  readonly #movers: GuestMover[] = [];

  constructor(rate: number) {
    this.#rate = rate;
  }

  async start(system: System, _links: Links, { channels, people }: LoadShape): Promise<void> {
    const { local, userService } = system;
    if (local === undefined) throw new Error('The drill `inboxes` needs a Parley on this machine.');
    const calls = () => grpcTransport({ userService, channelService: system.managers.join(',') });
    const all = await system.makePeople(spareCount + channels * people);
    this.spareUsers.push(...all.splice(0, spareCount));
    const groups = Array.from({ length: channels }, (_, n) => all.slice(n * people, (n + 1) * people));
    for (const group of groups)
      await this.#makeRoom(group, groups[this.rooms.length - 1] ?? groups.at(-1) ?? [], calls());
    const gateways = await local.gateways();
    for (const [n, person] of all.entries()) this.#enter(person, n, people, gateways, calls());
    for (const one of this.talkers) one.open();
    const isIn = await within(() => this.talkers.every(({ welcomedAt }) => welcomedAt.length > 0));
    if (!isIn) throw new Error('Some inboxes did not open within a minute.');
  }

  /** Creates the chat of a group and of the group before it. The first user is its owner. */
  async #makeRoom(
    [owner, ...group]: readonly DrillPerson[],
    before: readonly DrillPerson[],
    calls: Transport,
  ): Promise<void> {
    const host = createClient({ transport: calls, token: owner?.token ?? '' });
    const fields = { name: 'drill', kind: ChannelKind.PUBLIC, limit, retention: { everything: true } };
    const { id } = await retrying(() => host.create(fields));
    this.rooms.push({ id, host, people: [] });
    const others = new Set([...group, ...before].map((one) => one.id).filter((one) => one !== owner?.id));
    const added = await retrying(() => host.members.addAll(id, [...others]));
    for (const { refusal } of added) if (refusal !== undefined) throw refusal;
  }

  /**
   * Creates user number `n`. The last user of each group is a guest in the chat of the next group.
   */
  #enter(
    person: DrillPerson,
    n: number,
    perGroup: number,
    gateways: readonly GatewayAddresses[],
    calls: Transport,
  ): void {
    const group = Math.floor(n / perGroup);
    const own = this.rooms[group] as InboxRoom;
    const next = this.rooms[(group + 1) % this.rooms.length] as InboxRoom;
    const isGuest = (n + 1) % perGroup === 0 && next !== own;
    const rooms = [...new Set([own, next])];
    const chats = rooms.filter((one) => one === own || !isGuest).map(({ id }) => id);
    const transport = (tap: StreamTap) => inboxTransport(calls, gateways, n, tap);
    const made = new InboxPerson(person, chats, transport, this.#shared);
    this.talkers.push(made);
    for (const one of rooms) one.people.push(made);
    if (isGuest)
      this.#movers.push(
        new GuestMover({ host: next.host, channelId: next.id, userId: person.id, client: made.client }),
      );
  }

  talk(): void {
    for (const [n, one] of this.talkers.entries()) one.talk(this.#rate / this.talkers.length, n);
    for (const one of this.#movers) one.start();
  }

  allAcked(since: number, withinMs: number): Promise<boolean> {
    return within(() => this.talkers.every((one) => one.isServedSince(since)), withinMs);
  }

  /**
   * Allows streams at a gateway to end from now on, because it is killed or drained. Any other end
   * of a stream fails the drill. Returns a function that ends this permission.
   */
  excuse(gateway: string): () => void {
    const excuse = { gateway, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
    this.#excuses.push(excuse);
    return () => {
      excuse.untilMs = performance.now();
    };
  }

  async settle(): Promise<string[]> {
    for (const one of this.talkers) one.stop();
    await Promise.all(this.#movers.map((one) => one.stop()));
    const silent = () => this.talkers.filter(({ unanswered }) => unanswered > 0);
    await within(() => silent().length === 0);
    for (const { id, people } of this.rooms) {
      const last = Math.max(0, ...people.map(({ wire }) => wire.of(id).lastSeq));
      await within(() => people.every((one) => one.read.of(id).lastSeq >= last));
    }
    await pause(settleMs);
    return silent().map(({ name, unanswered }) => `${name}: ${unanswered} posts`);
  }

  histories(): Promise<RecordedHistory[]> {
    return Promise.all(this.rooms.map((room) => this.#historyOf(room)));
  }

  async #historyOf({ id, host, people }: InboxRoom): Promise<RecordedHistory> {
    const entries = await storedEntries(host, id);
    const stored = entries.map((one) => {
      return { seq: one.seq, name: one.type === 'message' ? (textOf(one) ?? '') : nameOfChange(one.seq) };
    });
    const readers = people.flatMap(({ name, wire, read }) => {
      const away = awayOf(name, entries);
      const readerOf = (level: string, { startsAfter, received }: ChatRecord) => {
        return { name: `${name} ${level}`, startsAfter, received, away };
      };
      return [readerOf('on the wire', wire.of(id)), readerOf('in the SDK', read.of(id))];
    });
    const acked = people.flatMap((one) => one.acked.filter(({ channelId }) => channelId === id));
    return { channel: `chat ${id}`, acked, stored, readers };
  }

  complaints(): string[] {
    const needless = this.#needlessEnds().map((one) => `disconnected by a gateway that lived: ${one}`);
    const refused = this.talkers.flatMap(({ name, refused }) =>
      refused.map((one) => `a post of ${name} was refused: ${one}`),
    );
    const stuck = this.#movers.flatMap(({ failure }) =>
      failure === undefined ? [] : [`a guest could not be moved: ${failure}`],
    );
    const isStill = this.#movers.length > 0 && this.#removals === 0;
    return [...needless, ...refused, ...stuck, ...(isStill ? ['nobody was removed from a chat'] : [])];
  }

  counts(): Readonly<Record<string, number>> {
    return {
      'streams that ended': this.talkers.reduce((n, { ends }) => n + ends.length, 0),
      'streams that ended at a gateway that lived': this.#needlessEnds().length,
      'removals from a chat': this.#removals,
    };
  }

  get #removals(): number {
    return this.#movers.reduce((n, { removals }) => n + removals, 0);
  }

  /** Describes each end of a stream that no fault excuses. */
  #needlessEnds(): string[] {
    return this.talkers.flatMap(({ name, ends }) =>
      ends.filter((end) => !this.#isExcused(end)).map(({ gateway, reason }) => `${name} by ${gateway} (${reason})`),
    );
  }

  #isExcused({ gateway, atMs }: StreamEnd): boolean {
    return this.#excuses.some((one) => one.gateway === gateway && atMs >= one.fromMs && atMs <= one.untilMs);
  }

  async leave(): Promise<void> {
    await Promise.all(this.#movers.map((one) => one.stop()));
    await Promise.all(this.talkers.map((one) => one.leave()));
    for (const { id, host } of this.rooms) await host.delete(id).catch(() => {});
    await Promise.all(this.rooms.map(({ host }) => host.close()));
  }
}
