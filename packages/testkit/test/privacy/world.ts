import { randomUUID } from 'node:crypto';
import { type Channel, ChannelService, Invite, SearchRequest } from '@parley/contract';
import { type Chatter, callPatiently, type TestPerson, Trio, until } from '../../src/index.js';
import { encoded } from './calls.js';
import { RawClient } from './raw-call.js';

/** Relations of a person to a channel. */
export const roles = ['stranger', 'former', 'banned', 'blocked', 'suspended', 'member'] as const;
export type Role = (typeof roles)[number];

export const kinds = ['room', 'passing room', 'public', 'private', 'group', 'direct', 'deleted', 'unknown'] as const;
export type Kind = (typeof kinds)[number];

/** Parts of a channel in which a secret word is planted. */
export const parts = ['facts', 'early', 'late', 'edited', 'link'] as const;
export type Part = (typeof parts)[number];

/** A service by one of its names; the manager has several. */
export type ServiceName = 'UserService' | 'ChannelService' | 'ChatService' | 'InboxService';

/** One person in their relation to one channel. */
export interface Account {
  readonly role: Role;
  readonly kind: Kind;
  readonly person: TestPerson;
  readonly channel: number;
  readonly log: string;
  /** Seq of an early message; 1 if the channel has none. */
  readonly seq: number;
}

const numbers = { room: 1, 'passing room': 1, public: 4, private: 5, group: 3, deleted: 3 } as const;
const neverExisted = 2_000_000_000;
const withinMs = 30_000;
const forever = 4e12;

const idOf = (role: Role, kind: Kind) => `${role}-${kind.replace(' ', '-')}`;

/** Returns the word that is planted only in this part of the channel of this kind. */
export function wordOf(kind: Kind, part: Part): string {
  return `w${part}${kind.replace(' ', '')}w`;
}

/**
 * Words in the profiles of the owner and the members, which only they themselves and operators may
 * see.
 */
export const privateWords = ['ownersaboutw', 'ownersmailw', 'membersaboutw', 'membersmailw'] as const;

/** Running services, and a channel of each kind with all its people. */
export class World {
  readonly trio: Trio;
  readonly #addresses: { readonly users: string; readonly gateway: string };
  readonly accounts: Account[] = [];
  readonly links = new Map<Kind, string>();
  readonly owner: TestPerson;
  readonly operator: TestPerson;
  readonly #raw: RawClient[] = [];
  #own: RawClient | undefined;

  private constructor(
    trio: Trio,
    addresses: { users: string; gateway: string },
    owner: TestPerson,
    operator: TestPerson,
  ) {
    this.trio = trio;
    this.#addresses = addresses;
    this.owner = owner;
    this.operator = operator;
  }

  static async open(): Promise<World> {
    const trio = await Trio.start();
    const { grpc } = await trio.startUserService();
    const gateway = await trio.startGateway();
    const { people } = trio;
    const world = new World(
      trio,
      { users: grpc, gateway: gateway.grpc },
      await people.make('owner'),
      await people.make('operator', 'admin'),
    );
    await world.#fill();
    return world;
  }

  async close(): Promise<void> {
    for (const client of this.#raw) client.close();
    await this.trio.stop();
  }

  /** Opens a connection that nobody else uses. */
  connect(service: ServiceName): RawClient {
    const { managers, chatServers } = this.trio;
    const address = {
      UserService: this.#addresses.users,
      ChannelService: managers[0]?.grpc,
      ChatService: chatServers[0]?.grpc,
      InboxService: this.#addresses.gateway,
    };
    const client = new RawClient(address[service] ?? '');
    this.#raw.push(client);
    return client;
  }

  /** Returns the account of a role in a channel of a kind. */
  account(role: Role, kind: Kind): Account {
    const found = this.accounts.find((one) => one.role === role && one.kind === kind);
    if (found === undefined) throw new Error(`there is no ${role} of ${kind}`);
    return found;
  }

  sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.trio.people.sql(text, values);
  }

  /** Makes a call that must succeed. Returns the body of the response. */
  async must(name: string, request: object, who: TestPerson): Promise<Buffer> {
    const { path, bytes } = encoded(name, request);
    this.#own ??= this.connect('ChannelService');
    const answer = await this.#own.call(path, bytes, who.token);
    if (answer.reason !== 'ok') throw new Error(`${name} of ${who.id}: ${answer.reason} ${answer.message}`);
    return answer.bodies[0] ?? Buffer.alloc(0);
  }

