import { AdminService, DeleteUserRequest, Kind } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits } from '@parley/runtime';
import { callPatiently, openTestDatabase, openTestPool, type TestDatabase, until } from '@parley/testkit';
import { Retention } from '../src/history/retention.js';
import { AdminApi } from './admin-api.js';
import { Chats, reason } from './chats.js';
import { entriesIn, exportHold, keptIn } from './held.js';
import { type Person, Rig } from './rig.js';
import { indexAll } from './search-index.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let api: AdminApi;
let pool: Pool;
let root: Person;
let me: Person;
let friend: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  api = new AdminApi(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 4, 'test holds');
});

beforeEach(async () => {
  await rig.owner.query('DELETE FROM chat.rate; DELETE FROM chat.kept_message; DELETE FROM chat.hold');
  root = await rig.person('admin');
  [me, friend] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

const set = async (subject: { channelId: number } | { userId: string }) =>
  (await api.setHold(root, { ...subject, reason: 'case 7' })).id;
const exported = (id: number, operator = root) => exportHold(rig.admin(), id, operator);
const retain = (longest: number | null = null) => new Retention(pool, { longest }).run();

/** Changes a message as a chat server does. */
async function amend(channelId: number, seq: number, text: string | null): Promise<void> {
  const change = text === null ? "data = '', content_type = '', deleted_at = now()" : 'data = $3, edited_at = now()';
  const values = [channelId, seq, ...(text === null ? [] : [Buffer.from(text)])];
  await rig.owner.query(`UPDATE chat.message SET ${change} WHERE channel_id = $1 AND seq = $2`, values);
}

/** Lets the minute pass after which a released hold ends, and the retention run. */
async function pass(): Promise<void> {
  await rig.owner.query("UPDATE chat.hold SET released_at = released_at - interval '2 min'");
  await retain();
}

const copies = async () => (await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.kept_message')).n;

test('the retention of a held channel and of the system hides messages, and the hold keeps them until its release', async () => {
  const [held, unlimited, other] = [
    await chats.make(me, 'group', { retention: { seconds: 3_600 } }),
    await chats.make(me, 'group'),
    await chats.make(me, 'group', { retention: { seconds: 3_600 } }),
  ];
  const [hold, second] = [await set({ channelId: held }), await set({ channelId: unlimited })];
  for (const id of [held, unlimited, other]) {
    await chats.say(id, me, 3);
    await chats.age(id, 2, '3 h');
  }
  await retain(7_200);
  await retain(7_200);
  for (const id of [held, unlimited, other]) {
    expect(await chats.stored(id)).toEqual([3]);
    expect(await chats.seqs(me, id)).toEqual([3]);
  }
  for (const [id, channel] of [
    [hold, held],
    [second, unlimited],
  ] as const) {
    const lines = await exported(id);
    expect(keptIn(lines, channel).sort()).toEqual(['expired m1', 'expired m2']);
    expect(entriesIn(lines, channel)).toEqual(['m3']);
    expect(lines[0]).toMatchObject({ type: 'hold', id, channel_id: channel, reason: 'case 7', set_by: root.id });
    expect(lines.at(-1)).toEqual({ type: 'end', lines: lines.length - 1 });
  }
  expect(await copies()).toBe(4); // nothing of the third channel
  await api.releaseHold(root, hold);
  await retain();
  expect(await copies()).toBe(4); // not before a minute has passed
  await pass();
  expect(await copies()).toBe(2);
  expect((await api.listHolds(root)).holds).toMatchObject([{ id: second, channelId: unlimited, reason: 'case 7' }]);
});

test('a hold keeps each text that an edit or a deletion removes, and a log that ends; History and search do not show it', async () => {
  const id = await chats.make(me, 'group');
  const hold = await set({ channelId: id });
  const seq = await chats.tell(id, me, 'zebra one');
  await amend(id, seq, 'zebra two');
  await amend(id, seq, 'zebra three');
  await amend(id, seq, null);
  await indexAll(rig, pool);
  expect((await chats.search(me, { text: 'zebra' })).messages).toEqual([]);
  expect((await chats.history(me, id)).messages.map(({ data }) => data.length)).toEqual([0]);
  expect(keptIn(await exported(hold), id)).toEqual(['edited zebra one', 'edited zebra two', 'deleted zebra three']);
  await chats.tell(id, me, 'the last');
  await chats.update(me, id, { retention: { nothing: true } });
  await chats.update(me, id, { retention: { everything: true } });
  expect(await chats.seqs(me, id)).toEqual([]);
  expect(keptIn(await exported(hold), id).at(-1)).toBe('expired the last');
});

test('a deleted channel stays for operators while a hold keeps it, and is gone after the release', async () => {
  const id = await chats.make(me, 'group');
  await chats.say(id, me, 2);
  await chats.age(id, 9, '2 days');
  const hold = await set({ channelId: id });
  await rig.remove(me, id);
  await rig.owner.query("UPDATE chat.channel SET deleted_at = now() - interval '25 h' WHERE id = $1", [id]);
  await retain();
  await expect(chats.history(me, id)).rejects.toEqual(reason('channel-not-found'));
  const lines = await exported(hold);
  expect(keptIn(lines, id).sort()).toEqual(['expired m1', 'expired m2']);
  expect(lines).toContainEqual(expect.objectContaining({ type: 'channel', id, name: 'a group', owner_id: me.id }));
  await api.releaseHold(root, hold);
  await pass();
  expect(await rig.one('SELECT count(*)::int AS n FROM chat.channel WHERE id = $1', id)).toEqual({ n: 0 });
});

test('a hold on a user keeps what the user wrote anywhere, and all of the direct chats and groups, through a purge', async () => {
  const [group, open] = [await chats.make(friend, 'group'), await chats.make(friend, 'public')];
  await chats.add(friend, group, me);
  await chats.join(me, open);
  const direct = (await chats.direct(me, friend.id)).id;
  const hold = await set({ userId: me.id.toUpperCase() });
  const deleted = new Map<number, number>();
  for (const id of [group, open, direct]) {
    await chats.tell(id, me, 'mine');
    deleted.set(id, await chats.tell(id, friend, 'theirs'));
    await chats.tell(id, friend, 'stays');
  }
  const request = DeleteUserRequest.fromPartial({ userId: me.id, purge: true });
  await callPatiently(rig.admin(), AdminService.deleteUser, request, { token: root.token, withinMs: 30_000 });
  const mine = 'SELECT FROM chat.message WHERE sender_id = $1 AND kind = 0 AND deleted_at IS NULL';
  await until(async () => (await rig.owner.query(mine, [me.id])).rowCount === 0);
  for (const [id, seq] of deleted) await amend(id, seq, null);
  const lines = await exported(hold);
  expect(keptIn(lines, group)).toEqual(['deleted mine', 'deleted theirs']);
  expect(keptIn(lines, direct)).toEqual(['deleted mine', 'deleted theirs']);
  expect(keptIn(lines, open)).toEqual(['deleted mine']);
  expect(entriesIn(lines, group)).toEqual(['', '', 'stays']);
  expect(entriesIn(lines, open)).toEqual(['']); // only those of the user
  const ofOthers = 'SELECT FROM chat.kept_message WHERE channel_id = $1 AND sender_id = $2';
  expect((await rig.owner.query(ofOthers, [open, friend.id])).rowCount).toBe(0);
  const { messages } = await chats.history(friend, group);
  const said = messages.filter(({ kind }) => kind === Kind.UNSPECIFIED).map(({ data }) => Buffer.from(data).toString());
  expect(said).toEqual(['stays', '', '']);
});

/** Adds a message with a file to a channel, as a chat server does. The file has the text `file <seq>`. */
async function tellWithFile(channelId: number): Promise<number> {
  const seq = await chats.tell(channelId, me, 'see the file');
  const data = Buffer.from(`file ${seq}`);
  await rig.owner.query(
    `WITH made AS (
       INSERT INTO chat.file (owner_id, name, content_type, size, received, complete, stale_at)
       VALUES ($1, 'a.txt', 'text/plain', $4, $4, true, now() + interval '1 day') RETURNING id
     ), filled AS (INSERT INTO chat.file_chunk (file_id, n, data) SELECT id, 0, $5 FROM made)
     INSERT INTO chat.message_file (channel_id, seq, file_id) SELECT $2, $3, id FROM made`,
    [me.id, channelId, seq, data.length, data],
  );
  return seq;
}

/** Deletes stale files, as gateways do. */
async function purgeFiles(): Promise<void> {
  const gateway = openTestPool(database.urlFor('chat_gateway'), 1, 'test purge of files');
  await gateway.query("DELETE FROM chat.file WHERE stale_at > '-infinity' AND stale_at < now()");
  await gateway.end();
}

test('a hold keeps the files of deleted messages, of deleted channels and of retention until its release', async () => {
  const hour = { retention: { seconds: 3_600 } };
  const [edited, removed, expired] = [
    await chats.make(me, 'group'),
    await chats.make(me, 'group'),
    await chats.make(me, 'group', hour),
  ];
  const hold = await set({ userId: me.id });
  await amend(edited, await tellWithFile(edited), null);
  for (const id of [removed, expired]) {
    await tellWithFile(id);
    await chats.age(id, 9, '2 days');
  }
  await rig.remove(me, removed);
  await rig.owner.query("UPDATE chat.channel SET deleted_at = now() - interval '25 h' WHERE id = $1", [removed]);
  await retain();
  await retain();
  for (const id of [removed, expired]) expect(await chats.stored(id)).toEqual([]);
  const files = () => rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.file WHERE owner_id = $1', me.id);
  await purgeFiles();
  expect(await files()).toEqual({ n: 3 });
  const lines = await exported(hold);
  const bytes = lines.filter(({ type }) => type === 'bytes');
  expect(bytes.map(({ base64 }) => Buffer.from(String(base64), 'base64').toString())).toEqual(
    Array(3).fill(expect.stringMatching(/^file \d+$/)),
  );
  const named = lines.filter(({ type }) => type === 'file').map(({ id }) => id);
  expect(new Set(bytes.map(({ file_id }) => file_id))).toEqual(new Set(named));
  await api.releaseHold(root, hold);
  await pass();
  expect(await files()).toEqual({ n: 0 });
});

test('a released hold that cannot end does not stop retention', async () => {
  const [held, other] = [
    await chats.make(me, 'group'),
    await chats.make(me, 'group', { retention: { seconds: 3_600 } }),
  ];
  await api.releaseHold(root, await set({ channelId: held }));
  await chats.say(other, me, 3);
  await chats.age(other, 2, '3 h');
  await rig.owner.query(
    `CREATE FUNCTION chat.planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted'; END $$;
     CREATE TRIGGER planted BEFORE DELETE ON chat.hold EXECUTE FUNCTION chat.planted()`,
  );
  await expect(pass()).rejects.toThrow('planted');
  await rig.owner.query('DROP FUNCTION chat.planted CASCADE');
  expect(await chats.stored(other)).toEqual([3]);
  await retain();
  expect(await rig.one('SELECT count(*)::int AS n FROM chat.hold WHERE channel_id = $1', held)).toEqual({ n: 0 });
});

test('what two holds cover stays until both are released', async () => {
  const id = await chats.make(me, 'group');
  const seq = await chats.tell(id, me, 'words');
  const [first, second] = [await set({ channelId: id }), await set({ userId: me.id })];
  await amend(id, seq, null);
  await api.releaseHold(root, first);
  await pass();
  expect(keptIn(await exported(second), id)).toEqual(['deleted words']);
  await api.releaseHold(root, second);
  await pass();
  expect(await copies()).toBe(0);
  const again = await set({ channelId: id });
  expect(keptIn(await exported(again), id)).toEqual([]);
});

test('the audit says who set, read and released a hold; only operators may', async () => {
  const id = await chats.make(me, 'group');
  const hold = await set({ channelId: id });
  await exported(hold);
  await api.releaseHold(root, hold);
  const { entries } = await api.listAudit(root, { size: 3 });
  expect(entries.map(({ actor, action, target, detail }) => [actor, action, target, JSON.parse(detail)])).toEqual([
    [root.id, 'hold.release', String(hold), { channel: id }],
    [root.id, 'hold.export', String(hold), {}],
    [root.id, 'hold.set', String(hold), { channel: id, reason: 'case 7' }],
  ]);
  const standing = await set({ userId: me.id });
  await expect(api.setHold(me, { channelId: id, reason: 'x' })).rejects.toEqual(reason('not-operator'));
  await expect(api.listHolds(me)).rejects.toEqual(reason('not-operator'));
  await expect(api.releaseHold(me, standing)).rejects.toEqual(reason('not-operator'));
  await expect(exported(standing, me)).rejects.toEqual(reason('not-operator'));
});

test('bad input: unknown, twice, without a reason, too many', async () => {
  const channelId = await chats.make(me, 'group');
  const refused = (request: Parameters<AdminApi['setHold']>[1], why: Parameters<typeof reason>[0]) =>
    expect(api.setHold(root, { reason: 'x', ...request })).rejects.toEqual(reason(why));
  await refused({}, 'invalid-hold');
  await refused({ channelId, userId: me.id }, 'invalid-hold');
  await refused({ channelId, reason: '' }, 'invalid-hold');
  await refused({ channelId, reason: ' ' }, 'invalid-hold');
  await refused({ channelId, reason: 'a\u0000b' }, 'invalid-hold');
  await refused({ channelId, reason: 'x'.repeat(limits.holdReasonCharacters + 1) }, 'invalid-hold');
  await refused({ channelId: 2_147_483_647 }, 'channel-not-found');
  await refused({ channelId: 4_294_967_295 }, 'invalid-channel-id');
  await refused({ userId: 'nobody-of-that-name' }, 'user-not-found');
  await refused({ userId: 'no such' }, 'invalid-user-id');
  const hold = await set({ userId: me.id });
  await refused({ userId: me.id.toUpperCase() }, 'already-held');
  for (const id of [0, hold + 1, 4_294_967_295]) {
    await expect(api.releaseHold(root, id)).rejects.toEqual(reason('hold-not-found'));
    await expect(exported(id)).rejects.toEqual(reason('hold-not-found'));
  }
  await api.releaseHold(root, hold);
  await expect(api.releaseHold(root, hold)).rejects.toEqual(reason('hold-not-found'));
  await rig.owner.query(
    `WITH made AS (INSERT INTO chat.channel (name, owner_id) SELECT 'one of many', $1 FROM generate_series(1, $2) RETURNING id)
     INSERT INTO chat.hold (channel_id, reason, set_by) SELECT id, 'many', $1 FROM made`,
    [me.id, limits.holds],
  );
  await refused({ channelId }, 'too-many-holds');
  const first = await api.listHolds(root, { size: 2 });
  const next = await api.listHolds(root, { size: 2, after: first.next });
  expect(new Set([...first.holds, ...next.holds].map(({ id }) => id)).size).toBe(4);
});

test('a hold adds nothing to the insertion of a message, and no other service reads its copies', async () => {
  const { rows } = await rig.owner.query<{ name: string }>(
    `SELECT p.proname AS name FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
     WHERE t.tgrelid = 'chat.message'::regclass AND NOT t.tgisinternal AND t.tgtype & 4 > 0`,
  );
  expect(rows.map(({ name }) => name)).not.toContain('keep_message');
  const { rows: readers } = await rig.owner.query(
    `SELECT DISTINCT r.rolname AS role FROM pg_roles r, unnest('{hold,kept_message,kept_file}'::text[]) t
     WHERE r.rolname LIKE 'chat\\_%' AND has_any_column_privilege(r.rolname, 'chat.' || t, 'SELECT')`,
  );
  expect(readers).toEqual([{ role: 'chat_manager' }]);
});
