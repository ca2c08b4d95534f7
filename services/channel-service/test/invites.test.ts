import { randomBytes } from 'node:crypto';
import { Channel, ChannelKind, ChannelService, Invite } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
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
    callUnary(manager, ChannelService[name], Invite.fromPartial(fields), { token: who.token, withinMs: 15_000 });
}

const invite = (who: Person, fields: Parameters<typeof Invite.fromPartial>[0]) =>
  ask('createInvite', who)(fields) as Promise<Invite>;
const preview = (who: Person, id: string) => ask('previewInvite', who)({ id }) as Promise<Channel>;
const join = (who: Person, id: string, manager = rig.manager) => ask('join', who)({ id }, manager) as Promise<Channel>;
const revoke = (who: Person, id: string) => ask('revokeInvite', who)({ id });

async function list(who: Person, id: number): Promise<readonly Invite[]> {
  const options = { token: who.token, withinMs: 15_000 };
  const { invites } = await callUnary(rig.manager, ChannelService.listInvites, Channel.fromPartial({ id }), options);
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

test('an invite link for 10 uses lets in exactly 10 of 100 people at once', async () => {
  const id = await chats.make(owner, 'private');
  const { id: link } = await invite(owner, { channelId: id, maxUses: 10 });
  const people = await rig.persons(100);
  const all = people.map((who, n) => join(who, link, rig.managers[n % 2]));
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
