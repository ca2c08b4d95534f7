import { UserRole, UserStatus, Visibility } from '@parley/contract';
import { Accounts, password, reasonOf } from './accounts.js';

let accounts: Accounts;
let alice: string;
let bob: string;
let admin: string;

beforeAll(async () => {
  accounts = await Accounts.start();
  alice = await accounts.token('Alice', { email: 'alice@example.org', name: 'Alice A.' });
  bob = await accounts.token('bob');
  admin = await accounts.token('root');
  await accounts.sql("UPDATE chat.users SET role = 'admin' WHERE id = 'root'");
});
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});

describe('Get', () => {
  test('Get finds a user by id in any case, or by number', async () => {
    const byId = await accounts.get(bob, { id: 'alice' });
    expect(byId).toMatchObject({ id: 'Alice', name: 'Alice A.', role: UserRole.USER, status: UserStatus.ACTIVE });
    expect(await accounts.get(bob, { number: byId.number })).toEqual(byId);
  });

  test('Get shows the email address to the user and to operators', async () => {
    const seen = await Promise.all([alice, bob, admin].map((token) => accounts.get(token, { id: 'Alice' })));
    expect(seen.map(({ email }) => email)).toEqual(['alice@example.org', '', 'alice@example.org']);
  });

  test.each([
    ['an unknown id', { id: 'nobody' }],
    ['neither id nor number', {}],
    ['an id with NUL', { id: 'Al\0ice' }],
    ['a search pattern', { id: '%' }],
    ['an email address', { id: 'alice@example.org' }],
    ['an id that is far too long', { id: 'x'.repeat(10_000) }],
    ['an unknown number', { number: 4_294_967_295 }],
    ['a bad id and a good number', { id: '%', number: 1 }],
  ])('Get refuses %s as user-not-found', async (_, who) => {
    expect(await reasonOf(accounts.get(bob, who))).toBe('user-not-found');
  });

  test('Get respects the visibility of the profile', async () => {
    const target = await accounts.token('hidden');
    const guest = await accounts.token('visitor');
    const contact = await accounts.token('contact');
    const former = await accounts.token('former');
    await accounts.sql("UPDATE chat.users SET role = 'guest' WHERE id = 'visitor'");
    await accounts.sql("INSERT INTO chat.channel (name, owner_id, kind) VALUES ('c', 'root', 'group')");
    await accounts.sql(`INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq)
      SELECT max(c.id), who, 0, gone FROM chat.channel c,
        (VALUES ('hidden', NULL), ('contact', NULL), ('former', 0)) AS v (who, gone) GROUP BY who, gone`);
    await accounts.sql("INSERT INTO chat.channel (name, owner_id, kind) VALUES ('left', 'root', 'group')");
    await accounts.sql(`INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq)
      SELECT max(c.id), who, 0, gone FROM chat.channel c,
        (VALUES ('hidden', 0), ('bob', NULL)) AS v (who, gone) GROUP BY who, gone`);
    const lookers = { self: target, admin, contact, former, user: bob, guest };
    const seenBy = async (visibility: Visibility) => {
      await accounts.update(target, { visibility });
      const seen = await Promise.all(
        Object.values(lookers).map((token) => reasonOf(accounts.get(token, { id: 'hidden' }))),
      );
      return Object.keys(lookers).filter((_, n) => seen[n] === 'ok');
    };
    expect(await seenBy(Visibility.EVERYONE)).toEqual(['self', 'admin', 'contact', 'former', 'user', 'guest']);
    expect(await seenBy(Visibility.USERS)).toEqual(['self', 'admin', 'contact', 'former', 'user']);
    expect(await seenBy(Visibility.CONTACTS)).toEqual(['self', 'admin', 'contact']);
    expect(await seenBy(Visibility.NOBODY)).toEqual(['self', 'admin']);
  });

  test('shows settings and the state of the email address to the user only', async () => {
    const una = await accounts.token('private', { email: 'una@example.org' });
    const change = { visibility: Visibility.EVERYONE, privateReads: true };
    const hers = { email: 'una@example.org', emailVerified: true, ...change };
    await accounts.update(una, change);
    await accounts.sql("UPDATE chat.users SET email_verified = true WHERE id = 'private'");
    expect(await accounts.get(una, { id: 'private' })).toMatchObject(hers);
    expect((await accounts.login('private')).user).toMatchObject(hers);
    const theirs = { email: '', emailVerified: false, visibility: Visibility.UNSPECIFIED, privateReads: false };
    expect(await accounts.get(bob, { id: 'private' })).toMatchObject(theirs);
    const operators = { ...theirs, email: 'una@example.org', emailVerified: true };
    expect(await accounts.get(admin, { id: 'private' })).toMatchObject(operators);
    expect(await accounts.update(una, { privateReads: false })).toMatchObject({ ...hers, privateReads: false });
  });

  test('shows a user as online while they have a seat at a live chat server', async () => {
    await accounts.register('seated');
    await accounts.sql(`WITH server AS (
        INSERT INTO chat.server (instance_id, name, addr, internal_addr, lease_until)
        VALUES (gen_random_uuid(), 's', 'localhost:5000', '127.0.0.1:5000', now() + interval '1 hour') RETURNING instance_id
      ), room AS (INSERT INTO chat.channel (name, owner_id) VALUES ('r', 'root') RETURNING id)
      INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
      SELECT gen_random_uuid(), 'seated', room.id, server.instance_id, 1, true, true, now() FROM server, room`);
    await accounts.sql(
      "UPDATE chat.users SET last_seen_at = 'epoch'::timestamptz + interval '5 s' WHERE id = 'seated'",
    );
    expect(await accounts.get(bob, { id: 'seated' })).toMatchObject({ online: true, lastSeen: 5_000 });
    await accounts.sql('UPDATE chat.server SET lease_until = now()');
    expect(await accounts.get(bob, { id: 'seated' })).toMatchObject({ online: false, lastSeen: 5_000 });
  });

  test('shows a user as online while they have an open inbox at a live gateway', async () => {
    await accounts.register('watching');
    await accounts.sql(`WITH gateway AS (
        INSERT INTO chat.gateway (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until)
        VALUES (gen_random_uuid(), 'g', 'localhost:1', 'localhost:2', '1', 'serving', 1, 1, now() + interval '1 hour') RETURNING instance_id
      ) INSERT INTO chat.presence (user_id, instance_id) SELECT 'watching', instance_id FROM gateway`);
    expect(await accounts.get(bob, { id: 'watching' })).toMatchObject({ online: true });
    await accounts.sql('UPDATE chat.gateway SET lease_until = now()');
    expect(await accounts.get(bob, { id: 'watching' })).toMatchObject({ online: false });
  });

  test('hides deleted users from everyone but operators', async () => {
    await accounts.register('ghost');
    await accounts.sql("UPDATE chat.users SET status = 'deleted', visibility = 'everyone' WHERE id = 'ghost'");
    expect(await reasonOf(accounts.get(bob, { id: 'ghost' }))).toBe('user-not-found');
    expect(await accounts.get(admin, { id: 'ghost' })).toMatchObject({ status: UserStatus.DELETED });
  });
});

