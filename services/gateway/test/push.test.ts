import { randomBytes, randomUUID } from 'node:crypto';
import { ChannelService, type Push, SetPushRequest } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { PushReceiver, type ServiceProcess, type TestPerson, until, vapidClaims } from '@parley/testkit';
import { pushKeysOf } from '../src/push/push-key.js';
import { InboxRig } from './inbox-rig.js';
import { request } from './rest-client.js';

let receiver: PushReceiver;
let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;
let chat: number;
const key = randomBytes(32).toString('base64url');
const withinMs = 15_000;
const settings = () => ({
  PARLEY_PUSH_KEY: key,
  PARLEY_PUSH_CONTACT: 'mailto:ops@example.org',
  PARLEY_PUSH_PRIVATE: 'on',
  NODE_EXTRA_CA_CERTS: receiver.certificate,
});

beforeAll(async () => {
  receiver = await PushReceiver.start();
  rig = await InboxRig.start({ env: settings() });
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  chat = await rig.group(ann, [bob]);
  await until(async () => (await getPush(bob)).serverKey.length > 0);
});
afterAll(async () => {
  await rig.stop();
  await receiver.stop();
});

type Fields = NonNullable<Parameters<typeof SetPushRequest.fromPartial>[0]['subscription']>;

async function getPush({ token }: TestPerson): Promise<Push> {
  return callUnary(rig.trio.manager(), ChannelService.getPush, {}, { token, withinMs });
}

async function setPush({ token }: TestPerson, subscription: Fields | undefined): Promise<void> {
  const request = SetPushRequest.fromPartial({ subscription });
  await callUnary(rig.trio.manager(), ChannelService.setPush, request, { token, withinMs });
}

/** Makes everything that waits for a push due now. */
const hurry = () => rig.trio.people.sql('UPDATE chat.push_due SET due_at = now() WHERE due_at > now()');
const countOf = async (table: string) =>
  Number((await rig.trio.people.sql(`SELECT count(*) AS n FROM chat.${table}`))[0]?.n);

/** Waits until a condition holds, and does not wait for the pauses of pushes meanwhile. */
async function soon(holds: () => boolean | Promise<boolean>): Promise<void> {
  await until(async () => {
    await hurry();
    return holds();
  });
}

const mention = (text: string, channelId = chat) =>
  rig.post(ann, { channelId, clientId: randomUUID(), data: Buffer.from(text), mentions: [bob.id] });

test('a push says which user wrote where, encrypted for the browser and signed with the key of the server', async () => {
  await setPush(bob, { ...receiver.subscribe('plain'), showsText: false });
  await mention('a secret for Bob');
  await soon(() => receiver.payloadsOf('plain').length > 0);
  const [push] = receiver.received;
  expect(push?.payload).toMatchObject({ kind: 'mention', channelId: chat, byName: ann.id, isDirect: false, text: '' });
  expect(push?.headers).toMatchObject({ ttl: '86400', urgency: 'high', topic: `chat-${chat}` });
  const { claims, key: publicKey } = vapidClaims(String(push?.headers.authorization));
  expect(claims).toMatchObject({
    sub: 'mailto:ops@example.org',
    aud: expect.stringMatching(/^https:\/\/localhost:\d+$/),
  });
  expect(publicKey).toBe(pushKeysOf(key).publicKey);
  expect(Buffer.from((await getPush(bob)).serverKey).toString('base64url')).toBe(publicKey);
  await until(async () => (await countOf('push_due')) === 0);
});

test('REST takes the JSON of a subscription of the browser, returns it, and removes it', async () => {
  const { endpoint, publicKey, secret } = receiver.subscribe('rest');
  const keys = { p256dh: publicKey.toString('base64url'), auth: secret.toString('base64url') };
  const { token } = ann;
  const url = `${rig.gateway.http}/api/v1/push`;
  const json = { endpoint, expirationTime: null, keys, shows_text: true, quiet_until: '2020-01-01T00:00:00.000Z' };
  expect(await request(url, 'PUT', { token, json })).toMatchObject({ status: 204 });
  const { expirationTime: _, ...subscription } = json;
  expect((await request(url, 'GET', { token })).json).toEqual({
    server_key: pushKeysOf(key).publicKey,
    subscription,
  });
  const refused = await request(url, 'PUT', { token, json: { ...json, endpoint: 'http://localhost/' } });
  expect([refused.status, refused.json.reason]).toEqual([400, 'invalid-request']);
  expect(await request(url, 'DELETE', { token })).toMatchObject({ status: 204 });
  expect((await request(url, 'GET', { token })).json).toMatchObject({ subscription: null });
});

