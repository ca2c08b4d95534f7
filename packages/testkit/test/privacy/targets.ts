import { randomUUID } from 'node:crypto';
import { Channel } from '@parley/contract';
import { createPool, DatabaseClock } from '@parley/database';
import { joinToken, SigningKey } from '@parley/service-kit';
import type { TestPerson } from '../../src/index.js';
import type { Pair } from './alike.js';
import { Caller } from './caller.js';
import { userCalls } from './calls.js';
import type { Answer } from './raw-call.js';
import type { World } from './world.js';

/**
 * Kinds of users that a stranger may or may not find. Each is a column of the table in answers.md.
 */
export const targets = ['unknown', 'hidden', 'contacts', 'deleted', 'suspended', 'blocking', 'everyone'] as const;
export type Target = (typeof targets)[number];

const noNumber = 2_000_000_000;

/** Users that calls name, by kind. There is none of the kind `unknown`. */
export type People = ReadonlyMap<Target, TestPerson>;

/** Creates the users whom calls name. */
export async function makeTargets(world: World): Promise<People> {
  const people = new Map<Target, TestPerson>();
  for (const target of targets.slice(1)) people.set(target, await world.trio.people.make(`the-${target}`));
  await admitAll(world, [...people.values()]);
  const show = "UPDATE chat.users SET visibility = $2, about = 'hiddenaboutw' WHERE id = $1";
  await world.sql(show, ['the-hidden', 'nobody']);
  await world.sql(show, ['the-contacts', 'contacts']);
  await world.sql(show, ['the-deleted', 'everyone']);
  await world.must('AdminService/DeleteUser', { userId: 'the-deleted' }, world.operator);
  await world.must('AdminService/SetUser', { id: 'the-suspended', status: 2 }, world.operator);
  return people;
}

/** Channels of somebody else in which every target is. */
const openChannels = (world: World) => ({
  openChat: world.account('stranger', 'public').channel,
  openRoom: world.account('stranger', 'room').channel,
});

/** Adds everyone to the public chat, mutes them in the room, and lets them enter it. */
async function admitAll(world: World, people: readonly TestPerson[]): Promise<void> {
  const { openChat, openRoom } = openChannels(world);
  for (const person of people) {
    await world.change(openChat, person.id, { add: true });
    await world.change(openRoom, person.id, { muteUntil: 4e12 });
    await world.trio.join(person, openRoom);
  }
  await world.sql('DELETE FROM chat.rate');
}

/** Creates a user whom one target has blocked, and gives that user a group and a room. */
async function makeAsker(world: World, id: string) {
  const person = await world.trio.people.make(id);
  const create = async (fields: object) =>
    Channel.decode(await world.must('ChannelService/Create', { name: id, ...fields }, person)).id;
  const group = await create({ kind: 3 });
  const room = await create({ limit: 5, retention: { everything: true } });
  await world.sql("INSERT INTO chat.block (user_id, blocked_id) VALUES ('the-blocking', $1)", [id]);
  return { person, group, room, ...openChannels(world) };
}

/**
 * Makes every call that names a user, about each target. Each call has its own caller, so no call
 * sees an effect of another.
 */
export async function askAboutUsers(world: World, people: People): Promise<Map<string, Map<Target, Answer>>> {
  const answers = new Map<string, Map<Target, Answer>>();
  for (const [n, [call, request]] of Object.entries(userCalls).entries()) {
    const { person, ...channels } = await makeAsker(world, `asker-${n}`);
    const caller = new Caller(world, person.token);
    const row = new Map<Target, Answer>();
    for (const target of targets) {
      const { id: user, number } = people.get(target) ?? { id: `unknown-${n}`, number: noNumber };
      row.set(target, await caller.call(call, request({ user, number, ...channels })));
    }
    answers.set(call, row);
  }
  return answers;
}

/**
 * Calls whose answers do not reveal whether a user exists. To some of them, a user who has blocked
 * the caller looks missing too.
 */
const blindToUsers = ['Get', 'Search', 'OpenDirect', 'ChangeMember', 'AddMembers', 'SetBlock', 'ReportAbuse'];
const blindToBlocks = ['OpenDirect', 'AddMembers', 'ChangeMember, add'];
/** A call that answers alike for a user who has blocked the caller and for one who has not. */
const blindOffer = 'ChannelService/ChangeMember, offer a room';

