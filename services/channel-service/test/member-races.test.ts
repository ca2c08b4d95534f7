import { setTimeout as pause } from 'node:timers/promises';
import {
  AddMembersRequest,
  ChangeMemberRequest,
  Channel,
  ChannelKind,
  ChannelService,
  Invite,
  MemberRole,
  OverviewRequest,
  Receipt,
  UpdateReceiptRequest,
} from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { insist, type TestPerson, Trio, until } from '@parley/testkit';
import { expectOneMoment, recountUnread } from './chat-facts.js';
import { outcomes } from './rig.js';

/** Rounds of every race at once. `TEST_ROUNDS=1000 npm test -- member-races` is the long form. */
const rounds = Number(process.env.TEST_ROUNDS ?? 2);
const managers = 3;
/** Number of rounds that run at the same time, each with its own users. */
const lanes = 2;
/**
 * Number of users in a lane. In some rounds all of them race for the places of an invite, in the
 * others only a few.
 */
const crowd = 100;
const few = 16;
const crowdEvery = 50;

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start({ managers, chatServers: 2, env: { PARLEY_DATABASE_CONNECTIONS: '12' } });
});
afterAll(() => trio.stop());

const shuffled = <T>(items: readonly T[]) => items.toSorted(() => Math.random() - 0.5);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
let calls = 0;

/** Calls the next manager; successive calls rotate over all of them. */
function ask<Q, S>({ token }: TestPerson, method: Parameters<typeof callUnary<Q, S>>[1], request: Q): Promise<S> {
  return insist(() => {
    calls += 1;
    return callUnary(trio.manager(calls % managers), method, request, { token, withinMs: 60_000 });
  });
}

type Fields<T extends { fromPartial(fields: never): unknown }> = Parameters<T['fromPartial']>[0];

function create(who: TestPerson, kind: ChannelKind, fields: Fields<typeof Channel> = {}): Promise<Channel> {
  return ask(who, ChannelService.create, Channel.fromPartial({ name: 'race', kind, ...fields }));
}

function join(who: TestPerson, invite: Fields<typeof Invite>): Promise<Channel> {
  return ask(who, ChannelService.join, Invite.fromPartial(invite));
}

/** Changes a member and returns the reason of the refusal, or undefined. */
function change(
  by: TestPerson,
  channelId: number,
  { id: userId }: TestPerson,
  fields: Fields<typeof ChangeMemberRequest>,
): Promise<string | undefined> {
  const request = ChangeMemberRequest.fromPartial({ channelId, userId, ...fields });
  return ask(by, ChannelService.changeMember, request).then(
    () => undefined,
    (thrown: { reason: string }) => thrown.reason,
  );
}

async function addAll(owner: TestPerson, id: number, ...people: readonly TestPerson[]): Promise<void> {
  for (const who of people) expect(await change(owner, id, who, { add: true })).toBeUndefined();
}

async function insideOf(id: number): Promise<string[]> {
  const rows = await trio.people.sql('SELECT user_id FROM chat.member WHERE channel_id = $1 AND left_seq IS NULL', [
    id,
  ]);
  return rows.map(({ user_id }) => String(user_id));
}

/**
 * Function that runs one race and checks what must hold at its end. Returns the chats that it made.
 */
type Race = (owner: TestPerson, people: readonly TestPerson[]) => Promise<number[]>;

const invites: Race = async (owner, people) => {
  const { id: channelId } = await create(owner, ChannelKind.PRIVATE);
  const invite = await ask(owner, ChannelService.createInvite, Invite.fromPartial({ channelId, maxUses: 10 }));
  const { answers, reasons } = await outcomes(people.map((who) => join(who, { id: invite.id })));
  expect([answers.length, new Set(reasons)]).toEqual([10, new Set(['invite-not-found'])]);
  expect(await insideOf(channelId)).toHaveLength(11);
  return [channelId];
};

const limits: Race = async (owner, people) => {
  const { id: channelId } = await create(owner, ChannelKind.PUBLIC, { limit: 5 });
  const added = people.slice(0, 8).map((who) => change(owner, channelId, who, { add: true }));
  const joined = outcomes(people.slice(8).map((who) => join(who, { channelId })));
  const refused = [...(await Promise.all(added)), ...(await joined).reasons].filter((reason) => reason !== undefined);
  expect([refused.length, new Set(refused)]).toEqual([people.length - 4, new Set(['channel-full'])]);
  expect(await insideOf(channelId)).toHaveLength(5);
  return [channelId];
};

/**
 * Race: two users are offered ownership, one after the other, and both accept while everyone
 * leaves.
 */
