import { AbuseReport, AdminService, ChannelService, ListAbuseReportsRequest } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, reason } from './chats.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let root: Person;
let me: Person;
let rude: Person;
let group: number;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  root = await rig.person('admin');
});

beforeEach(async () => {
  await rig.owner.query('DELETE FROM chat.rate; DELETE FROM chat.abuse_report; DELETE FROM chat.audit');
  [me, rude] = (await rig.persons(2)) as [Person, Person];
  group = await chats.make(me, 'group');
  await chats.add(me, group, rude);
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const withinMs = 30_000;

function report(who: Person, request: Parameters<typeof AbuseReport.fromPartial>[0]): Promise<unknown> {
  const asked = AbuseReport.fromPartial({ reason: 'rude', ...request });
  return callPatiently(rig.manager, ChannelService.reportAbuse, asked, { token: who.token, withinMs });
}

function reports(request: Parameters<typeof ListAbuseReportsRequest.fromPartial>[0] = {}, { token } = root) {
  const asked = ListAbuseReportsRequest.fromPartial(request);
  return callPatiently(rig.admin(), AdminService.listAbuseReports, asked, { token, withinMs });
}

function resolve(id: number, { token } = root): Promise<unknown> {
  return callPatiently(rig.admin(), AdminService.resolveAbuseReport, AbuseReport.fromPartial({ id }), {
    token,
    withinMs,
  });
}

test('a report keeps the text of the message as it was when it was reported', async () => {
  const seq = await chats.say(group, rude);
  await report(me, { channelId: group, seq });
  await rig.owner.query("UPDATE chat.message SET data = '', deleted_at = now() WHERE channel_id = $1", [group]);
  expect((await reports()).reports).toMatchObject([
    { userId: rude.id, channelId: group, seq, reason: 'rude', by: me.id, text: `m${seq}`, resolved: false },
  ]);
  await expect(report(me, { channelId: group, seq })).rejects.toEqual(reason('message-not-found'));
});

test('a second report of the same target does nothing while the first is open', async () => {
  const seq = await chats.say(group, rude);
  for (let n = 0; n < 2; n++) {
    await report(me, { channelId: group, seq });
    await report(me, { userId: rude.id });
  }
  const { reports: open } = await reports();
  expect(open.map(({ seq: at }) => at)).toEqual([0, seq]);
  for (const { id } of open) await resolve(id);
  await report(me, { userId: rude.id });
  expect((await reports()).reports).toHaveLength(1);
  expect((await reports({ resolved: true })).reports).toHaveLength(3);
});

test('an open report does not hide a report of a message with the same seq in a new log', async () => {
  const seq = await chats.say(group, rude);
  await report(me, { channelId: group, seq });
  await rig.owner.query('UPDATE chat.channel_head SET log_id = gen_random_uuid() WHERE channel_id = $1', [group]);
  for (let n = 0; n < 2; n++) await report(me, { channelId: group, seq });
  expect((await reports()).reports.map(({ seq: at }) => at)).toEqual([seq, seq]);
});

test('refuses a report of a message that the reporter may not read, and tells a stranger that the channel is missing', async () => {
  const seq = await chats.say(group, rude);
  const stranger = await rig.person();
  const removed = await rig.person();
  await chats.add(me, group, removed);
  await chats.change(me, group, removed, { remove: true });
  const later = await chats.say(group, rude);
  const { reasons } = await outcomes([
    report(stranger, { channelId: group, seq }),
    report(stranger, { channelId: 2_000_000_000, seq }),
    report(stranger, { channelId: group, userId: rude.id }),
    report(removed, { channelId: group, seq: later }),
    report(removed, { channelId: group, seq: later + 7 }),
    report(me, { channelId: group, seq: 1 }),
    report(me, { channelId: group, seq, userId: removed.id }),
  ]);
  expect(reasons).toEqual([...Array(3).fill('channel-not-found'), ...Array(4).fill('message-not-found')]);
  await report(removed, { channelId: group, seq });
});

test('refuses malformed reports and reports of oneself, and treats users whom the caller cannot know as missing', async () => {
  const hidden = await rig.person();
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [hidden.id]);
  const own = await chats.say(group, me);
  const { reasons } = await outcomes([
    report(me, {}),
    report(me, { seq: 1 }),
    report(me, { userId: rude.id, reason: 'x'.repeat(1_001) }),
    report(me, { userId: rude.id, reason: 'a\u0000' }),
    report(me, { userId: rude.id, reason: '\u202eevil' }),
    report(me, { userId: me.id }),
    report(me, { channelId: group, seq: own }),
    report(me, { userId: 'no such' }),
    report(me, { userId: hidden.id }),
    report(me, { userId: 'nobody-of-that-name' }),
  ]);
  expect(reasons).toEqual([
    ...Array(7).fill('invalid-abuse-report'),
    'invalid-user-id',
    'user-not-found',
    'user-not-found',
  ]);
});

test('a suspended user can be reported by anyone who may see the profile', async () => {
  const [seen, hidden] = (await rig.persons(2)) as [Person, Person];
  await rig.owner.query("UPDATE chat.users SET status = 'suspended' WHERE id = ANY ($1)", [[seen.id, hidden.id]]);
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [hidden.id]);
  await report(me, { userId: seen.id });
  await expect(report(me, { userId: hidden.id })).rejects.toEqual(reason('user-not-found'));
  expect((await reports()).reports).toMatchObject([{ userId: seen.id }]);
});

test('limits the rate of reports and the number of open reports by one user', async () => {
  await rig.owner.query(
    "INSERT INTO chat.abuse_report (by_id, user_id, channel_id, seq, reason) SELECT $1, $2, 1, n, '' FROM generate_series(1, 100) n",
    [me.id, rude.id],
  );
  await expect(report(me, { userId: rude.id })).rejects.toEqual(reason('too-many-abuse-reports'));
  const { reasons } = await outcomes(Array.from({ length: 25 }, () => report(rude, { userId: me.id })));
  expect(reasons.length).toBeGreaterThan(0);
  expect(new Set(reasons)).toEqual(new Set(['change-too-often']));
});

test('only operators list and resolve reports, and the audit has each resolution once', async () => {
  await report(me, { userId: rude.id });
  const [first] = (await reports()).reports;
  const { reasons } = await outcomes<unknown>([reports({}, me), resolve(first?.id ?? 0, me)]);
  expect(reasons).toEqual(['not-operator', 'not-operator']);
  for (let n = 0; n < 2; n++) await resolve(first?.id ?? 0);
  await expect(resolve(2_000_000_000)).rejects.toEqual(reason('abuse-report-not-found'));
  expect((await reports()).reports).toEqual([]);
  const { rows } = await rig.owner.query('SELECT actor, action, target FROM chat.audit');
  expect(rows).toEqual([{ actor: root.id, action: 'report.resolve', target: String(first?.id) }]);
});

test('a page of reports holds at most 1 MiB of copied text', async () => {
  await rig.owner.query(
    "INSERT INTO chat.abuse_report (by_id, user_id, channel_id, seq, reason, data) SELECT $1, $2, 1, n, '', convert_to(repeat('x', 65536), 'UTF8') FROM generate_series(1, 40) n",
    [me.id, rude.id],
  );
  const seqs: number[] = [];
  let after = '';
  do {
    const page = await reports({ page: { after } });
    expect(page.reports.length).toBeLessThanOrEqual(16);
    seqs.push(...page.reports.map(({ seq }) => seq));
    after = page.next;
  } while (after !== '');
  expect(seqs).toEqual(Array.from({ length: 40 }, (_, n) => 40 - n));
});
