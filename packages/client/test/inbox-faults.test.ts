import { setTimeout as pause } from 'node:timers/promises';
import { lastingPort, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { WebSocket } from 'ws';
import {
  ChannelKind,
  createClient,
  type InboxPlace,
  isSaid,
  type ParleyClient,
  type Transport,
  textOf,
  type UserInbox,
} from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { socketTransport } from '../src/socket/index.js';
import { webTransport } from '../src/web/index.js';
import { clientOf, InboxListener, until } from './rig.js';
import { XmlHttpRequest } from './xml-http-request.js';

let trio: Trio;
let gateways: ServiceProcess[];
let people: TestPerson[];
let chats: number[];
const open: ParleyClient[] = [];

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
  trio = await Trio.start({ chatServers: 3, env: { PARLEY_SENDER_RATE: '1000' } });
  const start = async () =>
    trio.startGateway({ PARLEY_PORT: await lastingPort(), PARLEY_GRPC_PORT: await lastingPort() });
  gateways = [await start(), await start()];
  people = await trio.people.makeMany('p', 3);
  const owner = clientOf(trio, people[0] as TestPerson);
  chats = [];
  for (let n = 0; n < 3; n++) {
    const { id } = await owner.create({ name: `chat ${n}`, kind: ChannelKind.GROUP });
    for (const { id: userId } of people.slice(1)) await owner.members.add(id, userId);
    chats.push(id);
  }
  open.push(owner);
});
afterAll(async () => {
  await Promise.all(open.map((client) => client.close()));
  await trio.stop();
});

function clientAt(transport: Transport, { token }: TestPerson): ParleyClient {
  const client = createClient({ transport, token });
  open.push(client);
  return client;
}

function native(): Transport {
  const channelService = trio.managers[0]?.grpc ?? '';
  const gateway = gateways.map(({ grpc }) => grpc).join(',');
  return grpcTransport({ userService: '127.0.0.1:1', channelService, gateway });
}

/** Kills a gateway, and starts one with the same ports. */
async function replaceGateway(n: number): Promise<void> {
  const old = gateways[n] as ServiceProcess;
  old.kill('SIGKILL');
  await old.exited;
  gateways[n] = await trio.startGateway({
    PARLEY_PORT: new URL(old.http).port,
    PARLEY_GRPC_PORT: old.grpc.split(':')[1] ?? '',
  });
}

let killed = 0;
/** Kills the next chat server. */
function killOne(): void {
  trio.chatServers[killed]?.kill('SIGKILL');
  killed += 1;
}

/** The texts that the bot has read, and its stored place. */
const botSeen: string[] = [];
let botPlace: InboxPlace | undefined;

/** Reads like a bot that is killed again and again, and continues from its stored place. */
async function restartingBot(person: TestPerson, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const client = clientAt(native(), person);
    const inbox = client.inbox({ after: botPlace, reportDelivered: false });
    const dies = AbortSignal.timeout(2_000);
    try {
      for await (const event of inbox.events(dies)) {
        if (event.type === 'message') botSeen.push(`${event.channelId} ${textOf(event)}`);
        botPlace = inbox.place;
      }
    } catch (thrown) {
      if (thrown !== dies.reason) throw thrown;
    }
    await client.close();
  }
}

/** Reads all texts of a chat, the oldest first. */
async function textsIn(chat: number): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  let after = 0;
  for (let hasMore = true; hasMore; ) {
    const { entries, more } = await (open[0] as ParleyClient).history(chat, { after });
    texts.push(...entries.filter(isSaid).map(textOf));
    after = entries.at(-1)?.seq ?? after;
    hasMore = more;
  }
  return texts;
}

/** Posts in all chats until stopped. Resolves when all posts are acknowledged. */
async function talk(inbox: UserInbox, name: number, isOver: () => boolean): Promise<void> {
  void new InboxListener(inbox);
  const sent: Promise<unknown>[] = [];
  for (let n = 0; !isOver(); n++) {
    sent.push(...chats.map((chat) => inbox.post(chat, `${name} ${n}`)));
    await pause(25);
  }
  await Promise.all(sent);
}

async function breakThings(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await pause(1_500);
    if (round % 3 === 0) await replaceGateway(0);
    else if (round % 3 === 1) killOne();
    else await Promise.all([replaceGateway(1), trio.addChatServer()]);
  }
}

test('readers over every transport and a restarting bot get each post once and in order, whichever process is killed', async () => {
  const [ann, bob, cy] = people as [TestPerson, TestPerson, TestPerson];
  const origins = gateways.map(({ http }) => http) as [string, string];
  const socketTo = (origin: string) => socketTransport(native(), { origin, WebSocket });
  const readers = [
    clientAt(native(), cy),
    clientAt(webTransport({ origin: origins[0] }), cy),
    clientAt(socketTo(origins[1]), cy),
    clientAt(socketTo(origins[0]), bob),
  ].map((client) => new InboxListener(client.inbox()));
  await until(() => readers.every((one) => one.of('connected').length > 0));
  let [isQuiet, isOver] = [false, false];
  const bot = restartingBot(cy, () => isOver);
  await until(() => botPlace !== undefined);
  const writers = [ann, bob].map((person) => clientAt(native(), person).inbox({ reportDelivered: false }));
  const talking = writers.map((inbox, name) => talk(inbox, name, () => isQuiet));
  await breakThings(Number(process.env.TEST_FAULTS ?? 4));
  isQuiet = true;
  await Promise.all(talking);
  const logs = new Map<number, (string | undefined)[]>();
  for (const chat of chats) logs.set(chat, await textsIn(chat));
  for (const [chat, texts] of logs) {
    for (const name of [0, 1]) {
      const own = texts.filter((text) => text?.startsWith(`${name} `));
      expect(own).toEqual(own.map((_, n) => `${name} ${n}`));
    }
    for (const one of readers) {
      await until(() => one.texts(chat).length >= texts.length);
      expect(one.texts(chat)).toEqual(texts);
    }
  }
  const count = [...logs.values()].flat().length;
  await until(() => botSeen.length >= count);
  isOver = true;
  await bot;
  for (const [chat, texts] of logs) {
    const own = botSeen.filter((one) => one.startsWith(`${chat} `));
    expect(own).toEqual(texts.map((text) => `${chat} ${text}`));
  }
});
