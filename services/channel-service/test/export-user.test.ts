import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { AdminService, DeleteUserRequest, type ExportLine, Kind, User, UserRole, UserStatus } from '@parley/contract';
import { bearerMetadata, refusalFromStatus, startServerStream } from '@parley/rpc';
import { callPatiently, insist, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { findChannelsToPurge } from '../src/admin/deletion-store.js';
import { sections, walkChannels } from '../src/admin/export-store.js';
import { findUser } from '../src/members/member-store.js';
import { AdminApi } from './admin-api.js';
import { Chats, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

/** Number of messages in the export that is paused and then continues. */
const longExport = Number(process.env.TEST_ENTRIES ?? 6_000);

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let api: AdminApi;
let root: Person;
let me: Person;
let friend: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  api = new AdminApi(rig);
});

beforeEach(async () => {
  await rig.owner.query("DELETE FROM chat.rate; UPDATE chat.users SET role = 'user' WHERE role = 'admin'");
  root = await rig.person('admin');
  [me, friend] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

function open(id: string, { token } = root): ClientReadableStream<ExportLine> {
  const asked = User.fromPartial({ id });
  const stream = startServerStream(rig.admin(), AdminService.exportUser, asked, bearerMetadata(token));
  return stream.on('error', () => {});
}

/** Yields the lines of an export. Rejects with a Refusal. */
async function* lines(stream: ClientReadableStream<ExportLine>): AsyncGenerator<Line> {
  try {
    for await (const { json } of stream as AsyncIterable<ExportLine>) yield JSON.parse(json) as Line;
  } catch (thrown) {
    throw refusalFromStatus(thrown as ServiceError);
  } finally {
    stream.cancel();
  }
}

function exported(id: string, who = root): Promise<Line[]> {
  return insist(async () => {
    const found: Line[] = [];
    for await (const line of lines(open(id, who))) found.push(line);
    return found;
  });
}

const ofType = (found: readonly Line[], type: string) => found.filter((line) => line.type === type);
const timesOf = (line: Line | undefined) => Object.entries(line ?? {}).filter(([name]) => /(_at|_until)$/.test(name));

/** Appends an entry of `who`. Returns its seq. */
async function append(channelId: number, who: Person, kind: Kind, targetSeq: number | null, data: Uint8Array | string) {
  const { seq } = await rig.one<{ seq: number }>(
    `WITH head AS (
       UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = now() WHERE channel_id = $1 RETURNING last_seq
     )
     INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
     SELECT $1, last_seq, $2, $3, gen_random_uuid(), now(), $4, $5, sha256('') FROM head RETURNING seq`,
    channelId,
    kind,
    who.id,
    targetSeq,
    Buffer.from(data),
  );
  return seq;
}

/** Inserts rows about `me` into every table that can have some. Returns the channel. */
async function fill(): Promise<number> {
  const group = await chats.make(friend, 'group', { name: 'Kitchen' });
  await chats.add(friend, group, me);
  await chats.tell(group, friend, 'secret words of a friend');
  const seq = await chats.tell(group, me, 'my own words');
  await append(group, me, Kind.EDIT, seq, 'better words');
  await append(group, me, Kind.REACT, 2, '👍');
  await append(group, me, Kind.UNSPECIFIED, null, Uint8Array.of(0xff, 0xfe));
  await chats.make(me, 'private', { name: 'Mine' });
  await chats.direct(me, friend.id);
  const { instanceId } = await rig.server();
  await api.kick(root, { userId: me.id, reason: 'noise' });
  await chats.change(root, group, me, { muteUntil: Date.now() + 3_600_000 });
  await rig.owner.query(
    `INSERT INTO chat.usage (user_id, bytes, rows) VALUES ('${me.id}', 12, 1);
     INSERT INTO chat.block (user_id, blocked_id) VALUES ('${me.id}', '${friend.id}');
     INSERT INTO chat.users (id, name, password_hash, bot) VALUES ('bot-of-${me.id}', 'bot', '!', true);
     INSERT INTO chat.bot (user_id, created_by) VALUES ('bot-of-${me.id}', '${me.id}'); INSERT INTO chat.bot_command (bot_id, name, description) VALUES ('bot-of-${me.id}', 'roll', 'Rolls a die');
     INSERT INTO chat.outgoing_webhook (id, channel_id, url, types, secret, created_by, seq)
       VALUES ('outgoing-${group}', ${group}, 'https://example.org/SECRET', '{}', sha256('x'), '${me.id}', 0);
     INSERT INTO chat.guest (user_id, name, is_numbered, instance_id, network)
       VALUES ('${me.id}', right('${me.id}', 32), false, gen_random_uuid(), '192.0.2.1');
     INSERT INTO chat.file (owner_id, name, content_type, size) VALUES ('${me.id}', 'me.png', 'image/png', 3);
     INSERT INTO chat.invite (id, channel_id, created_by) VALUES (rpad('hidden-code-${me.id}-', 32, 'x'), ${group}, '${me.id}');
     INSERT INTO chat.offer (channel_id, user_id, role, offered_by) VALUES (${group}, '${me.id}', 'owner', '${friend.id}');
     INSERT INTO chat.abuse_report (by_id, user_id, channel_id, seq, reason, data) VALUES
       ('${me.id}', '${friend.id}', ${group}, 2, 'my reason', 'secret words of a friend'),
       ('${friend.id}', '${me.id}', ${group}, ${seq}, 'secret reason', 'my own words');
     INSERT INTO chat.push_subscription (session_id, user_id, endpoint, public_key, secret, shows_text, quiet_until)
       SELECT id, user_id, 'https://push.example.org/SECRET', sha512('x') || '\\x00', decode(md5('x'), 'hex'), true, now() FROM chat.session WHERE user_id = '${me.id}' LIMIT 1;
     INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, join_by)
       VALUES (gen_random_uuid(), '${me.id}', ${group}, '${instanceId}', 1, false, now() + interval '1 min');
     INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) VALUES (${group}, 2, '${me.id}', '👍');
     INSERT INTO chat.audit (actor, action, target) VALUES ('${me.id}', 'channel.delete', '7');
     UPDATE chat.session SET token_hash = sha256('${me.id}') WHERE user_id = '${me.id}'`,
  );
  return group;
}

const theAccount = 'the line is about this account';
const secret = 'a secret';
const internal = 'means nothing outside the server';

const logTables = 'channel_head listing notice_progress reaction_count retention_count search_progress'.split(' ');
const serverTables = 'applied_migration gateway migration migration_lock push_key server signing_key timeline'.split(
  ' ',
);
const withoutUsers = [...logTables, ...serverTables, 'turn', 'upkeep_turn'];

/**
 * For each table, the types of its lines in an export and the columns that are left out, or the
 * reason why it has no lines.
 */
const tables: Readonly<
  Record<string, string | { types: readonly string[]; leftOut: Readonly<Record<string, string>> }>
> = {
  users: {
    types: ['account'],
    leftOut: {
      password_hash: secret,
      folded_id: 'follows from id',
      folded_name: 'follows from name',
      findable: 'follows from visibility',
    },
  },
  usage: { types: ['usage'], leftOut: { user_id: theAccount } },
  session: { types: ['session'], leftOut: { id: internal, user_id: theAccount, token_hash: secret } },
  kicked_seat: 'the seats are deleted, and the audit has the kick',
  seat: {
    types: ['seat'],
    leftOut: {
      ...{ id: internal, user_id: theAccount, instance_id: internal, epoch: internal },
      ...{ session_id: internal, exclusive: internal, join_by: internal },
    },
  },
  imported: 'says only that an import has made the account',
  presence: 'says only that an inbox is open now',
  hold: 'is for operators: the user does not learn of it',
  kept_message: 'is for operators: the user does not learn of it',
  kept_file: 'is for operators: the user does not learn of it',
  block: { types: ['block'], leftOut: { user_id: theAccount } },
  bot: { types: ['bot'], leftOut: {} },
  bot_command: { types: ['bot_command'], leftOut: {} },
  outgoing_webhook: {
    types: ['outgoing_webhook'],
    leftOut: {
      ...{ created_by: theAccount, url: 'only its host: the rest is a secret', secret, old_secret: secret },
      ...{ old_until: internal, seq: internal, due_at: internal, lease: internal, failures: internal },
      ...{ failing_since: internal, disabled_at: internal },
    },
  },
  outgoing_failure: 'names a webhook and an entry',
  guest: { types: ['guest'], leftOut: { user_id: theAccount, instance_id: internal } },
  file: { types: ['file'], leftOut: { owner_id: theAccount, in_s3: internal } },
  channel: {
    types: ['channel'],
    leftOut: {
      owner_id: theAccount,
      pair_low: 'in the membership as `with`',
      pair_high: 'in the membership as `with`',
    },
  },
  invite: { types: ['invite'], leftOut: { id: secret, created_by: theAccount } },
  offer: { types: ['offer'], leftOut: {} },
  notification: { types: ['notification'], leftOut: { id: internal, user_id: theAccount } },
  push_subscription: {
    types: ['push'],
    leftOut: {
      ...{ session_id: internal, user_id: theAccount, endpoint: 'only its host: the rest is a secret' },
      ...{ public_key: secret, secret, failures: internal, waits_until: internal },
    },
  },
  abuse_report: {
    types: ['report', 'report_about'],
    leftOut: {
      log_id: internal,
      by_id: 'private to the reporter',
      data: 'as text or base64',
      resolved_by: 'in the audit of that operator',
    },
  },
  audit: { types: ['audit_about', 'audit_by'], leftOut: { id: internal } },
  member: { types: ['membership'], leftOut: { user_id: theAccount, set_at: internal } },
  message: {
    types: ['entry'],
    leftOut: {
      sender_id: theAccount,
      data: 'as text or base64',
      digest: 'follows from the text',
      pinned_by: 'the user who pins has an entry',
    },
  },
  reaction: 'entries of the kind react have `in_effect`',
  ...Object.fromEntries(withoutUsers.map((table) => [table, 'names no user'])),
  deletion: 'work that is left; the audit has the deletion',
  event: 'repeats changes of members for a short time',
  file_chunk: 'the bytes of a file, which its owner can download',
  message_file: 'an entry has `file_ids`, in their order',
  object: 'the bytes of a file, which its owner can download',
  rate: 'counts calls for a short time',
  push_due: 'names a session and a notification, and lasts for seconds',
  search: 'words of messages, which entries have',
  thumbnail: 'a smaller copy of a picture, which its owner can download',
};

test('an export has every column of every table, except those for which this file names a reason', async () => {
  await fill();
  const found = await exported(me.id);
  const { rows } = await rig.owner.query<{ table: string; column: string }>(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns WHERE table_schema = 'chat'`,
  );
  const missing = rows.filter(({ table, column }) => {
    const rule = tables[table];
    if (rule === undefined || typeof rule === 'string') return rule === undefined;
    const keys = rule.types.flatMap((type) => Object.keys(ofType(found, type)[0] ?? {}));
    return !keys.includes(column) && !Object.hasOwn(rule.leftOut, column);
  });
  expect(missing).toEqual([]);
  const known = new Set(rows.map(({ table }) => table));
  expect(Object.keys(tables).filter((table) => !known.has(table))).toEqual([]);
});

test('an export has lines of every type, with times in milliseconds, and ends with their number', async () => {
  const group = await fill();
  const found = await exported(me.id);
  const types = ['account', ...sections.map(({ type }) => type), 'membership', 'entry', 'end'];
  expect([...new Set(found.map(({ type }) => type))]).toEqual([...new Set(types)]);
  expect(found.at(-1)).toEqual({ type: 'end', lines: found.length - 1 });
  for (const [name, value] of found.flatMap(timesOf)) {
    expect([name, value === null || Number.isInteger(value)]).toEqual([name, true]);
  }
  expect(ofType(found, 'entry').filter(({ channel_id }) => channel_id === group)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'message', seq: 3, text: 'my own words', deleted_at: null }),
      expect.objectContaining({ kind: 'edit', target_seq: 3, text: 'better words' }),
      expect.objectContaining({ kind: 'react', target_seq: 2, text: '👍', in_effect: true }),
      expect.objectContaining({ kind: 'message', base64: '//4=' }),
    ]),
  );
  expect(ofType(found, 'membership')).toMatchObject([
    { channel_id: group, channel_name: 'Kitchen', channel_kind: 'group', with: null, role: 'member' },
    { channel_name: 'Mine', channel_kind: 'private' },
    { channel_kind: 'direct', with: friend.id },
  ]);
  expect(ofType(found, 'audit_about').map(({ action }) => action)).toEqual([
    'user.kick',
    'channel.member',
    'user.export',
  ]);
});

test('an export has no secret, no text of other users and no name of a reporter', async () => {
  const group = await fill();
  await chats.change(friend, group, me, { remove: true });
  await chats.update(friend, group, { name: 'Renamed later' });
  const text = (await exported(me.id)).map((line) => JSON.stringify(line)).join('\n');
  for (const hidden of ['secret', 'Renamed', 'hidden-code', 'hash']) expect(text).not.toContain(hidden);
  expect(text).toContain('my reason');
});

test('an export does not confuse the id of a channel with the id of a user', async () => {
  const id = await chats.make(friend, 'public');
  await rig.owner.query("INSERT INTO chat.users (id, name, password_hash) VALUES ($1, 'digits', '!')", [String(id)]);
  await rig.remove(root, id);
  const found = await exported(String(id));
  expect(ofType(found, 'audit_about').map(({ action }) => action)).toEqual(['user.export']);
});

test('ExportUser finds suspended and deleted accounts, by id in any case', async () => {
  const group = await fill();
  await api.setUser(root, { id: me.id, status: UserStatus.SUSPENDED });
  expect((await exported(me.id.toUpperCase()))[0]).toMatchObject({ type: 'account', id: me.id, status: 'suspended' });
  const request = DeleteUserRequest.fromPartial({ userId: me.id });
  await callPatiently(rig.admin(), AdminService.deleteUser, request, { token: root.token, withinMs: 30_000 });
  const found = await exported(me.id);
  expect(found[0]).toMatchObject({ status: 'deleted', name: 'deleted account', email: null });
  expect(ofType(found, 'session')).toEqual([]);
  expect(ofType(found, 'membership').map(({ channel_id }) => channel_id)).toContain(group);
  expect(ofType(found, 'entry')).toContainEqual(expect.objectContaining({ text: 'my own words' }));
});

test('ExportUser refuses users, malformed ids, unknown ids and frequent calls; the audit has all other calls', async () => {
  await expect(exported(me.id, friend)).rejects.toEqual(reason('not-operator'));
  await expect(exported('no such')).rejects.toEqual(reason('invalid-user-id'));
  await expect(exported('nobody-of-that-name')).rejects.toEqual(reason('user-not-found'));
  for (let n = 0; n < 9; n++) await exported(me.id);
  await expect(exported(me.id)).rejects.toEqual(reason('read-too-often'));
  const { entries } = await api.listAudit(root, { size: 100 });
  const mine = entries.filter(({ actor }) => actor === root.id);
  expect(mine).toHaveLength(9);
  expect(mine[0]).toMatchObject({ action: 'user.export', target: me.id });
});

test('an export ends when the operator stops reading', async () => {
  const group = await chats.make(me, 'group');
  await chats.say(group, me, 2_000);
  for (let n = 0; n < 9; n++) {
    for await (const line of lines(open(me.id))) {
      expect(line.type).toBe('account');
      break;
    }
  }
  expect((await exported(me.id)).at(-1)).toMatchObject({ type: 'end' });
});

test('an export reads only as fast as its lines are taken, keeps no transaction open, and includes rows that are written meanwhile', async () => {
  const group = await chats.make(me, 'group');
  for (let left = longExport; left > 0; left -= 1_000)
    await chats.tell(group, me, ...Array(1_000).fill('x'.repeat(1_000)));
  const all = lines(open(me.id));
  for (let type = ''; type !== 'entry'; ) type = (await all.next()).value?.type ?? 'entry';
  const pausedAt = new Date();
  for (;;) {
    const { rows } = await rig.owner.query(
      "SELECT FROM pg_stat_activity WHERE usename = 'chat_manager' AND datname = current_database() AND xact_start < $1",
      [pausedAt],
    );
    if (rows.length === 0) break;
  }
  const late = await append(group, me, Kind.UNSPECIFIED, null, 'last');
  await rig.owner.query(
    "UPDATE chat.message SET client_id = 'ffffffff-ffff-4fff-8fff-ffffffffffff' WHERE channel_id = $1 AND seq = $2",
    [group, late],
  );
  const seqs = new Set<unknown>();
  let last: Line | undefined;
  for await (const line of all) {
    if (line.type === 'entry') seqs.add(line.seq);
    last = line;
  }
  expect(seqs.has(late)).toBe(true);
  expect(last?.type).toBe('end');
  expect(Number(last?.lines)).toBeGreaterThan(longExport);
});

test('an export finds the entries of a user by index, even if one user wrote nearly everything', async () => {
  const group = await chats.make(me, 'group');
  await chats.say(group, me, 20_000);
  const channels = "INSERT INTO chat.channel (name, owner_id) SELECT 'one of many', $1 FROM generate_series(1, 500)";
  await rig.owner.query(channels, [me.id]);
  await rig.owner.query('ANALYZE chat.message, chat.channel_head');
  const page = { userId: me.id, afterChannel: 0, size: 1_000 };
  const statements: readonly [text: string, values: unknown[]][] = [
    [walkChannels.text, walkChannels.valuesOf(page)],
    [findChannelsToPurge.text, findChannelsToPurge.valuesOf(page)],
    [findUser.text, findUser.valuesOf({ lookerId: me.id, userId: friend.id, channelId: group })],
  ];
  const scans: string[] = [];
  for (const [text, values] of statements) {
    const { rows } = await rig.owner.query(`EXPLAIN (COSTS OFF) ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    scans.push(/Seq Scan on message|using message_once/.exec(plan)?.[0] ?? plan);
  }
  expect(scans).toEqual(statements.map(() => 'using message_once'));
});

test('an operator who loses the role or the session gets no further page', async () => {
  const other = await rig.person('admin');
  const group = await chats.make(me, 'group');
  for (let n = 0; n < 4; n++) await chats.tell(group, me, ...Array(1_000).fill('x'.repeat(1_000)));
  const all = lines(open(me.id, other));
  await all.next();
  await api.setUser(root, { id: other.id, role: UserRole.USER });
  const rest = (async () => {
    for await (const line of all) if (line.type === 'end') return;
  })();
  await expect(rest).rejects.toEqual(reason('not-operator'));
});
