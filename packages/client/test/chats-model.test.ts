import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kind } from '@parley/contract';
import { Refusal } from '@parley/runtime';
import { Trio } from '@parley/testkit';
import fc from 'fast-check';
import { ChannelKind, MemberRole, type ParleyClient, type Transport } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import type { ChatModel } from './chat-model.js';
import { Chat, Member, Reader } from './chat-run.js';
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

const kinds = ['group', 'group', 'private', 'public', 'direct'] as const;
const acts = {
  ...{ send: 8, edit: 4, remove: 2, react: 3, unreact: 1 },
  ...{ enter: 5, gather: 2, expel: 3, leave: 1, open: 2, read: 3, markRead: 3, look: 1 },
  ...{ reconnect: 1, cut: 2, move: 1, wait: 2, create: 1 },
};
type Act = keyof typeof acts;

interface Step {
  readonly act: Act;
  /** Index of the user who acts. */
  readonly who: number;
  /** Number whose remainder selects the chat, and the message in the chat. */
  readonly pick: number;
}

type Life = readonly [{ readonly kind: (typeof kinds)[number]; readonly closed: boolean }[], Step[]];

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(...Object.entries(acts).map(([act, weight]) => ({ arbitrary: fc.constant(act as Act), weight }))),
  who: fc.nat(3),
  pick: fc.nat(999),
});
const life: fc.Arbitrary<Life> = fc.tuple(
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), closed: fc.boolean() }), { minLength: 2, maxLength: 2 }),
  fc.array(step, { minLength: 30, maxLength: 60 }),
);

/**
 * Ignores a refusal because the user is already out: an overloaded manager may have removed them
 * without answering in time.
 */
function ifOutside(thrown: Refusal): void {
  expect(['member-not-found', 'not-a-member', 'channel-not-found']).toContain(thrown.reason);
}

/** One life of four users and their chats. */
class Run {
  readonly members: readonly Member[];
  readonly chats: Chat[] = [];
  readonly #planned: Life[0];
  #texts = 0;

  constructor(members: readonly Member[], planned: Life[0]) {
    this.members = members;
    this.#planned = [...planned];
  }

  async create(): Promise<void> {
    const [{ client }, other] = this.members as [Member, Member];
    const plan = this.#planned.shift();
    const isDirect = plan?.kind === 'direct';
    if (plan === undefined || (isDirect && this.chats.some(({ kind }) => kind === 'direct'))) return;
    const closed = plan.closed && !isDirect;
    const kind = {
      group: ChannelKind.GROUP,
      private: ChannelKind.PRIVATE,
      public: ChannelKind.PUBLIC,
      direct: ChannelKind.DIRECT,
    }[plan.kind];
    const channel = isDirect
      ? await client.chats.direct(other.id)
      : await client.create({ name: 'chat', kind, closedHistory: closed });
    const founders = this.members.slice(0, isDirect ? 2 : 1);
    const chat = new Chat({ id: channel.id, log: channel.log, kind: plan.kind, closed, founders });
    this.chats.push(chat);
    for (const member of founders) chat.readerOf(member).open(member.client, chat.id);
  }

  /** Performs a step. Does nothing if no user can perform it. */
  async do({ act, who, pick }: Step): Promise<void> {
    const chat = this.chats[pick % this.chats.length] as Chat;
    const inside = [...chat.inside];
    const outside = this.members.filter((one) => !chat.inside.has(one));
    const candidates = act === 'enter' ? outside : inside;
    const member = candidates[who % candidates.length];
    if (act === 'create') await this.create();
    else if (act === 'gather') await this.#gather(chat, outside);
    else if (act === 'move') await this.#move(chat, pick);
    else if (act === 'wait') await pause(pick % 100);
    else if (member === undefined) return;
    else if (act === 'enter') await this.#enter(chat, member);
    else if (act === 'cut') await member.cable.cut();
    else await this.#inside[act](chat, member, pick);
  }