const handOver: Race = async (owner, [first, second]: readonly TestPerson[]) => {
  const [one, other] = [first, second] as [TestPerson, TestPerson];
  const { id } = await create(owner, ChannelKind.GROUP);
  await addAll(owner, id, one, other);
  const toOwner = { role: MemberRole.OWNER };
  expect(await change(owner, id, one, toOwner)).toBeUndefined();
  const work = [
    () => change(owner, id, other, toOwner),
    ...[one, other].map((who) => () => change(who, id, who, toOwner)),
    ...[owner, one, other].map((who) => () => change(who, id, who, { remove: true })),
  ];
  const refused = await Promise.all(shuffled(work).map((act) => act()));
  const known = ['not-owner', 'owner-stays', 'member-not-found', 'channel-not-found'];
  expect(refused.filter((reason) => reason !== undefined && !known.includes(reason))).toEqual([]);
  const owners = await trio.people.sql(
    `SELECT c.owner_id FROM chat.channel c JOIN chat.member m ON m.channel_id = c.id AND m.user_id = c.owner_id
     WHERE c.id = $1 AND m.left_seq IS NULL`,
    [id],
  );
  expect(owners).toHaveLength(1);
  return [id];
};

/** Race: a user is banned while others add them, and while they join by a link. */
const addAgainstBan: Race = async (owner, [admin, member, target]: readonly TestPerson[]) => {
  const [one, other, banned] = [admin, member, target] as [TestPerson, TestPerson, TestPerson];
  const { id } = await create(owner, ChannelKind.GROUP);
  await addAll(owner, id, one, other);
  await change(owner, id, one, { role: MemberRole.ADMIN });
  const invite = await ask(owner, ChannelService.createInvite, Invite.fromPartial({ channelId: id }));
  const work = [
    () => change(shuffled([owner, one])[0] as TestPerson, id, banned, { banUntil: 9e15 }),
    ...[owner, one, other].map((by) => () => change(by, id, banned, { add: true })),
    () => join(banned, { id: invite.id }).catch(() => undefined),
  ];
  await Promise.all(shuffled(work).map((act) => act()));
  expect(await insideOf(id)).not.toContain(banned.id);
  expect(await change(other, id, banned, { add: true })).toBe('banned');
  return [id];
};

/**
 * Race: the owner and an admin remove a member who leaves. Only one of the three does it, and the
 * log has one such entry.
 */
const removals: Race = async (owner, [admin, target]: readonly TestPerson[]) => {
  const [one, gone] = [admin, target] as [TestPerson, TestPerson];
  const { id, lastSeq } = await create(owner, ChannelKind.PRIVATE);
  await addAll(owner, id, one, gone);
  await change(owner, id, one, { role: MemberRole.ADMIN });
  const removed = await Promise.all(shuffled([owner, one, gone]).map((by) => change(by, id, gone, { remove: true })));
  expect(removed.filter((reason) => reason === undefined)).toHaveLength(1);
  const [log] = await trio.people.sql('SELECT count(*)::int AS entries FROM chat.message WHERE channel_id = $1', [id]);
  expect(log).toEqual({ entries: lastSeq + 4 }); // two additions, a role and a removal
  expect(await insideOf(id)).not.toContain(gone.id);
  return [id];
};

async function receipt(who: TestPerson, channelId: number, log: string, readSeq: number): Promise<void> {
  const request = UpdateReceiptRequest.fromPartial({ channelId, log, readSeq });
  await ask(who, ChannelService.updateReceipt, request).catch(({ reason }) => expect(reason).toBe('channel-not-found'));
}

async function comeAndGo(owner: TestPerson, id: number, who: TestPerson): Promise<void> {
  expect(await change(owner, id, who, { remove: true })).toBeUndefined();
  expect(await change(owner, id, who, { add: true })).toBeUndefined();
}

/**
 * Race: members of two chats speak and report receipts on streams and to managers, in any order,
 * while one of them comes and goes.
 */
const receipts: Race = async (owner, people) => {
  const members = people.slice(0, 4);
  const chats = await Promise.all(
    [false, true].map((closedHistory) => create(owner, ChannelKind.GROUP, { closedHistory })),
  );
  for (const { id } of chats) await addAll(owner, id, ...members);
  const streams = await Promise.all(
    chats.flatMap((chat) =>
      members.slice(1).map(async (who) => ({ who, chat, stream: await insist(() => trio.join(who, chat.id)) })),
    ),
  );
  for (const { stream } of streams) {
    for (const n of range(3)) stream.send(`before ${n}`);
    await stream.find(({ seq }) => seq >= 4 + 3);
  }
  const work = [
    ...streams.flatMap(({ stream, who }) => [
      ...range(3).map((n) => () => stream.send(`words ${n}`, { mentions: n === 0 ? [who.id] : [] })),
      ...range(7).map(
        (n) => () => stream.send('', { receipt: Receipt.fromPartial({ deliveredSeq: n + 2, readSeq: n + 1 }) }),
      ),
    ]),
    ...members.flatMap((who) =>
      chats.flatMap(({ id, log }) => range(4).map((n) => () => receipt(who, id, log, n + 4))),
    ),
    ...chats.map(
      ({ id }) =>
        () =>
          comeAndGo(owner, id, members[0] as TestPerson),
    ),
  ];
  await Promise.all(shuffled(work).map(async (act) => pause(Math.random() * 50).then(act)));
  for (const { chat, who } of streams)
    await until(async () => (await readSeqOf(chat.id, who)) >= 7 || pause(100, false));
  const sent = members.slice(1).length * (3 + 3);
  for (const { id } of chats) await until(async () => (await messagesIn(id)) === sent || pause(100, false));
  for (const { id } of chats) for (const who of members) await expectRecount(id, who);
  for (const { stream } of streams) stream.cancel();
  return chats.map(({ id }) => id);
};

