import { randomUUID } from 'node:crypto';
import { Kind } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import { Trio } from '@parley/testkit';
import fc from 'fast-check';
import type { Transport } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { ChatLife, historyOf, type Life, lives } from './chat-life.js';
import type { ChatModel } from './chat-model.js';
import { type Chat, Member, Reader } from './chat-run.js';
import { until } from './rig.js';

/**
 * Number of lives. `TEST_ROUNDS=2000 npm test -- client/dist/test/chats-model` is the long form,
 * which also kills chat servers.
 */
const rounds = Number(process.env.TEST_ROUNDS ?? 10);
const isLong = process.env.TEST_ROUNDS !== undefined;
/** Number of runs at a time. */
const lanes = 10;
const killEveryMs = 20_000;
const env = { PARLEY_SENDER_RATE: '1000', PARLEY_DATABASE_CONNECTIONS: '12' };

let trio: Trio;
let direct: Transport;
let killing: NodeJS.Timeout | undefined;

beforeAll(async () => {
  trio = await Trio.start({ managers: 2, chatServers: 2, env });
  const channelService = trio.managers.map(({ grpc }) => grpc).join(',');
  direct = grpcTransport({ userService: '127.0.0.1:1', channelService });
  if (isLong) killing = setInterval(() => void killOne(), killEveryMs);
});
afterAll(async () => {
  clearInterval(killing);
  direct.close();
  await trio.stop();
});

/** Kills a chat server, and starts another one. */
async function killOne(): Promise<void> {
  trio.chatServers.shift()?.kill('SIGKILL');
  await trio.addChatServer();
}

const life = lives({});

async function reasonOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no refusal',
    (thrown) => (thrown as Refusal).reason,
  );
}

/**
 * Checks that a reader received only entries that they may read, and that none in between is
 * missing. With closed history, a stay that is over can no longer be read after another one has
 * begun.
 */
function checkReceived(model: ChatModel, { id }: Member, reader: Reader, last: number): void {
  const { seqs } = reader;
  const startsAfter = Math.max(reader.startsAfter ?? 0, model.closed ? model.readable(id).after : 0);
  expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
  expect(seqs.filter((seq) => !model.mayHaveSeen(id, seq))).toEqual([]);
  const wanted = [...model.messages().keys()].filter(
    (seq) => seq > startsAfter && seq <= last && model.mayHaveSeen(id, seq),
  );
  expect(seqs).toEqual(expect.arrayContaining(wanted));
}

/** Checks everything that a member can see of the chat. */
async function checkMember(chat: Chat, model: ChatModel, member: Member): Promise<void> {
  const { client, id } = member;
  const shown = model.shownTo(id);
  expect(await historyOf(client, chat.id)).toEqual(shown);
  const live = chat.readerOf(member);
  checkReceived(model, member, live, model.last);
  const known = [...shown].filter(([seq]) => seq >= live.staleBelow && live.timeline.messages.has(seq));
  expect(known.map(([seq]) => [seq, live.timeline.messages.get(seq)])).toEqual(known);

  const resumed = new Reader();
  resumed.open(client, chat.id, { log: chat.log, seq: 0 });
  await until(() => resumed.conversation?.place?.seq === model.last);
  await resumed.close();
  expect(resumed.timeline.messages).toEqual(shown);
  expect(resumed.faults).toEqual([]);

  await chat.look(member, Math.min(1, model.last)); // a receipt that comes late
  const { mine, unread, last } = await chat.look(member);
  const { certain, possible } = chat.readBounds(member);
  expect(mine.readSeq).toBeGreaterThanOrEqual(certain);
  expect(mine.readSeq).toBeLessThanOrEqual(Math.max(possible, ...model.stays(id).map(({ after }) => after)));
  expect(unread).toBe(model.unread(id, mine.readSeq));
  expect(last?.seq).toBe([...shown.keys()].at(-1));
}

/** Checks that a former member can read their stay, and not the time after it, in every way. */
async function checkFormerMember(chat: Chat, model: ChatModel, { client, id }: Member): Promise<void> {
  expect(await historyOf(client, chat.id)).toEqual(model.shownTo(id));
  const resumed = new Reader();
  resumed.open(client, chat.id, { log: chat.log, seq: 0 });
  await until(() => resumed.conversation === undefined);
  expect(resumed.ended).toBe('removed');
  expect(resumed.timeline.messages).toEqual(model.shownTo(id));
}

/** Checks that a user who is not in the chat sees nothing from after the end of their stay. */
async function checkOutsider(chat: Chat, model: ChatModel, member: Member, reader: Reader): Promise<void> {
  const { client, id } = member;
  const refused = chat.kind === 'public' ? 'not-a-member' : 'channel-not-found';
  checkReceived(model, member, reader, reader.seqs.at(-1) ?? 0);
  if (model.readable(id).to > 0) await checkFormerMember(chat, model, member);
  else {
    expect(await reasonOf(client.history(chat.id))).toBe(refused);
    expect(await reasonOf(client.listen(chat.id, { after: { log: chat.log, seq: 0 } }))).toBe(refused);
  }
  expect(await reasonOf(client.chats.markRead(chat.id, { log: chat.log, seq: 1 }))).toBe(refused);
  for await (const { channel } of client.chats.overview()) expect(channel.id).not.toBe(chat.id);
  for await (const notice of client.notifications.list()) expect(notice.channelId).not.toBe(chat.id);
  for await (const found of client.search('text')) {
    if (found.channelId === chat.id) expect(model.shownTo(id).get(found.seq)?.text).toContain('text');
  }
}

async function check(run: ChatLife, chat: Chat): Promise<void> {
  const model = await chat.settle(trio);
  for (const reader of chat.readers.values()) await reader.close();
  for (const { seq, kind, sender } of model.rows) {
    if (kind !== Kind.MEMBER && !model.isIn(sender, seq)) chat.faults.push(`${sender} sent ${seq} from outside`);
  }
  expect(chat.seenFaults).toEqual([]);
  for (const member of run.members) {
    if (chat.inside.has(member)) await checkMember(chat, model, member);
    else await checkOutsider(chat, model, member, chat.readerOf(member));
  }
  expect(chat.seenFaults).toEqual([]);
}

async function play([planned, steps]: Life<never>): Promise<void> {
  await trio.people.sql('DELETE FROM chat.rate WHERE key IN (SELECT key FROM chat.rate FOR UPDATE SKIP LOCKED)');
  const members = (await trio.people.makeMany(randomUUID(), 4)).map((person) => new Member(person, direct));
  const run = new ChatLife(trio, members, planned);
  try {
    await run.create();
    for (const step of steps) await run.do(step);
    await Promise.all(run.chats.map((chat) => check(run, chat)));
  } finally {
    await Promise.all(members.map((one) => one.close()));
  }
}

test(`live readers, resumed readers and History agree in ${rounds} random lives of chats`, async () => {
  const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_000);
  const lane = (n: number) =>
    fc.assert(fc.asyncProperty(life, play), { numRuns: Math.ceil(rounds / lanes), seed: seed + n, endOnFailure: true });
  await Promise.all(Array.from({ length: lanes }, (_, n) => lane(n)));
}, 36_000_000);