test('limits lookups by number to a burst of thirty, then one every two seconds', async () => {
  const walker = await accounts.token('walker');
  const reasons = await Promise.all(Array.from({ length: 40 }, () => reasonOf(accounts.get(walker, { number: 1 }))));
  expect(reasons.filter((reason) => reason === 'read-too-often').length).toBeGreaterThanOrEqual(5);
  expect(await reasonOf(accounts.get(walker, { id: 'Alice' }))).toBe('ok');
});

describe('Update', () => {
  test('Update changes name and about, and leaves other fields alone', async () => {
    const token = await accounts.token('una', { name: 'Una' });
    expect(await accounts.update(token, { about: 'line\nline' })).toMatchObject({ name: 'Una', about: 'line\nline' });
    expect(await accounts.update(token, { name: 'Ona' })).toMatchObject({ name: 'Ona', about: 'line\nline' });
    expect(await accounts.update(token, { about: '' })).toMatchObject({ name: 'Ona', about: '' });
    expect(await accounts.update(token, {})).toMatchObject({ name: 'Ona', about: '' });
  });

  test.each([
    ['an empty name', { name: '' }, 'invalid-name'],
    ['a name with a direction mark', { name: 'a\u202eb' }, 'invalid-name'],
    ['a long about', { about: 'x'.repeat(501) }, 'invalid-profile'],
    ['NUL in about', { about: 'a\0b' }, 'invalid-profile'],
    ['zero width in about', { about: 'a\u200bb' }, 'invalid-profile'],
    ['an unknown visibility', { visibility: 7 as Visibility }, 'invalid-profile'],
    ['a malformed email address', { email: 'a@@b', password }, 'invalid-email'],
    ['a short new password', { newPassword: 'short', password }, 'invalid-password'],
    ['a common new password', { newPassword: 'Password1', password }, 'common-password'],
    ['73 bytes of new password', { newPassword: 'x'.repeat(73), password }, 'invalid-password'],
    ['an avatar that is not an id', { avatarId: "'; --" }, 'invalid-profile'],
    ['an avatar nobody has', { avatarId: '00000000-0000-0000-0000-000000000000' }, 'invalid-profile'],
    ['an email without the password', { email: 'b@example.org' }, 'wrong-credentials'],
    ['an email with a wrong password', { email: 'b@example.org', password: 'wrong horse' }, 'wrong-credentials'],
    ['the removal of the email without the password', { email: '' }, 'wrong-credentials'],
    ['a new password without the current one', { newPassword: 'battery staple' }, 'wrong-credentials'],
    [
      'a current password with NUL after it',
      { newPassword: 'battery staple', password: `${password}\0` },
      'wrong-credentials',
    ],
  ])('Update refuses %s and changes nothing', async (_, change, reason) => {
    const before = await accounts.sql("SELECT * FROM chat.users WHERE id = 'bob'");
    expect(await reasonOf(accounts.update(bob, { about: 'new', ...change }))).toBe(reason);
    expect(await accounts.sql("SELECT * FROM chat.users WHERE id = 'bob'")).toEqual(before);
  });

  test('says whether the current password is wrong or missing', async () => {
    const change = { newPassword: 'battery staple' };
    await expect(accounts.update(bob, { ...change, password: 'wrong horse' })).rejects.toMatchObject({
      message: 'The current password is wrong.',
    });
    await expect(accounts.update(bob, { email: 'b@example.org' })).rejects.toMatchObject({
      message: 'The current password is missing. Give it to change the password or the email address.',
    });
  });

  test('Update accepts only a complete file of the same user as avatar', async () => {
    const file = async (owner: string, complete: boolean) => {
      const text = `INSERT INTO chat.file (owner_id, name, content_type, size, complete)
        VALUES ($1, 'f', 'image/png', 0, $2) RETURNING id`;
      return (await accounts.sql(text, [owner, complete]))[0]?.id as string;
    };
    const [mine, half, hers] = [await file('bob', true), await file('bob', false), await file('Alice', true)];
    expect(await accounts.update(bob, { avatarId: mine })).toMatchObject({ avatarId: mine });
    expect(await reasonOf(accounts.update(bob, { avatarId: half }))).toBe('invalid-profile');
    expect(await reasonOf(accounts.update(bob, { avatarId: hers }))).toBe('invalid-profile');
    expect(await accounts.update(bob, { avatarId: '' })).toMatchObject({ avatarId: '' });
  });

  test('limits name changes to five, then one an hour', async () => {
    const token = await accounts.token('talker');
    for (const name of ['a', 'b', 'c', 'd', 'e']) await accounts.update(token, { name });
    expect(await reasonOf(accounts.update(token, { name: 'f' }))).toBe('change-too-often');
    expect(await reasonOf(accounts.update(token, { name: 'e', about: 'the same name' }))).toBe('ok');
  });

  test('changes the email address if the password is right, even to the address of another account', async () => {
    const token = await accounts.token('eve', { email: 'eve@example.org' });
    const email = 'ALICE@example.org';
    expect(await accounts.update(token, { email, password })).toMatchObject({ email });
    expect(await accounts.update(token, { email: '', password })).toMatchObject({ email: '' });
  });

  test('replaces the password and ends the other sessions', async () => {
    const here = await accounts.token('pat');
    const there = (await accounts.login('pat')).token;
    await accounts.update(here, { password, newPassword: 'battery staple' });
    expect(await reasonOf(accounts.get(here, { id: 'pat' }))).toBe('ok');
    expect(await reasonOf(accounts.get(there, { id: 'pat' }))).toBe('logged-out');
    expect(await reasonOf(accounts.login('pat'))).toBe('wrong-credentials');
    expect(await reasonOf(accounts.login('pat', { password: 'battery staple' }))).toBe('ok');
  });

  test('Update allows twenty wrong passwords with a token, then one every 45 s', async () => {
    const token = await accounts.token('victim');
    await accounts.sql(
      "INSERT INTO chat.rate VALUES ('login-owner:victim:session', now() + make_interval(secs => 900))",
    );
    const refused = accounts.update(token, { newPassword: 'battery staple', password: 'wrong horse' });
    expect(await reasonOf(refused)).toBe('login-too-often');
  });

  test('right passwords in Update do not use up the budget of wrong ones', async () => {
    const token = await accounts.token('changer');
    for (let n = 0; n < 5; n++)
      expect(await reasonOf(accounts.update(token, { email: `c${n}@example.org`, password }))).toBe('ok');
    const [row] = await accounts.sql(
      "SELECT tat <= now() + interval '1 s' AS free FROM chat.rate WHERE key = 'login-owner:changer:session'",
    );
    expect(row).toEqual({ free: true });
  });

  test('Update limits how much hashing one user can cause', async () => {
    const token = await accounts.token('tom');
    const wrong = () => accounts.update(token, { newPassword: 'battery staple', password: 'wrong horse' });
    const reasons: unknown[] = [];
    for (let n = 0; n < 12; n++) reasons.push(await reasonOf(wrong()));
    expect(reasons.filter((reason) => reason === 'wrong-credentials')).toHaveLength(10);
    expect(reasons.at(-1)).toBe('login-too-often');
  });
});
