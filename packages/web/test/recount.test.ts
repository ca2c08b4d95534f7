import { setTimeout as pause } from 'node:timers/promises';
import { ChannelKind, type ChatSummary, createClient, type ParleyClient, type UserInbox } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { patient } from '@parley/client/testing';
import { Trio, until } from '@parley/testkit';
import type { Chat } from '../src/live/chat.js';
import { type ChatsOfInbox, PageInbox } from '../src/live/page-inbox.js';
import { type ChatItem, type ChatsAction, type ChatsState, chatsReducer, noChats } from '../src/state/chats.js';

/** Number of random actions. */
const actions = Number(process.env.TEST_ROUNDS ?? 60);
/** Number of actions after which the devices are compared with the server. */
const recountEvery = 20;

/** One device of the user: the list of chats of a page, and its inbox. */
class Device implements ChatsOfInbox {
  readonly client: ParleyClient;
  readonly #inbox: PageInbox;
  #state: ChatsState;
  #online: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(client: ParleyClient, me: string) {
    this.client = client;
    this.#state = noChats(me);
    this.#inbox = new PageInbox({ client, chats: this, onRefused: () => {} });
  }

  get isOnline(): boolean {
    return this.#online !== undefined;
  }

  readonly state = () => this.#state;
  readonly loaded = () => [];
  readonly unsentIds = async () => [];
  readonly summarize = () => {};
  readonly tell = () => {};
  readonly storeLatest = async () => {};
  readonly storeOnly = async () => {};
  readonly forgetOthers = async () => {};

  share(action: ChatsAction): void {
    this.#state = chatsReducer(this.#state, action);
  }

  async chat(): Promise<Chat> {
    return { share: () => {} } as unknown as Chat;
  }

  async tryRefresh(id: number): Promise<void> {
    this.share({ type: 'refreshed', chat: await this.client.chats.get(id) });
  }

  async removed(id: number): Promise<void> {
    this.share({ type: 'removed', id });
  }

  connect(): void {
    this.#online = new AbortController();
    this.#running = this.#inbox.run('', this.#online.signal);
  }

  async disconnect(): Promise<void> {
    this.#online?.abort();
    this.#online = undefined;
    await this.#running;
  }

  /** Reads a chat to its end, as far as this device knows it. */
  async read(id: number): Promise<void> {
    const { lastSeq = 0, markedUnread } = this.#state.items[id] ?? {};
    this.share({ type: 'read', id, seq: lastSeq });
    (this.#inbox.inbox as UserInbox | undefined)?.markRead(id, lastSeq);
    if (markedUnread && this.isOnline) await this.mark(id, false);
  }

  async mark(id: number, isUnread: boolean): Promise<void> {
    const { log = '', readSeq: seq = 0 } = this.#state.items[id] ?? {};
    const chat = await this.client.chats.markUnread(id, isUnread, { read: { log, seq } });
    this.share({ type: 'refreshed', chat });
  }
}

let trio: Trio;
let ann: ParleyClient;
let annInbox: UserInbox;
let devices: readonly Device[];
let bobId: string;
const chatIds: number[] = [];
const sent: [id: number, seq: number][] = [];

beforeAll(async () => {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.assign(globalThis, { addEventListener: () => {} });
  trio = await Trio.start();
  const { grpc: gateway } = await trio.startGateway();
  const transport = () =>
    patient(grpcTransport({ userService: '127.0.0.1:1', channelService: trio.managers[0]?.grpc ?? '', gateway }));
  const [one, two] = [await trio.people.make('ann'), await trio.people.make('bob')];
  bobId = two.id;
  ann = createClient({ transport: transport(), token: one.token });
  annInbox = ann.inbox();
  void (async () => {
    for await (const _ of annInbox);
  })();
  for (const name of ['one', 'two', 'three']) {
    const { id } = await ann.create({ name, kind: ChannelKind.GROUP });
    await ann.members.add(id, bobId);
    chatIds.push(id);
  }
  devices = [1, 2, 3].map(() => new Device(createClient({ transport: transport(), token: two.token }), bobId));
  for (const device of devices) device.connect();
});

afterAll(async () => {
  await Promise.all(devices.map((device) => device.disconnect()));
  await annInbox.close();
  for (const client of [ann, ...devices.map((device) => device.client)]) await client.close();
  await trio.stop();
});

let seed = Number(process.env.TEST_SEED ?? 14);

/** Returns a number from 0 to 1, the next one of the series of the seed (mulberry32). */
function chance(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const any = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;

type Action = (device: Device, id: number) => Promise<unknown> | unknown;
const random: Readonly<Record<string, Action>> = {
  say: async (_, id) => {
    const mentions = chance() < 0.3 ? [bobId] : [];
    sent.push([id, (await annInbox.post(id, 'words', { mentions })).seq]);
  },
  sayAgain: async (_, id) => sent.push([id, (await annInbox.post(id, 'more words')).seq]),
  remove: async () => {
    const [id, seq] = sent.splice(Math.floor(chance() * sent.length), 1)[0] ?? [0, 0];
    if (seq > 0) await annInbox.remove(id, seq);
  },
  read: (device, id) => device.read(id),
  mark: async (device, id) => device.isOnline && (await device.mark(id, chance() < 0.7)),
  notify: async (device, id) =>
    device.isOnline && (await device.client.chats.notify(id, any(['all', 'mentions', 'none']))),
  leave: (device) => device.disconnect(),
  come: (device) => device.isOnline || device.connect(),
};

const facts = ({ unread, mentions, markedUnread, notify }: ChatItem | ChatSummary) =>
  `${unread} unread, ${mentions} mentions, ${markedUnread ? 'marked' : 'plain'}, ${notify}`;

async function counted(): Promise<string[]> {
  const all = (await (devices[0] as Device).client.chats.all()).chats.map(
    (chat) => [chat.channel.id, facts(chat)] as const,
  );
  return all.toSorted(([a], [b]) => a - b).map(([, text]) => text);
}

const shown = (device: Device) => Object.values(device.state().items).map(facts);

test('three devices agree with a recount on the server after random actions, with times offline', async () => {
  const done: string[] = [];
  for (let n = 1; n <= actions; n++) {
    const [name, device, id] = [any(Object.keys(random)), any(devices), any(chatIds)];
    done.push(`${name} on ${devices.indexOf(device)} in ${id}`);
    await random[name]?.(device, id);
    if (n % recountEvery !== 0 && n !== actions) continue;
    for (const one of devices) if (!one.isOnline) one.connect();
    const agree = async () => {
      const server = await counted();
      return devices.every((one) => shown(one).join('\n') === server.join('\n')) || pause(500, false); // Calls of Overview have a rate.
    };
    await until(agree).catch(async () => {
      throw new Error(
        [...done.slice(-recountEvery), ...(await counted()), ...devices.map(shown).map(String)].join('\n'),
      );
    });
  }
});
