import { setTimeout as pause } from 'node:timers/promises';
import { lastingPort, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { createClient, type ParleyClient, textOf } from '../src/index.js';
import { webTransport } from '../src/web/index.js';
import { clientOf, Listener, until } from './rig.js';
import { XmlHttpRequest } from './xml-http-request.js';

let trio: Trio;
let gateway: ServiceProcess;

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
  trio = await Trio.start({ chatServers: 2, env: { PARLEY_SENDER_RATE: '1000' } });
  await trio.startUserService();
  gateway = await trio.startGateway();
});
afterAll(() => trio.stop());

let tests = 0;
let ann: TestPerson;
let bob: TestPerson;
beforeEach(async () => {
  tests += 1;
  [ann, bob] = [await trio.people.make(`ann-${tests}`), await trio.people.make(`bob-${tests}`)];
});

function pageOf({ token }: { token: string }): ParleyClient {
  return createClient({ transport: webTransport({ origin: gateway.http }), token });
}

async function channelOf(page: ParleyClient, everything = false): Promise<number> {
  const { id } = await page.create({
    name: `web ${tests}`,
    limit: 25,
    retention: everything ? { everything } : { nothing: true },
  });
  return id;
}

test('registers, creates a channel and talks to a terminal client', async () => {
  const page = createClient({ transport: webTransport({ origin: gateway.http }) });
  const account = { userId: 'webber', password: 'correct horse' };
  await page.register({ ...account, name: 'Wében' });
  const wrong = page.login('webber', 'wrong horse');
  await expect(wrong).rejects.toMatchObject({
    reason: 'wrong-credentials',
    message: 'The user id or password is wrong.',
  });
  await page.login(account.userId, account.password);
  expect(await page.user('webber')).toMatchObject({ id: 'webber', name: 'Wében' });
  await expect(page.user('nobody')).rejects.toMatchObject({ reason: 'user-not-found' });
  const id = await channelOf(page, true);
  expect((await page.channels()).map((one) => one.id)).toContain(id);
  const terminal = clientOf(trio, bob);
  const there = await terminal.listen(id);
  const here = await page.listen(id);
  const [seen, heard] = [new Listener(here), new Listener(there)];
  expect(here.presence.map((user) => user.id).sort()).toEqual([bob.id, 'webber']);
  expect(await here.send('grüße')).toMatchObject({ seq: 1 });
  await there.send('hi');
  await here.edit(1, 'greetings');
  await expect(here.edit(2, 'not mine')).rejects.toMatchObject({ reason: 'not-your-message' });
  await until(() => heard.of('edit').length === 1 && seen.of('edit').length === 1);
  expect([seen.texts, heard.texts]).toEqual([
    ['grüße', 'hi'],
    ['grüße', 'hi'],
  ]);
  here.typing();
  await until(() => heard.of('typing').length === 1);
  const { entries } = await page.history(id);
  expect(entries.map((entry) => entry.type === 'message' && textOf(entry)).sort()).toEqual(['greetings', 'hi']);
  await here.leave();
  await until(() => heard.of('presence').some(({ went }) => went[0]?.id === 'webber'));
  expect(seen.of('ended')[0]?.reason).toBe('left');
  await Promise.all([page.close(), terminal.close()]);
});

test('keeps the order of sends, however many are in flight', async () => {
  const page = pageOf(ann);
  const here = await page.listen(await channelOf(page), { inFlight: 10 });
  const seen = new Listener(here);
  const texts = Array.from({ length: 60 }, (_, n) => `${n}`);
  const sent = await Promise.all(texts.map((text) => here.send(text)));
  expect(sent.map(({ seq }) => seq)).toEqual(texts.map((_, n) => n + 1));
  await until(() => seen.texts.length === texts.length);
  expect(seen.texts).toEqual(texts);
  await page.close();
});

test('transfers megabytes over several streams without loss', async () => {
  const page = pageOf(ann);
  const id = await channelOf(page, true);
  const here = await page.listen(id);
  const seen = new Listener(here);
  const terminal = clientOf(trio, bob);
  const there = await terminal.listen(id, { inFlight: 4 });
  const count = 120;
  await Promise.all(Array.from({ length: count }, () => there.send(Buffer.alloc(60_000, 'x'))));
  await until(() => seen.of('message').length >= count);
  expect(seen.of('message').map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  expect(seen.of('reconnecting').map(({ reason }) => reason)).toContain('long-stream');
  expect(seen.of('gap')).toEqual([]);
  await Promise.all([page.close(), terminal.close()]);
});

test('reconnects after a killed chat server with every message exactly once', async () => {
  const page = pageOf(ann);
  const id = await channelOf(page, true);
  const here = await page.listen(id);
  const seen = new Listener(here);
  const terminal = clientOf(trio, bob);
  const there = await terminal.listen(id);
  await here.send('before');
  (await trio.ownerOf(id))?.kill('SIGKILL');
  await there.send('meanwhile');
  await here.send('after');
  await until(() => seen.texts.length === 3);
  expect([...seen.texts].sort()).toEqual(['after', 'before', 'meanwhile']);
  expect(seen.of('reconnecting').length).toBeGreaterThan(0);
  expect(seen.of('gap').concat(seen.of('reset') as never)).toEqual([]);
  await trio.addChatServer();
  await Promise.all([page.close(), terminal.close()]);
});

test('rejects unreachable and aborted calls', async () => {
  const lost = createClient({ transport: webTransport({ origin: 'http://127.0.0.1:1' }) });
  await expect(lost.login('ann', 'x')).rejects.toMatchObject({ reason: 'unreachable' });
  const page = pageOf(ann);
  const away = new AbortController();
  const listing = page.channels({ signal: away.signal });
  away.abort('enough');
  await expect(listing).rejects.toBe('enough');
  await expect(pageOf({ token: 'x.y.z' }).channels()).rejects.toMatchObject({ reason: 'invalid-token' });
});

test('reconnects through another gateway when one stops', async () => {
  const second = await trio.startGateway({ PARLEY_PORT: await lastingPort() });
  const page = createClient({ transport: webTransport({ origin: second.http }), token: ann.token });
  const here = await page.listen(await channelOf(page));
  const seen = new Listener(here);
  const { port } = new URL(second.http);
  await second.stop();
  await until(() => seen.of('reconnecting').length > 0);
  expect(seen.of('reconnecting')[0]?.reason).toBe('draining');
  await trio.startGateway({ PARLEY_PORT: port });
  await until(() => seen.of('welcome').length === 2);
  await pause(10);
  await page.close();
});
