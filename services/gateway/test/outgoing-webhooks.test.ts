import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Kind } from '@parley/contract';
import { readSettings } from '@parley/runtime';
import { python, type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import { Webhook } from 'standardwebhooks';
import { readGatewayConfig } from '../src/config.js';
import { InboxRig } from './inbox-rig.js';
import { RestClient } from './rest-client.js';
import { type ReceivedEvent, WebhookReceiver } from './webhook-receiver.js';

let receiver: WebhookReceiver;
let rig: InboxRig;
let second: ServiceProcess;
let ann: TestPerson;
let bob: TestPerson;
let names = 0;
const settings = () => ({ PARLEY_WEBHOOK_PRIVATE: receiver.host, NODE_EXTRA_CA_CERTS: receiver.certificate });
const rest = ({ token }: TestPerson) => new RestClient(rig.gateway.http, token);
const sql = (text: string, values: unknown[] = []) => rig.trio.people.sql(text, values);

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  rig = await InboxRig.start({ env: settings() });
  second = await rig.trio.startGateway();
});
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});
afterAll(async () => {
  await rig?.stop();
  await receiver?.stop();
});

interface Hook {
  readonly id: string;
  readonly secret: string;
  readonly channel: number;
  readonly path: string;
}

/** Creates a group of Ann and Bob with an outgoing webhook to a path of its own. */
async function hooked(fields: { types?: string[]; url?: string } = {}, by = ann): Promise<Hook> {
  const channel = await rig.group(ann, [bob]);
  await rest(ann).ok('PATCH', `/channels/${channel}/members/${bob.id}`, { role: 'admin' });
  const path = `/hook-${++names}`;
  const json = { url: `https://${receiver.host}${path}`, ...fields };
  const { id, secret } = await rest(by).ok('POST', `/channels/${channel}/outgoing-webhooks`, json);
  return { id, secret, channel, path };
}

const say = ({ channel: channelId }: Hook, text: string) =>
  rig.post(ann, { channelId, clientId: randomUUID(), data: Buffer.from(text) });

const eventOf = ({ body }: ReceivedEvent) => JSON.parse(body) as { type: string; data: Record<string, unknown> };
const textsAt = ({ path }: Hook) =>
  receiver
    .at(path)
    .filter(({ status }) => status === 204)
    .map((one) => eventOf(one).data.text);
