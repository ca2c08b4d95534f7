import { randomUUID } from 'node:crypto';
import { type ServiceProcess, Trio } from '@parley/testkit';
import fc from 'fast-check';
import type { Transport } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { type Life, lives } from './chat-life.js';
import { Member } from './chat-run.js';
import { type InboxAct, InboxLife, inboxActs } from './inbox-life.js';

/**
 * Number of lives. `TEST_ROUNDS=2000 npm test -- client/dist/test/inbox-model` is the long form,
 * which also kills chat servers and gateways.
 */
const rounds = Number(process.env.TEST_ROUNDS ?? 10);
const isLong = process.env.TEST_ROUNDS !== undefined;
/** Number of runs at a time. */
const lanes = 10;
const killEveryMs = 15_000;
const env = { PARLEY_SENDER_RATE: '1000', PARLEY_DATABASE_CONNECTIONS: '12' };

let trio: Trio;
let direct: Transport;
let killing: NodeJS.Timeout | undefined;
const gateways: ServiceProcess[] = [];

beforeAll(async () => {
  trio = await Trio.start({ managers: 2, chatServers: 2, env });
  const channelService = trio.managers.map(({ grpc }) => grpc).join(',');
  direct = grpcTransport({ userService: '127.0.0.1:1', channelService });
  gateways.push(await trio.startGateway(), await trio.startGateway());
  if (isLong) killing = setInterval(() => void killOne(), killEveryMs);
});
afterAll(async () => {
  clearInterval(killing);
  direct.close();
  await trio.stop();
});

let kills = 0;

/** Kills a chat server or a gateway, in turn, and starts another one. */
async function killOne(): Promise<void> {
  kills += 1;
  if (kills % 2 === 0) {
    trio.chatServers.shift()?.kill('SIGKILL');
    await trio.addChatServer();
  } else {
    gateways.push(await trio.startGateway());
    gateways.shift()?.kill('SIGKILL');
  }
}

async function play([planned, steps]: Life<InboxAct>): Promise<void> {
  await trio.people.sql('DELETE FROM chat.rate WHERE key IN (SELECT key FROM chat.rate FOR UPDATE SKIP LOCKED)');
  const people = await trio.people.makeMany(randomUUID(), 4);
  const members = new Map(people.map((person) => [new Member(person, direct), person]));
  const life = new InboxLife({ trio, gateways }, members, planned);
  try {
    await life.begin();
    for (const step of steps) await life.do(step);
    await life.check();
  } finally {
    await life.close();
  }
}

test(`the devices of users and History agree in ${rounds} random lives of inboxes`, async () => {
  const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_000);
  const property = () => fc.asyncProperty(lives(inboxActs), play);
  const lane = (n: number) =>
    fc.assert(property(), { numRuns: Math.ceil(rounds / lanes), seed: seed + n, endOnFailure: true });
  await Promise.all(Array.from({ length: lanes }, (_, n) => lane(n)));
}, 36_000_000);