async function readSeqOf(id: number, who: TestPerson): Promise<number> {
  const mine = 'SELECT read_seq FROM chat.member WHERE channel_id = $1 AND user_id = $2';
  return Number((await trio.people.sql(mine, [id, who.id]))[0]?.read_seq);
}

async function messagesIn(id: number): Promise<number> {
  const rows = await trio.people.sql('SELECT FROM chat.message WHERE channel_id = $1 AND kind = 0', [id]);
  return rows.length;
}

async function expectRecount(id: number, who: TestPerson): Promise<void> {
  const chats = (await ask(who, ChannelService.overview, OverviewRequest.fromPartial({}))).chats;
  const [counted] = await trio.people.sql(recountUnread, [id, who.id]);
  expect(chats.find(({ channel }) => channel?.id === id)).toMatchObject(counted as object);
}

/** Reads overviews until the races are over, and checks that each shows a single moment. */
async function watch(who: TestPerson, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { chats } = await ask(who, ChannelService.overview, OverviewRequest.fromPartial({}));
    for (const chat of chats) expectOneMoment(chat);
    await pause(150); // The rate limits of three managers allow nine calls a second.
  }
}

/** Members add some of the same people at once. The limit lets in all of a list or nobody of it. */
const gatherings: Race = async (owner, people) => {
  const { id } = await create(owner, ChannelKind.GROUP, { limit: 10 });
  await addAll(owner, id, people[0] as TestPerson);
  const lists = range(4).map(() => shuffled(people.slice(0, 12)).slice(0, 5));
  const calls = lists.map(async (list, n) => {
    const request = AddMembersRequest.fromPartial({ channelId: id, userIds: list.map((who) => who.id) });
    const { additions } = await ask(
      n % 2 === 0 ? owner : (people[0] as TestPerson),
      ChannelService.addMembers,
      request,
    );
    expect(additions.map(({ user }) => user?.memberRole)).toEqual(list.map(() => MemberRole.MEMBER));
    return list;
  });
  const { answers, reasons } = await outcomes(calls);
  expect(new Set(['channel-full', ...reasons])).toEqual(new Set(['channel-full']));
  const inside = new Set([owner, people[0], ...answers.flat()].map((who) => who?.id));
  expect(new Set(await insideOf(id))).toEqual(inside);
  expect(inside.size).toBeLessThanOrEqual(10);
  const [counted] = await trio.people.sql(
    `SELECT h.members, h.last_seq::int AS entries, (SELECT count(*)::int FROM chat.event e
       WHERE e.channel_id = h.channel_id AND e.kind = 'member_added') AS events
     FROM chat.channel_head h WHERE h.channel_id = $1`,
    [id],
  );
  expect(counted).toMatchObject({ members: inside.size, events: Number(counted?.entries) + 1 }); // one for the owner
  return [id];
};

const races = { invites, limits, gatherings, handOver, addAgainstBan, removals, receipts };

async function playRound(people: readonly TestPerson[], owner: TestPerson): Promise<void> {
  await trio.people.sql('DELETE FROM chat.rate WHERE key IN (SELECT key FROM chat.rate FOR UPDATE SKIP LOCKED)');
  let isOver = false;
  const watching = people.slice(0, 3).map((who) => watch(who, () => isOver));
  const racing = Object.values(races).map((race) => race(owner, people));
  const made = await Promise.all(racing).finally(() => {
    isOver = true;
  });
  await Promise.all(watching);
  await trio.people.sql('UPDATE chat.channel SET deleted_at = now() WHERE id = ANY ($1)', [made.flat()]);
}

async function play(lane: number): Promise<void> {
  const people = await trio.people.makeMany(`lane${lane}`, crowd);
  for (let round = lane; round < rounds; round += lanes) {
    const racing = round % crowdEvery === 0 ? people : people.slice(0, few);
    await playRound(shuffled(racing), await trio.people.make(`owner${round}`));
  }
}

test(`every race of members over ${managers} managers ends in a valid state, in ${rounds} rounds of all races at once`, async () => {
  await Promise.all(range(lanes).map(play));
  const [found] = await trio.people.sql(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(found).toEqual({ deadlocks: 0 });
}, 36_000_000);
