import { insist, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import {
  ChannelKind,
  type Conversation,
  type ConversationEvent,
  createClient,
  isSaid,
  type ParleyClient,
  type Transport,
  textOf,
  type UserInbox,
  type UserInboxEvent,
} from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

export { until } from '@parley/testkit';
export { entryEvent } from '../src/events.js';
export { XmlHttpRequest } from './xml-http-request.js';

/** Returns a transport that repeats a call while the services of the test are overloaded, as a bot would. */
export function patient(inner: Transport): Transport {
  return {
    ask: (call, request, options) => insist(() => inner.ask(call, request, options)),
    list: (id, options) => insist(() => inner.list(id, options)),
    listen: (id, options) => insist(() => inner.listen(id, options)),
    connect: (options) => inner.connect(options),
    ...(inner.watch !== undefined && { watch: inner.watch.bind(inner) }),
    close: () => inner.close(),
  };
}

/** Returns a patient client of a test user, whose session was inserted by SQL. */
export function clientOf(
  trio: Trio,
  { token }: Pick<TestPerson, 'token'>,
  userService = '127.0.0.1:1',
  manager = 0,
  gateway = '127.0.0.1:1',
): ParleyClient {
  const channelService = trio.managers[manager]?.grpc ?? '';
  return createClient({ transport: patient(grpcTransport({ userService, channelService, gateway })), token });
}

/** Reads an inbox and records every event. */
export class InboxListener {
  readonly events: UserInboxEvent[] = [];
  readonly inbox: UserInbox;
  readonly done: Promise<void>;

  constructor(inbox: UserInbox) {
    this.inbox = inbox;
    this.done = this.#read();
  }

  async #read(): Promise<void> {
    for await (const event of this.inbox) this.events.push(event);
  }

  /** Returns the events of one type. */
  of<T extends UserInboxEvent['type']>(type: T): Extract<UserInboxEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<UserInboxEvent, { type: T }> => event.type === type);
  }

  /** Short forms of the events. */
  get brief(): string[] {
    return this.events.map((event) => {
      if ('seq' in event) return `${event.channelId}:${event.seq}`;
      if (event.type === 'gap') {
        return `${event.channelId}:${event.filled ? 'filled' : 'missing'} ${event.from}-${event.to}`;
      }
      return 'channelId' in event ? `${event.channelId}:${event.type}` : event.type;
    });
  }

  /** Texts of the messages of a chat, in order. */
  texts(channelId: number): (string | undefined)[] {
    return this.of('message').flatMap((event) => (event.channelId === channelId ? [textOf(event)] : []));
  }
}

/** Reads a conversation and records every event. */
export class Listener {
  readonly events: ConversationEvent[] = [];
  readonly done: Promise<void>;

  constructor(conversation: Conversation) {
    this.done = this.#read(conversation);
  }

  async #read(conversation: Conversation): Promise<void> {
    for await (const event of conversation) this.events.push(event);
  }

  /** Texts of the messages, in order. */
  get texts(): (string | undefined)[] {
    return this.of('message').map(textOf);
  }

  /** Returns the events of one type. */
  of<T extends ConversationEvent['type']>(type: T): Extract<ConversationEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<ConversationEvent, { type: T }> => event.type === type);
  }
}

/** A user with an account and a client. */
export interface Participant {
  readonly id: string;
  readonly person: TestPerson;
  readonly client: ParleyClient;
}

let casts = 0;

/** A running system with a user-service, and its users, each with a client. */
export class Cast {
  readonly trio: Trio;
  /** The user-service. */
  readonly users: ServiceProcess;
  readonly #clients: ParleyClient[] = [];

  private constructor(trio: Trio, users: ServiceProcess) {
    this.trio = trio;
    this.users = users;
  }

  static async open(options?: Parameters<typeof Trio.start>[0]): Promise<Cast> {
    const trio = await Trio.start(options);
    return new Cast(trio, await trio.startUserService());
  }

  /** Makes one user for each name. The ids are the names with a number. */
  async make<Names extends string[]>(...names: Names): Promise<{ [Name in keyof Names]: Participant }> {
    casts += 1;
    const people = await Promise.all(names.map((name) => this.trio.people.make(`${name}-${casts}`)));
    const made = people.map((person) => ({
      id: person.id,
      person,
      client: clientOf(this.trio, person, this.users.grpc),
    }));
    this.#clients.push(...made.map(({ client }) => client));
    return made as { [Name in keyof Names]: Participant };
  }

  /** Makes a group of Ann, who owns it, Bob and Cy. */
  async group(settings: Parameters<ParleyClient['create']>[0] = {}) {
    const [ann, bob, cy] = await this.make('ann', 'bob', 'cy');
    const { id } = await ann.client.create({ name: 'team', kind: ChannelKind.GROUP, ...settings });
    for (const one of [bob, cy]) await ann.client.members.add(id, one.id);
    return { ann, bob, cy, id };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((one) => one.close()));
    await this.trio.stop();
  }
}

/** Reads the texts of a channel's messages, the oldest first. */
export async function told(client: ParleyClient, channelId: number): Promise<(string | undefined)[]> {
  const { entries } = await client.history(channelId, { after: 0 });
  return entries.filter(isSaid).map(textOf);
}

/** Collects everything that an iterable yields. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
