import { AdminService, DeleteUserRequest, Kind, MemberChange, UserRole } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { AdminApi } from './admin-api.js';
import { Chats, ranks, reason } from './chats.js';
import { checkEndedGuests, checkGuestIndexes } from './ended-guests.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let api: AdminApi;
let root: Person;
let victim: Person;
let friend: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  api = new AdminApi(rig);
  await rig.server();
});

beforeEach(async () => {
  await rig.owner.query("DELETE FROM chat.rate; UPDATE chat.users SET role = 'user' WHERE role = 'admin'");
  root = await rig.person('admin');
  [victim, friend] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

function deleteUser(userId: string, purge = false, { token } = root): Promise<unknown> {
  const request = DeleteUserRequest.fromPartial({ userId, purge });
  return callPatiently(rig.admin(), AdminService.deleteUser, request, { token, withinMs: 30_000 });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Waits until the managers have begun a pass for a deleted account, and ended it. */
async function worked(id: string): Promise<void> {
  const due = 'SELECT FROM chat.deletion WHERE user_id = $1 AND (pass_at IS NULL OR after_channel > 0)';
  await until(async () => (await rig.owner.query(due, [id])).rowCount === 0);
  const ended = "SELECT FROM chat.upkeep_turn WHERE name = 'deletion' AND held_until < clock_timestamp()";
  await until(async () => (await rig.owner.query(ended)).rowCount === 1);
}

/** Reads the changes of members in the log, the oldest first. */
async function changes(who: Person, id: number) {
  const { messages } = await chats.history(who, id, { oldestFirst: true });
  return messages.filter(({ kind }) => kind === Kind.MEMBER).map(({ data }) => MemberChange.decode(data));
}

test('DeleteUser ends sessions and seats at once, blanks the account and keeps its id', async () => {
  const room = await rig.room(friend);
  await rig.listen(victim, room);
  await rig.owner.query("UPDATE chat.users SET email = 'v@example.org', about = 'me' WHERE id = $1", [victim.id]);
  await deleteUser(victim.id.toUpperCase());
  await expect(rig.listen(victim, room)).rejects.toEqual(reason('logged-out'));
  const row = await rig.one(
    `SELECT u.name, u.email, u.about, u.password_hash, u.status, (SELECT count(*)::int FROM chat.seat t WHERE t.user_id = u.id) AS seats,
       (SELECT count(*)::int FROM chat.session s WHERE s.user_id = u.id) AS sessions FROM chat.users u WHERE u.id = $1`,
    victim.id,
  );
  expect(row).toEqual({
    ...{ name: 'deleted account', email: null, about: '', password_hash: '!', status: 'deleted' },
    ...{ seats: 0, sessions: 0 },
  });
  await expect(chats.direct(friend, victim.id)).rejects.toEqual(reason('user-not-found'));
  await expect(deleteUser(victim.id)).rejects.toEqual(reason('user-not-found'));
  const { entries } = await api.listAudit(root, { size: 1 });
  expect(entries).toMatchObject([{ actor: root.id, action: 'user.delete', target: victim.id }]);
});

test('each membership of a deleted account ends with an entry, and its name becomes "deleted account"', async () => {
  const group = await chats.make(friend, 'group');
  await chats.add(friend, group, victim);
  const direct = (await chats.direct(victim, friend.id)).id;
  await chats.say(group, victim);
  await deleteUser(victim.id);
  await worked(victim.id);
  for (const id of [group, direct]) {
    expect((await changes(friend, id)).at(-1)).toMatchObject({ userId: victim.id, joined: false, by: victim.id });
  }
  const { users } = await chats.members(friend, group);
  expect(users.find(({ id }) => id === victim.id)).toMatchObject({ name: 'deleted account', memberRole: ranks.none });
  const { messages } = await chats.history(friend, group);
  expect(messages.find(({ sender, kind }) => sender === victim.id && kind === 0)?.data.length).toBeGreaterThan(0);
});

test('a direct chat is deleted with the second of its accounts', async () => {
  const { id } = await chats.direct(victim, friend.id);
  const isOver = async () =>
    (await rig.one<{ gone: boolean }>('SELECT deleted_at IS NOT NULL AS gone FROM chat.channel WHERE id = $1', id))
      .gone;
  await deleteUser(victim.id);
  await worked(victim.id);
  expect(await isOver()).toBe(false);
  await deleteUser(friend.id);
  await until(isOver);
});

test('a guest who has ended is deleted when no message and no chat names it', () =>
  checkEndedGuests(rig, chats, friend));

test('foreign keys find guests by an index', () => checkGuestIndexes(rig));

test('an owned chat goes to the oldest admin, else to the oldest member, else it is deleted', async () => {
  const [early, late] = (await rig.persons(2)) as [Person, Person];
  const withAdmin = await chats.make(victim, 'group');
  const withMembers = await chats.make(victim, 'private');
  const alone = await chats.make(victim, 'group');
  const room = await rig.room(victim);
  for (const id of [withAdmin, withMembers]) for (const who of [early, late]) await chats.add(victim, id, who);
  await chats.change(victim, withAdmin, late, { role: ranks.admin });
  await deleteUser(victim.id);
  await worked(victim.id);
  expect((await rig.list(late, withAdmin))[0]).toMatchObject({ ownerId: late.id, myRole: ranks.owner });
  expect((await rig.list(early, withMembers))[0]).toMatchObject({ ownerId: early.id, memberCount: 2 });
  expect((await changes(early, withMembers)).at(-2)).toMatchObject({ userId: early.id, role: ranks.owner });
  for (const id of [alone, room]) {
    await until(
      async () =>
        (await rig.one<{ gone: boolean }>('SELECT deleted_at IS NOT NULL AS gone FROM chat.channel WHERE id = $1', id))
          .gone,
    );
  }
});

test('neither a bot nor a banned user inherits a chat, and the heir is no longer muted', async () => {
  const [bot, banned, muted] = (await rig.persons(3)) as [Person, Person, Person];
  await rig.owner.query('UPDATE chat.users SET bot = true WHERE id = $1', [bot.id]);
  const shared = await chats.make(victim, 'private');
  const robotic = await chats.make(victim, 'private');
  for (const who of [bot, banned, muted]) await chats.add(victim, shared, who);
  await chats.add(victim, robotic, bot);
  for (const who of [bot, banned]) await chats.change(victim, shared, who, { role: ranks.admin });
  await chats.change(victim, shared, muted, { muteUntil: 9e15 });
  await rig.owner.query("UPDATE chat.member SET banned_until = 'infinity' WHERE channel_id = $1 AND user_id = $2", [
    shared,
    banned.id,
  ]);
  await deleteUser(victim.id);
  await worked(victim.id);
  expect((await rig.list(muted, shared))[0]).toMatchObject({ ownerId: muted.id, myRole: ranks.owner });
  const row = await rig.one(
    `SELECT (SELECT muted_until FROM chat.member WHERE channel_id = $1 AND user_id = $2) AS muted_until,
       (SELECT deleted_at IS NOT NULL FROM chat.channel WHERE id = $3) AS gone`,
    shared,
    muted.id,
    robotic,
  );
  expect(row).toEqual({ muted_until: null, gone: true });
});

test('a purge blanks messages and edits by deletions in the log, and gives their storage back', async () => {
  const group = await chats.make(friend, 'group');
  await chats.add(friend, group, victim);
  await chats.say(group, friend, 3);
  const last = await chats.say(group, victim, 250);
  await deleteUser(victim.id, true);
  await until(async () => {
    const { n } = await rig.one<{ n: number }>(
      "SELECT count(*)::int AS n FROM chat.message WHERE channel_id = $1 AND sender_id = $2 AND kind = 0 AND data <> ''",
      group,
      victim.id,
    );
    return n === 0;
  });
  await worked(victim.id);
  const { rows } = await rig.owner.query<{ kind: number; target_seq: number; sender_id: string }>(
    'SELECT kind, target_seq, sender_id FROM chat.message WHERE channel_id = $1 AND seq > $2 AND kind = 2 ORDER BY seq',
    [group, last],
  );
  expect(rows.map(({ target_seq }) => target_seq).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 250 }, (_, n) => last - 249 + n),
  );
  const { messages } = await chats.history(friend, group, { beforeSeq: last + 1, size: 100 });
  expect(messages.every(({ deleted, data }) => deleted && data.length === 0)).toBe(true);
  const sums = await rig.one<{ held: number; counted: number; last_seq: number; max: number }>(
    `SELECT h.last_seq, (SELECT max(seq)::int FROM chat.message m WHERE m.channel_id = h.channel_id) AS max FROM chat.channel_head h WHERE h.channel_id = $1`,
    group,
  );
  expect(sums.last_seq).toBe(sums.max);
});

test('an interrupted purge continues, and ends with a pass that began a minute later', async () => {
  const rooms = [await chats.make(friend, 'public'), await chats.make(friend, 'public')];
  for (const id of rooms) {
    await chats.join(victim, id);
    await chats.say(id, victim, 2);
  }
  await deleteUser(victim.id, true);
  await worked(victim.id);
  // Simulates messages that were on their way, and a pass that stopped after the first channel.
  for (const id of rooms) await chats.say(id, victim);
  await rig.owner.query('UPDATE chat.deletion SET after_channel = $2 WHERE user_id = $1', [victim.id, rooms[0]]);
  const texts = async () =>
    Promise.all(
      rooms.map(
        async (id) =>
          (
            await rig.one<{ n: number }>(
              "SELECT count(*)::int AS n FROM chat.message WHERE channel_id = $1 AND sender_id = $2 AND data <> '' AND kind = 0",
              id,
              victim.id,
            )
          ).n,
      ),
    );
  await worked(victim.id);
  expect(await texts()).toEqual([1, 0]);
  await rig.owner.query("UPDATE chat.deletion SET started_at = now() - interval '2 minutes' WHERE user_id = $1", [
    victim.id,
  ]);
  await until(
    async () =>
      (await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.deletion WHERE user_id = $1', victim.id)).n ===
      0,
  );
  expect(await texts()).toEqual([0, 0]);
});

test('DeleteUser refuses callers who are not operators, unknown ids, and the last operator', async () => {
  await expect(deleteUser(friend.id, false, victim)).rejects.toEqual(reason('not-operator'));
  await expect(deleteUser('no such')).rejects.toEqual(reason('invalid-user-id'));
  await expect(deleteUser('nobody-of-that-name')).rejects.toEqual(reason('user-not-found'));
  await expect(deleteUser(root.id)).rejects.toEqual(reason('last-operator'));
  await api.setUser(root, { id: friend.id, role: UserRole.ADMIN });
  await deleteUser(root.id);
  await expect(api.listAudit(root)).rejects.toEqual(reason('logged-out'));
});