test('the text is sent if the user allows it', async () => {
  await setPush(bob, { ...receiver.subscribe('text'), showsText: true });
  await mention('dinner at 8?');
  await soon(() => receiver.payloadsOf('text').length > 0);
  expect(receiver.payloadsOf('text')).toMatchObject([{ text: 'dinner at 8?' }]);
});

test('a push service that fails is asked again, and one that says 410 ends the subscription', async () => {
  await setPush(bob, receiver.subscribe('flaky'));
  receiver.statuses.set('/flaky', [500, 429, 403]);
  await mention('again and again');
  await soon(() => receiver.payloadsOf('flaky').length > 0);
  expect(receiver.requests.get('/flaky')).toBe(4);
  await setPush(bob, receiver.subscribe('gone'));
  receiver.statuses.set('/gone', [410]);
  await mention('nobody there');
  await soon(async () => (await getPush(bob)).subscription === undefined);
  expect([receiver.payloadsOf('gone'), await countOf('push_due')]).toEqual([[], 0]);
});

test.each([
  [
    'has read',
    () =>
      rig.trio.people.sql('UPDATE chat.member SET delivered_seq = 1000, read_seq = 1000 WHERE user_id = $1', [bob.id]),
  ],
  ['muted', () => rig.trio.people.sql("UPDATE chat.member SET notify = 'none' WHERE user_id = $1", [bob.id])],
  [
    'is not to be disturbed',
    () => rig.trio.people.sql("UPDATE chat.push_subscription SET quiet_until = now() + interval '1 h'"),
  ],
])('nothing is sent in a chat that the user %s', async (name, prepare) => {
  await setPush(bob, receiver.subscribe(name.replaceAll(' ', '-')));
  await mention('quiet, please');
  await until(async () => (await countOf('push_due')) > 0);
  await prepare();
  await soon(async () => (await countOf('push_due')) === 0);
  expect(receiver.payloadsOf(name.replaceAll(' ', '-'))).toEqual([]);
  await rig.trio.people.sql(
    "UPDATE chat.member SET delivered_seq = 0, read_seq = 0, notify = 'all' WHERE user_id = $1",
    [bob.id],
  );
});

test('several messages in a chat are one push, and a session that ends gets none', async () => {
  await setPush(bob, receiver.subscribe('many'));
  for (const text of ['one', 'two', 'three']) await mention(text);
  await until(
    async () =>
      Number((await rig.trio.people.sql('SELECT count(*) AS n FROM chat.notification WHERE read_at IS NULL'))[0]?.n) >
      2,
  );
  await soon(() => receiver.payloadsOf('many').length > 0);
  const other = await rig.trio.people.login(bob);
  await setPush(other, receiver.subscribe('ended'));
  await rig.trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [other.sessionId]);
  await mention('four');
  await soon(async () => (await countOf('push_subscription')) === 1);
  expect(receiver.payloadsOf('ended')).toEqual([]);
});

test('a push service that does not answer gets one request of a session at a time, and holds up nobody else', async () => {
  const second = await rig.group(ann, [bob]);
  const [slow, quick] = [await rig.trio.people.login(bob), bob];
  receiver.silent.add('/slow');
  await setPush(slow, receiver.subscribe('slow'));
  await mention('one');
  await mention('two', second);
  await soon(() => (receiver.requests.get('/slow') ?? 0) > 0);
  await setPush(quick, receiver.subscribe('quick'));
  await mention('three');
  await soon(() => receiver.payloadsOf('quick').length > 0);
  expect(receiver.mostOpen.get('/slow')).toBe(1);
  await setPush(slow, undefined);
  receiver.hangUp();
});

test.each([
  ['http', { endpoint: 'http://push.example.org/1' }],
  ['a password', { endpoint: 'https://me:secret@push.example.org/1' }],
  ['2,049 characters', { endpoint: `https://push.example.org/${'x'.repeat(2_024)}` }],
  ['a short key', { publicKey: Buffer.alloc(64, 4) }],
  ['a short secret', { secret: Buffer.alloc(15) }],
])('refuses a subscription with %s', async (_what, bad) => {
  await expect(setPush(bob, { ...receiver.subscribe('bad'), ...bad })).rejects.toMatchObject({
    reason: 'invalid-push',
  });
});

describe('a gateway that may send to public addresses only', () => {
  let gateway: ServiceProcess;

  test('it forgets subscriptions with private addresses, and sends nothing there', async () => {
    await rig.gateway.stop();
    gateway = await rig.trio.startGateway({ ...settings(), PARLEY_PUSH_PRIVATE: 'off' });
    rig.gateway = gateway;
    await setPush(bob, receiver.subscribe('private'));
    await mention('inside');
    await soon(async () => (await getPush(bob)).subscription === undefined);
    expect(receiver.requests.get('/private')).toBeUndefined();
  });
});