/**
 * Returns pairs of requests of one user. One request of each pair is about a user who looks
 * missing, the other about one who is. For `blindOffer`, both look as if nobody had blocked anyone.
 */
export async function pairsOfUsers(world: World, people: People, id: string): Promise<Pair[]> {
  const { person, ...channels } = await makeAsker(world, id);
  const requestFor = (call: string, target: Target) => {
    const { id: user, number } = people.get(target) ?? { id: 'nobody-at-all', number: noNumber };
    return userCalls[call]?.({ user, number, ...channels }) ?? {};
  };
  return Object.keys(userCalls).flatMap((call) =>
    lookMissingTo(call).map((what) => {
      const usual = call === blindOffer && what === 'blocking' ? 'everyone' : 'unknown';
      const [hidden, unknown] = [requestFor(call, what), requestFor(call, usual)];
      return { call, what, token: person.token, hidden, unknown };
    }),
  );
}

/** Returns the users who look missing to a call. */
function lookMissingTo(call: string): readonly Target[] {
  const isOneOf = (of: readonly string[]) => of.some((one) => call.split('/')[1]?.startsWith(one));
  const always: readonly Target[] = isOneOf(blindToUsers) ? ['hidden', 'contacts', 'deleted'] : [];
  const findsSuspended = isOneOf(['Get', 'SetBlock', 'ReportAbuse']);
  const suspended: readonly Target[] = always.length > 0 && !findsSuspended ? ['suspended'] : [];
  const isBlind = isOneOf(blindToBlocks) || call === blindOffer;
  return [...always, ...suspended, ...(isBlind ? (['blocking'] as const) : [])];
}

/**
 * Creates invite links of a private channel in every state. Each state is a column of the table in
 * answers.md.
 */
export async function makeLinks(world: World): Promise<Readonly<Record<string, string>>> {
  const { channel } = world.account('member', 'private');
  const [open, used, expired, revoked] = await Promise.all([1, 2, 3, 4].map(() => world.link(channel, { maxUses: 9 })));
  await world.sql('UPDATE chat.invite SET use_count = max_uses WHERE id = $1', [used]);
  await world.sql("UPDATE chat.invite SET expires_at = now() - interval '1 s' WHERE id = $1", [expired]);
  await world.must('ChannelService/RevokeInvite', { id: revoked }, world.owner);
  const links = { open, 'open, for a banned user': open, unknown: 'A'.repeat(22), 'used up': used, expired, revoked };
  const others = { 'of a deleted channel': world.links.get('deleted'), 'to register': await world.link(0) };
  return { ...links, ...others } as Readonly<Record<string, string>>;
}

/** Creates join tokens that must be refused. Each is a column of the table in answers.md. */
export async function makeTokens(world: World): Promise<Readonly<Record<string, string | undefined>>> {
  const { person, channel } = world.account('stranger', 'room');
  const [{ id: server } = { id: '' }] = await world.sql('SELECT instance_id::text AS id FROM chat.server');
  const pool = createPool({ url: world.trio.database.urlFor('chat_manager'), applicationName: 'test', max: 1 });
  const clock = await DatabaseClock.start(pool);
  const sign = (lifeSeconds: number, audience: string, timestamp = clock.now()) => {
    const place = { ch: channel, jti: randomUUID(), route: '', timestamp };
    const claims = { sub: person.id, num: person.number, sid: person.sessionId, ...place };
    return new SigningKey({ ...joinToken, lifeSeconds }, randomUUID(), pool, clock).sign(claims, audience);
  };
  const whole = await sign(600, String(server));
  const [head, , signature] = whole.split('.');
  const [, other] = (await sign(600, String(server))).split('.');
  const tokens = {
    'no token': '',
    'a user token': person.token,
    forged: `${head}.${other}.${signature}`,
    expired: await sign(-60, String(server)),
    'of another server': await sign(600, randomUUID()),
    'of an hour ago': await sign(600, String(server), clock.now() - 3_600_000),
    'without a seat': whole,
  };
  await pool.end();
  return { ...tokens, 'no token': undefined, used: await usedToken(world) };
}

/** Returns a join token that was already used. */
async function usedToken(world: World): Promise<string> {
  const { person, channel } = world.account('stranger', 'room');
  const { token } = await world.trio.listen(person, channel);
  const { reason } = await new Caller(world, token).call('ChatService/Subscribe', {});
  if (reason !== 'ok') throw new Error(`a fresh join token is refused: ${reason}`);
  return token;
}
