import { randomBytes } from 'node:crypto';
import { Channel, ChannelKind, ChannelService, Invite } from '@parley/contract';
import type { Pool } from '@parley/database';
import { callPatiently, insist, openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { createRevokeInvite } from '../src/invites/invites.js';
import { createJoin } from '../src/invites/join.js';
import { Chats, type kinds, ranks, reason } from './chats.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let member: Person;
let stranger: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
  chats = new Chats(rig);
});

beforeEach(async () => {
  await rig.owner.query('DELETE FROM chat.invite WHERE channel_id IS NULL');
  [owner, member, stranger] = (await rig.persons(3)) as [Person, Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const inAnHour = () => Date.now() + 3_600_000;
const unknown = () => randomBytes(16).toString('base64url');

function ask<Name extends 'createInvite' | 'revokeInvite' | 'previewInvite' | 'join'>(name: Name, who: Person) {
  return (fields: Parameters<typeof Invite.fromPartial>[0], manager = rig.manager) =>
    callPatiently(manager, ChannelService[name], Invite.fromPartial(fields), { token: who.token, withinMs: 30_000 });
}

const invite = (who: Person, fields: Parameters<typeof Invite.fromPartial>[0]) =>
  ask('createInvite', who)(fields) as Promise<Invite>;
const preview = (who: Person, id: string) => ask('previewInvite', who)({ id }) as Promise<Channel>;
const join = (who: Person, id: string, manager = rig.manager) => ask('join', who)({ id }, manager) as Promise<Channel>;
const revoke = (who: Person, id: string) => ask('revokeInvite', who)({ id });

async function list(who: Person, id: number): Promise<readonly Invite[]> {
  const options = { token: who.token, withinMs: 30_000 };
  const { invites } = await callPatiently(
    rig.manager,
    ChannelService.listInvites,
    Channel.fromPartial({ id }),
    options,
  );
  return invites;
}

async function chatWithMember(kind: keyof typeof kinds): Promise<number> {
  const id = await chats.make(owner, kind);
  await chats.add(owner, id, member);
  return id;
}

describe.each(['group', 'public', 'private'] as const)('in a %s', (kind) => {
  test('an invite link shows the chat and lets in one user per use', async () => {
    const id = await chatWithMember(kind);
    const made = await invite(owner, { channelId: id, maxUses: 2, expiresAt: inAnHour() });
    expect(made).toMatchObject({ channelId: id, maxUses: 2, useCount: 0, expired: false, createdBy: owner.id });
    expect(made.id).toMatch(/^[\w-]{22}$/);
    const seen = await preview(stranger, made.id);
    expect(seen).toMatchObject({ id, name: `a ${kind}`, memberCount: 2, myRole: ranks.none, lastSeq: 0, users: [] });
    expect(seen.kind).toBe(ChannelKind[kind.toUpperCase() as 'GROUP']);
    expect(await join(stranger, made.id)).toMatchObject({ id, memberCount: 3, myRole: ranks.member });
    expect(await join(stranger, made.id)).toMatchObject({ id, memberCount: 3 });
    expect(await join(member, made.id)).toMatchObject({ id, memberCount: 3 });
    expect(await list(owner, id)).toMatchObject([{ id: made.id, useCount: 1 }]);
  });

  test('only the owner and the admins make, list and revoke invite links', async () => {
    const id = await chatWithMember(kind);
    const { id: link } = await invite(owner, { channelId: id });
    for (const attempt of [
      () => invite(member, { channelId: id }),
      () => list(member, id),
      () => revoke(member, link),
    ]) {
      await expect(attempt()).rejects.toEqual(reason('not-channel-admin'));
    }
    const hidden = kind === 'public' ? 'not-a-member' : 'channel-not-found';
    await expect(invite(stranger, { channelId: id })).rejects.toEqual(reason(hidden));
    await expect(list(stranger, id)).rejects.toEqual(reason(hidden));
    await expect(revoke(stranger, link)).rejects.toEqual(reason('invite-not-found'));
    await chats.change(owner, id, member, { role: ranks.admin });
    expect(await list(member, id)).toHaveLength(1);
    await revoke(member, link);
    await revoke(member, link);
    expect(await list(owner, id)).toMatchObject([{ id: link, expired: true }]);
  });
});

test('unknown, used up, expired and revoked invite links, and those of deleted chats, get the same refusal', async () => {
  const id = await chats.make(owner, 'private');
  const spent = await invite(owner, { channelId: id, maxUses: 1 });
  await join(member, spent.id);
  const expired = await invite(owner, { channelId: id, expiresAt: inAnHour() });
  await rig.owner.query("UPDATE chat.invite SET expires_at = now() - interval '1 ms' WHERE id = $1", [expired.id]);
  const revoked = await invite(owner, { channelId: id });
  await revoke(owner, revoked.id);
  const gone = await chats.make(owner, 'private');
  const deleted = await invite(owner, { channelId: gone });
  await rig.owner.query('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [gone]);
  const answers = new Set<string>();
  for (const link of [unknown(), '', 'x', `${unknown()}=`, spent.id, expired.id, revoked.id, deleted.id]) {
    const attempts = [preview(stranger, link), revoke(stranger, link), ...(link ? [join(stranger, link)] : [])];
    for (const attempt of await Promise.allSettled(attempts)) {
      answers.add(attempt.status === 'fulfilled' ? 'worked' : `${attempt.reason.reason} ${attempt.reason.message}`);
    }
  }
  expect([...answers]).toEqual([expect.stringMatching(/^invite-not-found /)]);
});

test('a banned user and a user beyond the member limit neither enter by an invite link nor use it up', async () => {
  const id = await chatWithMember('group');
  const { id: link } = await invite(owner, { channelId: id, maxUses: 1 });
  await chats.change(owner, id, member, { banUntil: inAnHour() });
  await expect(join(member, link)).rejects.toEqual(reason('banned'));
  await chats.update(owner, id, { limit: 1 });
  await expect(join(stranger, link)).rejects.toEqual(reason('channel-full'));
  await chats.update(owner, id, { limit: 5 });
  await expect(join(stranger, link)).resolves.toMatchObject({ id });
});

test('rooms and direct chats have no invite links, and impossible limits are refused', async () => {
  const room = await chats.make(owner, 'room');
  const { id: direct } = await chats.direct(owner, member.id);
  await expect(invite(owner, { channelId: room })).rejects.toEqual(reason('wrong-kind'));
  await expect(invite(owner, { channelId: direct })).rejects.toHaveProperty('reason');
  const id = await chats.make(owner, 'group');
  for (const fields of [{ maxUses: 100_001 }, { expiresAt: 1 }, { expiresAt: Date.now() - 1_000 }]) {
    await expect(invite(owner, { channelId: id, ...fields })).rejects.toEqual(reason('invalid-invite'));
  }
  await expect(invite(owner, { channelId: 4_000_000_000 })).rejects.toEqual(reason('invalid-channel-id'));
});

test('an expiry is stored to the millisecond up to the year 9999, and refused beyond it', async () => {
  const id = await chats.make(owner, 'group');
  const last = Date.UTC(10_000, 0) - 1;
  for (const expiresAt of [inAnHour(), Date.UTC(2150, 0) + 123, Date.UTC(9_000, 5) + 777, last]) {
    expect(await invite(owner, { channelId: id, expiresAt })).toMatchObject({ expiresAt });
  }
  for (const expiresAt of [last + 1, 2 ** 53 - 1]) {
    await expect(invite(owner, { channelId: id, expiresAt })).rejects.toMatchObject({
      reason: 'invalid-invite',
      message: 'The expiry is after the year 9999. Choose an earlier time, or 0 for none.',
    });
  }
});

test('a chat has at most 100 valid invite links', async () => {
  const id = await chats.make(owner, 'group');
  await rig.owner.query(
    "INSERT INTO chat.invite (id, channel_id, created_by) SELECT rpad(n::text, 22, 'x'), $1, $2 FROM generate_series(1, 99) n",
    [id, owner.id],
  );
  const last = await invite(owner, { channelId: id });
  await expect(invite(owner, { channelId: id })).rejects.toEqual(reason('too-many-invites'));
  await revoke(owner, last.id);
  await expect(invite(owner, { channelId: id })).resolves.toMatchObject({ channelId: id });
});

test.each(['a chat', 'registration'])(
  'ListInvites for %s lists every valid link, and then the newest others',
  async (what) => {
    const inviter = what === 'a chat' ? owner : await rig.person('admin');
    const channelId = what === 'a chat' ? await chats.make(owner, 'group') : 0;
    const valid = await Promise.all([{}, { maxUses: 2 }].map((more) => invite(inviter, { channelId, ...more })));
    await rig.owner.query(
      `INSERT INTO chat.invite (id, channel_id, created_by, created_at, expires_at)
     SELECT rpad($1::int || n::text, 22, 'x'), nullif($1::int, 0), $2, now() + n * interval '1 s', now() - interval '1 h' FROM generate_series(1, 250) n`,
      [channelId, inviter.id],
    );
    const listed = await list(inviter, channelId);
    expect(listed).toHaveLength(200);
    expect(new Set(listed.slice(0, 2).map(({ id }) => id))).toEqual(new Set(valid.map(({ id }) => id)));
    expect(listed.slice(2).every(({ expired }) => expired)).toBe(true);
    const times = listed.slice(2).map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted((one, other) => other - one));
  },
);

test('one user creates at most 100 invite links in a row, and a link is revoked once in the audit', async () => {
  const ids = await Promise.all([1, 2].map(() => chats.make(owner, 'group')));
  const reasons: string[] = [];
  for (let n = 0; n < 101; n++) {
    await rig.owner.query("DELETE FROM chat.rate WHERE key LIKE 'change:%'");
    const made = await invite(owner, { channelId: ids[n % 2] as number }).catch((thrown) => thrown.reason as string);
    if (typeof made === 'string') reasons.push(made);
    else for (let again = 0; again < 2; again++) await revoke(owner, made.id);
    await rig.owner.query("DELETE FROM chat.rate WHERE key LIKE 'change:%'");
  }
  expect(reasons).toEqual(['create-too-often']);
  const { rows } = await rig.owner.query(
    'SELECT action, count(*)::int AS n FROM chat.audit WHERE actor = $1 GROUP BY action ORDER BY action',
    [owner.id],
  );
  expect(rows).toEqual([
    { action: 'invite.create', n: 100 },
    { action: 'invite.revoke', n: 100 },
  ]);
});

/** Returns a pool that notes the text of every statement. */
function recording(pool: Pool, texts: string[]): Pool {
  const noting = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        if (key === 'connect') return async () => noting((await value.call(target)) as object);
        return (...parameters: readonly unknown[]) => {
          const [asked] = parameters as readonly (string | { text: string } | undefined)[];
          if (key === 'query') texts.push(typeof asked === 'string' ? asked : String(asked?.text));
          return value.apply(target, parameters);
        };
      },
    });
  return noting(pool);
}