  /** Places the chat on a running chat server, which may be the one that already serves it. */
  async #move({ id }: Chat, pick: number): Promise<void> {
    const server = trio.chatServers[pick % trio.chatServers.length];
    if (server !== undefined) await trio.place(id, server);
  }

  readonly #inside: Readonly<
    Record<
      Exclude<Act, 'create' | 'enter' | 'gather' | 'cut' | 'move' | 'wait'>,
      (chat: Chat, member: Member, pick: number) => unknown
    >
  > = {
    send: (chat, member, pick) => {
      const text = this.#text();
      const mentions = [...chat.inside].filter((_, n) => n === pick % 5).map(({ id }) => id);
      chat.send(text, member, (conversation) => conversation.send(text, { mentions }));
    },
    edit: (chat, _, pick) => {
      const { seq, by } = chat.said[pick % chat.said.length] ?? {};
      const text = this.#text();
      if (seq !== undefined && by) chat.send(text, by, (conversation) => conversation.edit(seq, text));
    },
    remove: (chat, _, pick) => {
      const { seq, by } = chat.said[pick % chat.said.length] ?? {};
      if (seq !== undefined && by) chat.send(undefined, by, (conversation) => conversation.remove(seq));
    },
    react: (chat, member, pick) => {
      const { seq } = chat.said[pick % chat.said.length] ?? {};
      if (seq !== undefined) chat.send(undefined, member, (conversation) => conversation.react(seq, '👍'));
    },
    unreact: (chat, member, pick) => {
      const { seq } = chat.said[pick % chat.said.length] ?? {};
      if (seq !== undefined) chat.send(undefined, member, (conversation) => conversation.unreact(seq, '👍'));
    },
    open: (chat, member) => chat.readerOf(member).open(member.client, chat.id),
    reconnect: (chat, member) => chat.readerOf(member).conversation?.reconnect(),
    markRead: (chat, member) => chat.markRead(member),
    read: (chat, member, pick) => chat.look(member, chat.said[pick % chat.said.length]?.seq),
    look: (chat, member) => chat.look(member),
    leave: async (chat, member) => {
      if (member === chat.owner && chat.kind !== 'direct') return;
      await member.client.members.remove(chat.id, member.id).catch(ifOutside);
      chat.inside.delete(member);
      chat.leftByChoice.add(member);
    },
    expel: async (chat, member) => {
      if (member === chat.owner || chat.kind === 'direct') return;
      await chat.owner.client.members.remove(chat.id, member.id).catch(ifOutside);
      chat.inside.delete(member);
      chat.leftByChoice.delete(member);
    },
  };

  #text(): string {
    this.#texts += 1;
    return `text ${this.#texts}`;
  }

  async #enter(chat: Chat, member: Member): Promise<void> {
    const isFounder = chat.founders.includes(member);
    if (chat.inside.has(member) || (chat.kind === 'direct' && !isFounder)) return;
    if (chat.kind === 'direct' || chat.kind === 'public') await member.client.chats.join(chat.id);
    else if (!(await this.#add(chat, member))) return;
    chat.inside.add(member);
    chat.leftByChoice.delete(member);
  }

  /** Adds everyone else with one entry. Users who left before accept the offer that they get. */
  async #gather(chat: Chat, outside: readonly Member[]): Promise<void> {
    if ((chat.kind !== 'group' && chat.kind !== 'private') || outside.length === 0) return;
    const ids = outside.map(({ id }) => id);
    const additions = await chat.owner.client.members.addAll(chat.id, ids);
    for (const [at, { user, refusal }] of additions.entries()) {
      const member = outside[at] as Member;
      if (user === undefined) expect(refusal.reason).toBe('change-too-often');
      else if (user.memberRole === MemberRole.UNSPECIFIED) await member.client.chats.join(chat.id);
      if (user !== undefined) chat.inside.add(member);
      if (user !== undefined) chat.leftByChoice.delete(member);
    }
  }

  /**
   * Adds a user, who accepts if the server makes an offer. Returns false if the server refuses
   * another change of this member.
   */
  async #add(chat: Chat, { id, client }: Member): Promise<boolean> {
    try {
      const { memberRole } = await chat.owner.client.members.add(chat.id, id);
      if (memberRole === MemberRole.UNSPECIFIED) await client.chats.join(chat.id);
      return true;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'change-too-often') return false;
      throw thrown;
    }
  }
}

async function historyOf(client: ParleyClient, channelId: number): Promise<Reader['timeline']['messages']> {
  const { timeline } = new Reader();
  for (let after = 0, more = true; more; ) {
    const page = await client.history(channelId, { after, size: 20 });
    for (const entry of page.entries) timeline.apply(entry);
    after = page.entries.at(-1)?.seq ?? after;
    more = page.more;
  }
  return timeline.messages;
}

async function reasonOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no refusal',
    (thrown) => (thrown as Refusal).reason,
  );
}

/**
 * Checks that a reader received only entries that they may read, and all of them in between. With
 * closed history, a stay that is over can no longer be read after another one has begun.
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

async function check(run: Run, chat: Chat): Promise<void> {
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

async function play([planned, steps]: Life): Promise<void> {
  await trio.people.sql('DELETE FROM chat.rate WHERE key IN (SELECT key FROM chat.rate FOR UPDATE SKIP LOCKED)');
  const members = (await trio.people.makeMany(randomUUID(), 4)).map((person) => new Member(person, direct));
  const run = new Run(members, planned);
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