  change(channelId: number, userId: string, what: object, who = this.owner): Promise<unknown> {
    return this.must('ChannelService/ChangeMember', { channelId, userId, ...what }, who);
  }

  async #fill(): Promise<void> {
    const people = new Map<string, TestPerson>();
    for (const role of roles)
      for (const kind of kinds) people.set(idOf(role, kind), await this.trio.people.make(idOf(role, kind)));
    const person = (role: Role, kind: Kind) => people.get(idOf(role, kind)) as TestPerson;
    const channels = new Map<string, number>();
    for (const kind of kinds) {
      const id = await this.#open(kind);
      for (const role of roles)
        channels.set(idOf(role, kind), id ?? (await this.#openDirect(person(role, kind), role)));
    }
    channels.set('stranger-direct', channels.get('member-direct') ?? 0);
    for (const kind of kinds) await this.#admit(kind, (role) => person(role, kind), channels);
    await this.#speak(channels, 'early');
    for (const kind of kinds) await this.#part(kind, (role) => person(role, kind), channels);
    await this.#speak(channels, 'late');
    await this.#note(person, channels);
    await this.#hide(people);
    await this.#suspend();
    await this.#indexed();
    await this.sql('DELETE FROM chat.rate');
  }

  async #note(person: (role: Role, kind: Kind) => TestPerson, channels: ReadonlyMap<string, number>): Promise<void> {
    const rows = await this.sql(
      `SELECT h.channel_id AS id, h.log_id::text AS log, coalesce(
         (SELECT min(m.seq) FROM chat.message m WHERE m.channel_id = h.channel_id AND m.kind = 0), 1)::int AS seq
       FROM chat.channel_head h`,
    );
    const heads = new Map(rows.map(({ id, log, seq }) => [id, { log: String(log), seq: Number(seq) }]));
    for (const role of roles)
      for (const kind of kinds) {
        const channel = channels.get(idOf(role, kind)) ?? neverExisted;
        const head = heads.get(channel) ?? { log: randomUUID(), seq: 1 };
        this.accounts.push({ role, kind, person: person(role, kind), channel, ...head });
      }
  }

