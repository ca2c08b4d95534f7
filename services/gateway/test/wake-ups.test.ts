import { randomUUID } from 'node:crypto';
import type { InboxEvent } from '@parley/contract';
import { declareRestored, NotificationListener } from '@parley/database';
import { Metrics } from '@parley/runtime';
import { FaultProxy, openTestPool, type TestPerson, until } from '@parley/testkit';
import { wakeUpsOf } from '../src/background/wake-ups.js';
import { InboxRig, say } from './inbox-rig.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});

const countOf = (cause: 'listening' | 'notified') => rig.metric(`parley_inbox_wakeups_total{cause="${cause}"}`);

/** Ends the connections on which gateways are notified. */
const loseNotifications = () =>
  rig.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley gateway notifications' AND datname = current_database()",
  );

test('a change of a chat wakes the gateways, even after they have lost the connection that notifies them', async () => {
  const id = await rig.group(ann, [bob]);
  const inbox = await rig.open(bob);
  for (const description of ['first', 'second']) {
    const notified = await countOf('notified');
    await rig.trio.update(ann, { id, description });
    await until(async () => (await countOf('notified')) > notified);
    await inbox.find(({ changed }) => changed?.description === description);
    const listening = await countOf('listening');
    await loseNotifications();
    await until(async () => (await countOf('listening')) > listening);
  }
  await inbox.cut();
});

test('a change without a notification reaches inboxes, because they read changes every second', async () => {
  const id = await rig.group(ann, [bob]);
  const inbox = await rig.open(bob);
  let notified = Number.NaN;
  for (let n = 0; (await countOf('notified')) !== notified; n++) {
    notified = await countOf('notified'); // A late notification of the new group may follow.
    await rig.sql('UPDATE chat.channel SET description = $2 WHERE id = $1', [id, `quiet ${n}`]); // Only managers notify.
    await inbox.find(({ changed }) => changed?.description === `quiet ${n}`);
  }
  await inbox.cut();
});

test('receipts and settings that changed without a notification are shown after the next LISTEN, in chats of any size', async () => {
  const [others, carol] = [await rig.people(101), ...(await rig.people(1))];
  const [small, large] = [await rig.group(ann, [bob]), await rig.group(ann, [bob])];
  await rig.sql(
    `INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, id, 0 FROM unnest($2::text[]) AS u (id)`,
    [large, others.map(({ id }) => id)],
  );
  const devices = [await rig.open(ann), await rig.open(bob)] as const;
  const strangers = await rig.open(carol as TestPerson);
  // Only managers and gateways notify.
  await rig.sql(
    'UPDATE chat.member SET delivered_seq = 1, read_seq = 1, receipt_at = now(), marked_unread = true WHERE channel_id = ANY ($1) AND user_id = $2',
    [[small, large], bob.id],
  );
  await loseNotifications();
  for (const chat of [small, large]) {
    const isOwn = ({ membership }: InboxEvent) => membership?.channelId === chat && membership.markedUnread;
    const isRead = ({ message }: InboxEvent) => message?.channelId === chat && message.receipt?.userId === bob.id;
    await devices[1].find(isOwn);
    await devices[1].find(isRead);
    if (chat === small) await devices[0].find(isRead);
    expect(devices[0].events.some(isOwn)).toBe(false);
    if (chat === large) expect(devices[0].events.some(isRead)).toBe(false);
  }
  expect(strangers.events.some(({ message, membership }) => message !== undefined || membership !== undefined)).toBe(
    false,
  );
  await Promise.all([...devices, strangers].map((device) => device.cut()));
});

test('inboxes read changes after each LISTEN, because notifications before it may be lost', async () => {
  let woken = 0;
  const wakeSoon = () => {
    woken += 1;
  };
  const url = rig.trio.database.urlFor('chat_gateway');
  const inbox = { wakeSoon, showReceipt: () => {}, showMembership: () => {}, showUnheard: () => {} };
  const wakeUps = wakeUpsOf({ instanceId: randomUUID(), inbox, metrics: new Metrics() });
  const given = { url, applicationName: 'parley gateway notifications', onLost: () => {} };
  const listener = new NotificationListener({ ...given, ...wakeUps });
  await until(() => woken > 0);
  const before = woken;
  await loseNotifications();
  await until(() => woken > before);
  await listener.stop();
});

test('a listener notices that its connection is dead, and learns for how long it may have missed something', async () => {
  const url = new URL(rig.trio.database.urlFor('chat_gateway'));
  const { host } = url;
  const network = await FaultProxy.open(() => host);
  url.host = network.address;
  const [missed, lost]: [number[], unknown[]] = [[], []];
  const listener = new NotificationListener({
    ...{ url: url.href, applicationName: 'test of a dead connection', channels: ['chat_event'] },
    onListening: (missedMs) => missed.push(missedMs),
    ...{ onNotified: () => {}, onLost: (cause: unknown) => lost.push(cause) },
  });
  await until(() => missed.length === 1);
  const cutAtMs = performance.now();
  network.set({ hole: true });
  await until(() => lost.length > 0);
  const deadMs = performance.now() - cutAtMs;
  network.heal();
  await until(() => missed.length === 2);
  expect(missed[1]).toBeGreaterThan(deadMs);
  await listener.stop();
  await network.close();
});

test('a gateway that was suspended for longer than events are kept resets its inboxes, without ending them', async () => {
  const [id, joined, left] = [await rig.group(ann, [bob]), await rig.group(ann, []), await rig.group(ann, [bob])];
  const inbox = await rig.open(bob);
  rig.gateway.kill('SIGSTOP');
  await rig.trio.changeMember(ann, { channelId: joined, userId: bob.id, add: true });
  await rig.trio.changeMember(ann, { channelId: left, userId: bob.id, remove: true });
  await rig.sql("UPDATE chat.event SET at = now() - interval '25 h'");
  await until(async () => (await rig.sql('SELECT FROM chat.event')).length === 1); // A manager has deleted the others.
  rig.gateway.kill('SIGCONT');
  await inbox.find(({ reset }) => reset === true);
  for (const chat of [id, joined, left]) await say(await rig.trio.join(ann, chat), 'after the reset');
  for (const chat of [id, joined])
    await inbox.find(({ message }) => message?.channelId === chat && message.data.toString() === 'after the reset');
  expect(inbox.texts(left)).toEqual([]);
  expect(inbox.events.filter(({ welcome }) => welcome !== undefined)).toHaveLength(1);
  const late = await rig.open(bob, { after: inbox.events.find(({ id: position }) => position !== '')?.id });
  expect(late.events[1]).toMatchObject({ reset: true });
  await Promise.all([inbox.cut(), late.cut()]);
});

// This is the last test of the file, because the chat servers would have to restart.
test('a restore from a backup resets inboxes, and nobody resumes from an earlier position', async () => {
  await rig.group(ann, [bob]);
  const inbox = await rig.open(bob);
  const { id: after } = await inbox.find(({ id }) => id !== '');
  const owner = openTestPool(rig.trio.database.ownerUrl);
  await declareRestored(owner);
  await owner.end();
  await inbox.find(({ reset }) => reset === true);
  const late = await rig.open(bob, { after });
  await late.find(({ reset }) => reset === true);
  await Promise.all([inbox.cut(), late.cut()]);
});