const verified = (one: ReceivedEvent, secret: string) => new Webhook(secret).verify(one.body, one.headers);
/** Verifies requests with the PyPI package `standardwebhooks`. Returns their bodies. @throws {Error} if it refuses one */
function verifiedByPython(requests: readonly ReceivedEvent[], secret: string): unknown[] {
  const script = fileURLToPath(new URL('../../test/verify_webhook.py', import.meta.url));
  const input = JSON.stringify({ secret, requests });
  const { status, stdout, stderr } = spawnSync(python, [script], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
const stateOf = async ({ id, channel }: Hook) => {
  const { outgoing_webhooks: all } = await rest(ann).ok('GET', `/channels/${channel}/outgoing-webhooks`);
  return all.find((one) => one.id === id);
};
const deadAt = async ({ id }: Hook) =>
  (await rest(ann).ok('GET', `/outgoing-webhooks/${id}/dead-letters`)).dead_letters;
const failuresOf = ({ id }: Hook) =>
  sql('SELECT * FROM chat.outgoing_failure WHERE webhook_id = $1 ORDER BY seq', [id]);

/** Ends the waits of a webhook, but not the lease of a gateway that sends. */
async function hurry({ id }: Hook): Promise<void> {
  await sql('UPDATE chat.outgoing_webhook SET due_at = now() WHERE id = $1 AND lease IS NULL', [id]);
  await sql('UPDATE chat.outgoing_failure SET due_at = now() WHERE webhook_id = $1 AND due_at > now()', [id]);
}

/** Waits until a condition holds, and does not wait for the pauses of the webhook meanwhile. */
async function soon(hook: Hook, holds: () => boolean | Promise<boolean>): Promise<void> {
  await until(async () => {
    await hurry(hook);
    return holds();
  });
}

test('the entries of a chat arrive once, in order and signed, also with two gateways', async () => {
  const hook = await hooked();
  const { seq } = await say(hook, 'one');
  await rig.post(ann, { channelId: hook.channel, clientId: randomUUID(), kind: Kind.PIN, targetSeq: seq });
  for (let n = 0; n < 30; n += 1) await say(hook, `more ${n}`);
  await until(() => receiver.at(hook.path).length >= 32);
  const events = receiver.at(hook.path);
  for (const one of events) expect(verified(one, hook.secret)).toEqual(JSON.parse(one.body));
  expect(verifiedByPython(events, hook.secret)).toEqual(events.map(({ body }) => JSON.parse(body)));
  const forged = events.map((one) => ({ ...one, body: one.body.replace('one', 'two') }));
  expect(() => verifiedByPython(forged, hook.secret)).toThrow('No matching signature');
  expect(events.map((one) => eventOf(one).data.seq)).toEqual(events.map((_, n) => seq + n));
  expect(events.map(eventOf).slice(0, 2)).toMatchObject([
    { type: 'message.created', data: { text: 'one', sender: ann.id, channel_id: hook.channel } },
    { type: 'message.pinned', data: { target_seq: seq } },
  ]);
  expect(new Set(events.map(({ headers }) => headers['webhook-id'])).size).toBe(events.length);
  expect(receiver.mostOpen.get(hook.path)).toBe(1);
});

test('a webhook sends only events of its types', async () => {
  const hook = await hooked({ types: ['message.pinned'] });
  const { seq } = await say(hook, 'not this');
  await rig.post(ann, { channelId: hook.channel, clientId: randomUUID(), kind: Kind.PIN, targetSeq: seq });
  await until(() => receiver.at(hook.path).length > 0);
  expect(receiver.at(hook.path).map((one) => eventOf(one).type)).toEqual(['message.pinned']);
});

test('a message that was not delivered is sent again with the same id and its current text, and holds up no other message', async () => {
  const hook = await hooked();
  receiver.answerTo.set(hook.path, (body) => (body.includes('poison') ? 500 : undefined));
  const { seq: targetSeq } = await say(hook, 'poison');
  await say(hook, 'good');
  await until(() => textsAt(hook).includes('good'));
  await rig.post(ann, { channelId: hook.channel, clientId: randomUUID(), kind: Kind.DELETE, targetSeq });
  await soon(hook, () =>
    receiver.at(hook.path).some((one) => one.status === 204 && eventOf(one).data.seq === targetSeq),
  );
  const attempts = receiver.at(hook.path).filter((one) => eventOf(one).data.seq === targetSeq);
  expect(attempts.length).toBeGreaterThan(1);
  expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  for (const one of attempts) verified(one, hook.secret);
  expect(eventOf(attempts.at(-1) as ReceivedEvent).data).toMatchObject({ deleted: true, text: null });
  await until(async () => (await failuresOf(hook)).length === 0);
});

test('a webhook waits as long as Retry-After says, but at most an hour', async () => {
  const hook = await hooked();
  receiver.answers.set(hook.path, [{ status: 429, headers: { 'retry-after': '86400' } }]);
  await say(hook, 'later');
  const waits = `SELECT extract(epoch FROM w.due_at - f.failed_at) AS webhook, extract(epoch FROM f.due_at - f.failed_at) AS entry
    FROM chat.outgoing_webhook w JOIN chat.outgoing_failure f ON f.webhook_id = w.id WHERE w.id = $1 AND w.lease IS NULL`;
  await until(async () => (await sql(waits, [hook.id])).length > 0);
  const [row] = await sql(waits, [hook.id]);
  for (const seconds of [row?.webhook, row?.entry]) {
    expect(Number(seconds)).toBeGreaterThan(3_590);
    expect(Number(seconds)).toBeLessThan(3_700);
  }
  await soon(hook, () => textsAt(hook).includes('later'));
});

test('the 20th failure is a dead letter, which is listed and sent again', async () => {
  const hook = await hooked();
  let isAway = true;
  receiver.answerTo.set(hook.path, () => (isAway ? 503 : undefined));
  const { seq } = await say(hook, 'lost');
  await until(async () => (await failuresOf(hook)).length > 0);
  await sql('UPDATE chat.outgoing_failure SET attempts = 19 WHERE webhook_id = $1', [hook.id]);
  await soon(hook, async () => (await deadAt(hook)).length > 0);
  expect(await deadAt(hook)).toEqual([{ seq, attempts: 20, failed_at: expect.any(String), why: 'status 503' }]);
  expect(await stateOf(hook)).toMatchObject({ dead_letters: 1, disabled_reason: null, secret: null });
  isAway = false;
  await rest(ann).ok('POST', `/outgoing-webhooks/${hook.id}/resume`);
  await soon(hook, () => textsAt(hook).includes('lost'));
  await until(async () => (await deadAt(hook)).length === 0);
  expect(receiver.at(hook.path).length).toBeGreaterThanOrEqual(3);
  expect(new Set(receiver.at(hook.path).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('the status 410 disables a webhook, which sends the entries of the meantime after it is resumed', async () => {
  const hook = await hooked();
  receiver.answers.set(hook.path, [410]);
  await say(hook, 'gone');
  await until(async () => (await stateOf(hook))?.disabled_reason === 'gone');
  await say(hook, 'meanwhile');
  await hurry(hook);
  expect(receiver.at(hook.path)).toHaveLength(1);
  await rest(ann).ok('POST', `/outgoing-webhooks/${hook.id}/resume`);
  await soon(hook, () => textsAt(hook).length === 2);
  expect(textsAt(hook).toSorted()).toEqual(['gone', 'meanwhile']);
});

test('three days of failures disable a webhook, and so do 1,000 dead letters', async () => {
  const [old, full] = [await hooked(), await hooked()];
  for (const { path } of [old, full]) receiver.answerTo.set(path, () => 500);
  await sql("UPDATE chat.outgoing_webhook SET failing_since = now() - interval '73 h' WHERE id = $1", [old.id]);
  await sql(
    "INSERT INTO chat.outgoing_failure (webhook_id, seq, attempts, due_at, why) SELECT $1, -n, 20, NULL, 'x' FROM generate_series(1, 998) n",
    [full.id],
  );
  await sql(
    "INSERT INTO chat.outgoing_failure (webhook_id, seq, attempts, due_at, why) SELECT id, seq, 19, now() + interval '1 h', 'x' FROM chat.outgoing_webhook WHERE id = $1",
    [full.id],
  );
  await say(old, 'x');
  await until(async () => (await stateOf(old))?.disabled_reason === 'failing');
  await say(full, 'the thousandth');
  await until(async () => (await failuresOf(full)).length === 1_000);
  await say(full, 'waits in the log');
  await soon(full, async () => (await stateOf(full))?.dead_letters === 999);
  expect((await stateOf(full))?.disabled_reason).toBeNull();
  await sql('UPDATE chat.outgoing_failure SET attempts = 19 WHERE webhook_id = $1 AND due_at IS NOT NULL', [full.id]);
  await soon(full, async () => (await stateOf(full))?.disabled_reason === 'dead-letters');
  expect(receiver.at(full.path).map((one) => eventOf(one).data.text)).not.toContain('waits in the log');
});

test('a webhook sends nothing once its creator may no longer manage the chat, until another admin resumes the webhook', async () => {
  const hook = await hooked({}, bob);
  await say(hook, 'before');
  await until(() => textsAt(hook).length === 1);
  await rest(ann).ok('PATCH', `/channels/${hook.channel}/members/${bob.id}`, { role: 'member' });
  await say(hook, 'after');
  await until(async () => (await stateOf(hook))?.disabled_reason === 'creator');
  expect(textsAt(hook)).not.toContain('after');
  const refused = await rest(bob).send('POST', `/outgoing-webhooks/${hook.id}/resume`);
  expect([refused.status, refused.json.reason]).toEqual([403, 'not-channel-admin']);
  expect(await rest(ann).ok('POST', `/outgoing-webhooks/${hook.id}/resume`)).toMatchObject({ created_by: ann.id });
  await until(() => textsAt(hook).includes('after'));
});

test('a gateway that is killed while it sends loses nothing, and the same id comes again', async () => {
  const hook = await hooked();
  receiver.answers.set(hook.path, ['hang']);
  await say(hook, 'in flight');
  await say(hook, 'next');
  await until(() => receiver.at(hook.path).length === 1);
  for (const one of [rig.gateway, second]) one.kill('SIGKILL');
  receiver.hangUp();
  rig.gateway = await rig.trio.startGateway();
  await sql('UPDATE chat.outgoing_webhook SET due_at = now() WHERE id = $1', [hook.id]); // ends the lease
  await until(() => textsAt(hook).length === 2);
  expect(receiver.at(hook.path).map((one) => eventOf(one).data.text)).toEqual(['in flight', 'in flight', 'next']);
  const [first, again] = receiver.at(hook.path).map(({ headers }) => headers['webhook-id']);
  expect(again).toBe(first);
});

test('a log that begins again is sent from its first entry, without the failures of the old log', async () => {
  const hook = await hooked();
  receiver.answers.set(hook.path, [503]);
  await say(hook, 'old');
  await until(async () => (await failuresOf(hook)).length > 0);
  for (const retention of [{ nothing: true }, { everything: true }])
    await rig.trio.update(ann, { id: hook.channel, retention });
  expect(await failuresOf(hook)).toEqual([]);
  const { seq } = await say(hook, 'new');
  await until(() => textsAt(hook).includes('new'));
  expect(textsAt(hook)).toEqual(['new']);
  expect(seq).toBeLessThanOrEqual(2);
});

test('a private address that the operator has not named gets nothing', async () => {
  const [, port] = receiver.host.split(':');
  const hook = await hooked({ url: `https://127.0.0.1:${port}/private` });
  await say(hook, 'inside');
  await until(async () => (await failuresOf(hook)).length > 0);
  expect(await failuresOf(hook)).toMatchObject([{ why: '127.0.0.1 has a private address.', attempts: 1 }]);
  expect(receiver.at('/private')).toEqual([]);
});

test('a rotation gives a new secret, and the old one verifies for a day', async () => {
  const hook = await hooked();
  const { secret } = await rest(ann).ok('POST', `/outgoing-webhooks/${hook.id}/rotate`);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  await say(hook, 'both');
  await until(() => receiver.at(hook.path).length === 1);
  const [both] = receiver.at(hook.path) as [ReceivedEvent];
  for (const one of [hook.secret, secret]) verified(both, one);
  await sql('UPDATE chat.outgoing_webhook SET old_until = now() WHERE id = $1', [hook.id]);
  await say(hook, 'new only');
  await until(() => receiver.at(hook.path).length === 2);
  const [, last] = receiver.at(hook.path) as [ReceivedEvent, ReceivedEvent];
  verified(last, secret);
  expect(() => verified(last, hook.secret)).toThrow('No matching signature found');
});

test('a deleted webhook sends nothing more', async () => {
  const hook = await hooked();
  await rest(ann).ok('DELETE', `/outgoing-webhooks/${hook.id}`);
  const other = { ...(await hooked()), channel: hook.channel };
  await say(other, 'x');
  expect(await stateOf(hook)).toBeUndefined();
  for (const at of ['rotate', 'resume'])
    expect(await rest(ann).send('POST', `/outgoing-webhooks/${hook.id}/${at}`)).toMatchObject({ status: 404 });
  expect(receiver.at(hook.path)).toEqual([]);
});

test.each<[string, object, string]>([
  ['http', { url: 'http://example.org/' }, 'invalid-webhook'],
  ['a password', { url: 'https://me:secret@example.org/' }, 'invalid-webhook'],
  ['a space', { url: 'https://example.org/a b' }, 'invalid-webhook'],
  ['2,049 characters', { url: `https://example.org/${'x'.repeat(2_029)}` }, 'invalid-webhook'],
  ['a type twice', { url: 'https://example.org/', types: ['message.created', 'message.created'] }, 'invalid-webhook'],
  ['an unknown type', { url: 'https://example.org/', types: ['message.read'] }, 'invalid-request'],
  ['no URL', {}, 'invalid-request'],
  ['an unknown field', { url: 'https://example.org/', secret: 'x' }, 'invalid-request'],
])('refuses a webhook with %s', async (_what, json, reason) => {
  const channel = await rig.group(ann, []);
  const answer = await rest(ann).send('POST', `/channels/${channel}/outgoing-webhooks`, { json });
  expect([answer.status, answer.json.reason]).toEqual([400, reason]);
});

test('only the owner and admins of a chat manage its webhooks, and a chat has at most ten', async () => {
  const hook = await hooked();
  const [stranger] = (await rig.people(1)) as [TestPerson];
  await rest(ann).ok('PATCH', `/channels/${hook.channel}/members/${bob.id}`, { role: 'member' });
  const at = `/channels/${hook.channel}/outgoing-webhooks`;
  const json = { url: 'https://example.org/' };
  const reasonOf = async (sent: Promise<{ json: { reason: string } }>) => (await sent).json.reason;
  expect(await reasonOf(rest(bob).send('POST', at, { json }))).toBe('not-channel-admin');
  expect(await reasonOf(rest(bob).send('GET', at))).toBe('not-channel-admin');
  expect(await reasonOf(rest(stranger).send('GET', `/outgoing-webhooks/${hook.id}/dead-letters`))).toBe(
    'webhook-not-found',
  );
  expect(await reasonOf(rest(stranger).send('DELETE', `/outgoing-webhooks/${hook.id}`))).toBe('webhook-not-found');
  for (let n = 1; n < 10; n += 1) await rest(ann).ok('POST', at, json);
  expect(await reasonOf(rest(ann).send('POST', at, { json }))).toBe('too-many-bots');
});

test('hosts with private addresses are compared as in URLs, without the port of https', () => {
  const env = { PARLEY_DATABASE_URL: 'postgres://a@b/c', PARLEY_WEBHOOK_PRIVATE: 'CI.internal:443,10.0.0.5:8443' };
  expect(readGatewayConfig(readSettings(env)).privateWebhookHosts).toEqual(['ci.internal', '10.0.0.5:8443']);
  const wrong = { ...env, PARLEY_WEBHOOK_PRIVATE: 'ci.internal:port' };
  expect(() => readSettings(wrong)).toThrow('expected hosts like ci.internal or 10.0.0.5:8443');
});