test.each([
  ['Join', createJoin],
  ['RevokeInvite', createRevokeInvite],
])('for a stranger, %s runs the same statements for old links and for an unknown one', async (_, create) => {
  const id = await chats.make(owner, 'private');
  const spent = await invite(owner, { channelId: id, maxUses: 1 });
  await join(member, spent.id);
  const revoked = await invite(owner, { channelId: id });
  await revoke(owner, revoked.id);
  const registration = await invite(await rig.person('admin'), { channelId: 0 });
  const pool = openTestPool(database.urlFor('chat_manager'), 1, 'test invites');
  const texts: string[] = [];
  const handle = create(recording(pool, texts));
  const me = { id: stranger.id, role: 'user' as const } as Parameters<typeof handle>[1];
  const seen = new Set<string>();
  for (const link of [unknown(), spent.id, revoked.id, registration.id]) {
    texts.length = 0;
    const call = { facts: {} } as Parameters<ReturnType<typeof createJoin>>[2];
    await expect(handle(Invite.fromPartial({ id: link }), me, call)).rejects.toEqual(reason('invite-not-found'));
    seen.add(texts.join('\n'));
  }
  await pool.end();
  expect([...seen]).toEqual([expect.stringContaining('FROM chat.invite')]);
});

test('an invite link for 10 uses lets in exactly 10 of 100 people at once', async () => {
  const id = await chats.make(owner, 'private');
  const { id: link } = await invite(owner, { channelId: id, maxUses: 10 });
  const people = await rig.persons(100);
  const all = people.map((who, n) => insist(() => join(who, link, rig.managers[n % 2])));
  const { answers, reasons } = await outcomes(all);
  expect(answers).toHaveLength(10);
  expect(new Set(reasons)).toEqual(new Set(['invite-not-found']));
  expect(await list(owner, id)).toMatchObject([{ useCount: 10, expired: true }]);
  expect(await preview(owner, link).catch(({ reason: why }) => why)).toBe('invite-not-found');
});

test('operators make and revoke invitations to register, which open no chat', async () => {
  const operator = await rig.person('admin');
  const made = await invite(operator, { channelId: 0, maxUses: 3 });
  expect(await list(operator, 0)).toMatchObject([{ id: made.id, channelId: 0, maxUses: 3 }]);
  for (const attempt of [() => invite(owner, { channelId: 0 }), () => list(owner, 0)]) {
    await expect(attempt()).rejects.toEqual(reason('not-operator'));
  }
  await expect(revoke(owner, made.id)).rejects.toEqual(reason('invite-not-found'));
  await expect(join(owner, made.id)).rejects.toEqual(reason('invite-not-found'));
  await expect(preview(owner, made.id)).rejects.toEqual(reason('invite-not-found'));
  await revoke(operator, made.id);
  const { rows } = await rig.owner.query(
    "SELECT action, actor FROM chat.audit WHERE action LIKE 'invite.%' AND actor = $1",
    [operator.id],
  );
  expect(rows.map(({ action }) => action)).toEqual(['invite.create', 'invite.revoke']);
});