  /** Puts words into profiles that only their users may see. */
  async #hide(people: ReadonlyMap<string, TestPerson>): Promise<void> {
    const set = "UPDATE chat.users SET about = $2, email = $3, visibility = 'nobody' WHERE id = ANY ($1)";
    const [about, mail, membersAbout, membersMail] = privateWords;
    const members = [...people.keys()].filter((id) => id.startsWith('member'));
    await this.sql(set, [['owner'], about, `${mail}@example.com`]);
    await this.sql(set, [members, membersAbout, `${membersMail}@example.com`]);
  }

  /**
   * Creates a channel of a kind and returns its id. Returns undefined for direct chats, because
   * each person has their own.
   */
  async #open(kind: Kind): Promise<number | undefined> {
    if (kind === 'unknown') return neverExisted;
    if (kind === 'direct') return undefined;
    const word = wordOf(kind, 'facts');
    const isRoom = numbers[kind] === 1;
    const retention = kind === 'passing room' ? { nothing: true } : { everything: true };
    const request = { kind: numbers[kind], limit: isRoom ? 25 : 100, retention };
    const made = await callPatiently(
      this.trio.manager(),
      ChannelService.create,
      { ...channelOf(request), name: word, description: word, metadata: JSON.stringify({ word }) },
      { token: this.owner.token, withinMs },
    );
    if (!isRoom) this.links.set(kind, await this.link(made.id));
    return made.id;
  }

  /** Makes an invite link; without a channel, an invitation to register. */
  async link(channelId: number, more: object = {}): Promise<string> {
    const who = channelId === 0 ? this.operator : this.owner;
    const bytes = await this.must('ChannelService/CreateInvite', { channelId, ...more }, who);
    return Invite.decode(bytes).id;
  }

  async #openDirect(person: TestPerson, role: Role): Promise<number> {
    if (role === 'stranger') return 0;
    return (await this.trio.openDirect(this.owner, person.id)).id;
  }

  /** Adds everyone who is or was in the channel as a member. */
  async #admit(kind: Kind, person: (role: Role) => TestPerson, channels: ReadonlyMap<string, number>): Promise<void> {
    if (!['public', 'private', 'group', 'deleted'].includes(kind)) return;
    const id = channels.get(idOf('member', kind)) ?? 0;
    for (const role of ['member', 'former', 'banned', 'suspended'] as const)
      await this.change(id, person(role).id, { add: true });
  }

  /**
   * Removes or bans the people who are no longer in the channel, and lets the owner block a user.
   */
  async #part(kind: Kind, person: (role: Role) => TestPerson, channels: ReadonlyMap<string, number>): Promise<void> {
    const id = (role: Role) => channels.get(idOf(role, kind)) ?? 0;
    if (kind !== 'unknown') {
      await this.change(id('banned'), person('banned').id, { banUntil: forever });
      if (kind === 'direct') await this.change(id('former'), person('former').id, { remove: true }, person('former'));
      else if (numbers[kind] !== 1) await this.change(id('former'), person('former').id, { remove: true });
    }
    await this.must('ChannelService/SetBlock', { userId: person('blocked').id, blocked: true }, this.owner);
    if (kind === 'deleted') await this.must('ChannelService/Delete', { id: id('member') }, this.owner);
  }

  /**
   * Sends the early or the late words in every channel. At the later time, also edits an early
   * message, reacts to it and replies to it.
   */
  async #speak(channels: ReadonlyMap<string, number>, when: 'early' | 'late'): Promise<void> {
    for (const id of new Set(channels.values())) {
      const kind = [...channels]
        .find(([, one]) => one === id)?.[0]
        .replace(/^[a-z]+-/, '')
        .replace('-', ' ') as Kind;
      if (id === neverExisted || (kind === 'deleted' && when === 'late')) continue;
      const stream = await this.#enter(id);
      await say(stream, wordOf(kind, when));
      if (when === 'early') await say(stream, 'unedited');
      else if (kind !== 'passing room') {
        const target = (await this.#seqs(id))[1] ?? 0;
        await say(stream, wordOf(kind, 'edited'), { kind: 1, targetSeq: target });
        await say(stream, '👻', { kind: 3, targetSeq: target });
        await say(stream, wordOf(kind, 'late'), { targetSeq: target });
      }
      await stream.leave();
    }
  }

  /** Opens a stream of the owner. */
  async #enter(id: number): Promise<Chatter> {
    await this.sql('DELETE FROM chat.rate');
    return this.trio.join(this.owner, id);
  }

  async #seqs(channel: number): Promise<number[]> {
    const rows = await this.sql('SELECT seq::int FROM chat.message WHERE channel_id = $1 AND kind = 0 ORDER BY seq', [
      channel,
    ]);
    return rows.map(({ seq }) => Number(seq));
  }

  async #suspend(): Promise<void> {
    for (const { person } of this.accounts.filter(({ role }) => role === 'suspended'))
      await this.must('AdminService/SetUser', { id: person.id, status: 2 }, this.operator);
  }

  /** Waits until a search finds the last message of every channel. */
  async #indexed(): Promise<void> {
    for (const kind of ['public', 'private', 'group', 'direct'] as const) {
      const { person, channel: channelId } = this.account('member', kind);
      const request = SearchRequest.fromPartial({ channelId, text: wordOf(kind, 'late') });
      await until(async () => {
        const options = { token: person.token, withinMs };
        const { messages } = await callPatiently(this.trio.manager(), ChannelService.search, request, options);
        return messages.length === 2;
      });
    }
  }
}

function channelOf(fields: object): Channel {
  return (ChannelService.create.requestType as unknown as { fromPartial(value: object): Channel }).fromPartial(fields);
}

/** Sends a message and waits until it is acknowledged. */
async function say(stream: Chatter, text: string, fields: object = {}): Promise<void> {
  const clientId = randomUUID();
  stream.send(text, { clientId, ...fields });
  const { ack } = await stream.find((frame) => frame.ack?.clientId === clientId);
  if (ack?.refusal !== undefined) throw new Error(`"${text}" was refused: ${ack.refusal.message}`);
}
