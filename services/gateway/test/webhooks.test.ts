import { type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { RestClient, type RestOptions, request } from './rest-client.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: Person;
let bob: Person;
let names = 0;
type Person = TestPerson & { readonly rest: RestClient };

/** A user may have ten webhooks, so each test has users of its own. */
async function newPeople(): Promise<void> {
  const made = await trio.people.makeMany(`hooks-${++names}`, 2);
  [ann, bob] = made.map((one) => ({ ...one, rest: new RestClient(gateway.http, one.token) })) as [Person, Person];
}

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway();
  await newPeople();
});
beforeEach(newPeople);
afterAll(() => trio?.stop());

/** Creates a group of Ann and Bob with an incoming webhook that `by` makes. */
async function hooked(by = ann) {
  const { id: channel } = await ann.rest.ok('POST', '/channels', { name: `hooks ${++names}`, kind: 'group' });
  await ann.rest.ok('POST', `/channels/${channel}/members`, { user_ids: [bob.id] });
  await ann.rest.ok('PATCH', `/channels/${channel}/members/${bob.id}`, { role: 'admin' });
  const made = await by.rest.ok('POST', `/channels/${channel}/incoming-webhooks`, { name: 'CI' });
  return { channel, owner: ann, id: String(made.id), url: `${gateway.http}${made.path}`, path: made.path };
}

const post = (url: string, json: unknown, options: RestOptions = {}) => request(url, 'POST', { json, ...options });
const form = (payload: string) => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ payload }).toString(),
});
const own = (text = 'hello') => ({ message: { text } });

/** Returns the messages of a chat, the oldest first. */
async function said({ channel, owner }: { readonly channel: number; readonly owner: Person }) {
  const { messages } = await owner.rest.ok('GET', `/channels/${channel}/messages`);
  return messages.filter(({ kind }) => kind === 'message').toReversed();
}

test('a webhook posts bodies of Parley, Slack and Discord, and responds as their clients expect', async () => {
  const hook = await hooked();
  const { channel, id, url } = hook;
  const sent = await post(url, own('from Parley'));
  expect([sent.status, sent.json]).toEqual([200, expect.objectContaining({ channel_id: channel })]);
  const slack = await post(url, {
    text: 'a &lt; b &amp;&amp; c, <https://example.org|here> <!here>',
    icon_emoji: ':x:',
    blocks: [{}],
  });
  expect([slack.status, slack.text]).toEqual([200, 'ok']);
  const payload = JSON.stringify({ text: '日本 + 100 %', username: 'deploy' });
  const formed = await request(url, 'POST', form(payload));
  expect([formed.status, formed.text]).toEqual([200, 'ok']);
  const quiet = await post(url, { content: 'from Discord', username: 'CI', embeds: [], tts: false });
  expect([quiet.status, quiet.text]).toEqual([204, '']);
  const shown = await post(`${url}?wait=True`, { content: 'shown' });
  expect([shown.status, shown.json]).toEqual([
    200,
    expect.objectContaining({
      channel_id: String(channel),
      content: 'shown',
      author: expect.objectContaining({ bot: true }),
    }),
  ]);
  const all = await said(hook);
  expect(all.map(({ text }) => text)).toEqual([
    'from Parley',
    'a < b && c, here (https://example.org) @here',
    'deploy: 日本 + 100 %',
    'from Discord',
    'shown',
  ]);
  expect(new Set(all.map((one) => Reflect.get(one, 'sender')))).toEqual(new Set([id]));
});

test.each<[string, object, string, string]>([
  ['slack_sdk', { text: 'one', blocks: [{ type: 'section' }] }, 'ok', 'one'],
  ['@slack/webhook', { timeout: 0, text: 'two' }, 'ok', 'two'],
  ['discord-webhook', { attachments: [], content: 'three', embeds: [], username: 'CI', wait: true }, '', 'three'],
])('a webhook posts a body that %s sends', async (_client, body, answer, text) => {
  const hook = await hooked();
  expect((await post(hook.url, body)).text).toBe(answer);
  expect(await said(hook)).toMatchObject([{ text }]);
});

test('a repeated request with the same key posts once', async () => {
  const hook = await hooked();
  const { url } = hook;
  const headers = { 'idempotency-key': 'build-17' };
  const [first, again] = [await post(url, own(), { headers }), await post(url, own(), { headers })];
  expect(again.json).toEqual(first.json);
  const other = await post(url, own('other'), { headers });
  expect([other.status, other.json.reason]).toEqual([422, 'client-id-reused']);
  expect(await said(hook)).toHaveLength(1);
});

describe('bad input', () => {
  let hook: Awaited<ReturnType<typeof hooked>>;
  let url: string;
  beforeAll(async () => {
    hook = await hooked();
    url = hook.url;
  });

  test.each<[string, unknown, number, unknown]>([
    ['an unknown field', { message: { text: 'x', colour: 1 } }, 400, { reason: 'invalid-request' }],
    [
      'a wrong type',
      { message: { text: 5 } },
      400,
      { errors: [expect.objectContaining({ pointer: '#/message/text' })] },
    ],
    ['a body of no known form', { words: 'x' }, 400, { reason: 'invalid-request' }],
    ['an array', ['x'], 400, { reason: 'invalid-request' }],
    ['empty text', own(''), 400, { reason: 'empty-message' }],
    ['text that is too long', own('x'.repeat(65_537)), 413, { reason: 'message-too-large' }],
    ['10 MB', own('x'.repeat(10_000_000)), 413, { reason: 'message-too-large' }],
    [
      'embeds',
      { content: 'x', embeds: [{ title: 'y' }] },
      400,
      { code: 50_035, message: expect.stringMatching(/^embeds: /) },
    ],
    ['empty content', { content: ' ' }, 400, { code: 50_006 }],
    ['a poll', { content: 'x', poll: {} }, 400, { code: 50_035, message: expect.stringMatching(/^poll: /) }],
    ['only embeds', { embeds: [{ title: 'y' }] }, 400, { message: expect.stringMatching(/^embeds: /) }],
  ])('a webhook refuses %s', async (_what, json, status, expected) => {
    const answer = await post(url, json).catch((thrown: unknown) => thrown as never);
    expect([answer.status, answer.json]).toEqual([status, expect.objectContaining(expected as object)]);
  });

  test.each<[string, RestOptions, number, RegExp]>([
    ['attachments', { json: { text: 'x', attachments: [{}] } }, 400, /^invalid_payload: attachments: .*`text`/],
    ['a form without JSON', form('{'), 400, /^invalid_payload: /],
    [
      'two payloads',
      { ...form('{"text":"x"}'), body: 'payload={"text":"x"}&payload={"text":"x"}' },
      400,
      /^invalid_payload/,
    ],
    ['a wrong type', { json: { text: null } }, 400, /^invalid_payload: text/],
    ['blank text', { json: { text: '\n' } }, 400, /^no_text/],
  ])('a webhook refuses %s with the error text of Slack', async (_what, options, status, expected) => {
    const answer = await request(url, 'POST', options);
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(expected)]);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  test('a webhook refuses other media types and methods, and stores no refused body', async () => {
    const text = await request(url, 'POST', { headers: { 'content-type': 'text/plain' }, body: 'x' });
    expect([text.status, text.json.reason]).toEqual([415, 'wrong-media-type']);
    const got = await request(url, 'GET');
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(await said(hook)).toEqual([]);
  });
});

test('a wrong, replaced or deleted address of a webhook gets the status 404 in every form', async () => {
  const hook = await hooked();
  const { channel, id, url } = hook;
  const wrong = `${gateway.http}/hooks/hook_${'A'.repeat(43)}`;
  const gone = async (at: string) => {
    const [parley, slack, discord] = [
      await post(at, own()),
      await post(at, { text: 'x' }),
      await post(at, { content: 'x' }),
    ];
    expect([parley.status, parley.json.reason]).toEqual([404, 'webhook-not-found']);
    expect([slack.status, slack.text]).toEqual([404, expect.stringMatching(/^no_service/)]);
    expect([discord.status, discord.json]).toEqual([404, expect.objectContaining({ code: 10_015 })]);
  };
  await gone(wrong);
  await gone(`${gateway.http}/hooks/${id}`);
  expect(await ann.rest.send('POST', '/incoming-webhooks/webhook-%00/rotate')).toMatchObject({ status: 404 });
  expect(await post(url, own('before'))).toMatchObject({ status: 200 });
  const { path } = await ann.rest.ok('POST', `/incoming-webhooks/${id}/rotate`);
  await gone(url);
  expect(await post(`${gateway.http}${path}`, own('after'))).toMatchObject({ status: 200 });
  await ann.rest.ok('DELETE', `/incoming-webhooks/${id}`);
  await gone(`${gateway.http}${path}`);
  expect((await said(hook)).map(({ text }) => text)).toEqual(['before', 'after']);
  const { members } = await ann.rest.ok('GET', `/channels/${channel}/members`);
  expect(members.filter(({ member_role: role }) => role !== null).map(({ user }) => user?.id ?? '')).not.toContain(id);
});

test('a webhook ends when its creator leaves or its chat is deleted, and does not post once it was removed', async () => {
  const [bobs, deleted, removed] = [await hooked(bob), await hooked(), await hooked()];
  for (const { url } of [bobs, deleted, removed]) expect(await post(url, own())).toMatchObject({ status: 200 });
  await bob.rest.ok('DELETE', `/channels/${bobs.channel}/members/${bob.id}`);
  await ann.rest.ok('DELETE', `/channels/${deleted.channel}`);
  for (const { url } of [bobs, deleted]) expect(await post(url, own())).toMatchObject({ status: 404 });
  await ann.rest.ok('DELETE', `/channels/${removed.channel}/members/${removed.id}`);
  expect(await post(removed.url, own())).toMatchObject({ status: 403 });
});

test('the secret of a webhook gives no access to the REST API, and the list does not show it', async () => {
  const { channel, path } = await hooked();
  const token = String(path.split('/')[2]);
  for (const [method, at] of [
    ['GET', '/me'],
    ['GET', `/channels/${channel}/messages`],
    ['POST', `/channels/${channel}/messages`],
  ])
    expect(
      await request(`${gateway.http}/api/v1${at}`, String(method), {
        token,
        ...(method === 'POST' && { json: { text: 'x' } }),
      }),
    ).toMatchObject({
      status: 401,
      json: { reason: 'invalid-token' },
    });
  const listed = await ann.rest.send('GET', `/channels/${channel}/incoming-webhooks`);
  expect(listed.text).not.toContain('hook_');
  expect((await ann.rest.ok('GET', `/bots?channel_id=${channel}`)).bots).toEqual([]);
  expect(listed.json).toMatchObject({ incoming_webhooks: [{ name: 'CI', path: null, created_by: ann.id }] });
});

test.each<[string, unknown, string]>([
  ['51 commands', Array.from({ length: 51 }, (_, n) => ({ name: `c${n}`, description: 'x' })), 'invalid-request'],
  ['a capital in a name', [{ name: 'Roll', description: 'x' }], 'invalid-request'],
  ['a description of 101 characters', [{ name: 'roll', description: 'x'.repeat(101) }], 'invalid-request'],
  ['no description', [{ name: 'roll' }], 'invalid-request'],
  ['an unknown field', [{ name: 'roll', description: 'x', bot_id: 'x' }], 'invalid-request'],
  ['one object', { name: 'roll', description: 'x' }, 'invalid-request'],
  ['a blank description', [{ name: 'roll', description: ' ' }], 'invalid-command'],
  ['a name twice', Array(2).fill({ name: 'roll', description: 'x' }), 'invalid-command'],
])('refuses a list of commands with %s', async (_what, commands, reason) => {
  const answer = await ann.rest.send('PUT', `/bots/${ann.id}/commands`, { json: { commands } });
  expect([answer.status, answer.json.reason]).toEqual([400, reason]);
});

test('only the owner and admins of a chat manage its webhooks', async () => {
  const { channel, id } = await hooked();
  await ann.rest.ok('PATCH', `/channels/${channel}/members/${bob.id}`, { role: 'member' });
  const refused = async (sent: Promise<{ json: { reason: string } }>) => (await sent).json.reason;
  const path = `/channels/${channel}/incoming-webhooks`;
  expect(await refused(bob.rest.send('POST', path, { json: { name: 'x' } }))).toBe('not-channel-admin');
  expect(await refused(bob.rest.send('GET', path))).toBe('not-channel-admin');
  expect(await refused(bob.rest.send('DELETE', `/incoming-webhooks/${id}`))).toBe('not-channel-admin');
  await ann.rest.ok('DELETE', `/channels/${channel}/members/${bob.id}`);
  expect(await refused(bob.rest.send('DELETE', `/incoming-webhooks/${id}`))).toBe('webhook-not-found');
  expect(await refused(ann.rest.send('POST', path, { json: { name: '' } }))).toBe('invalid-name');
  expect(await refused(ann.rest.send('POST', `/incoming-webhooks/${bob.id}/rotate`))).toBe('webhook-not-found');
  for (let n = 1; n < 10; n += 1) await ann.rest.ok('POST', path, { name: `hook ${n}` });
  expect(await refused(ann.rest.send('POST', path, { json: { name: 'x' } }))).toBe('too-many-bots');
});

test('slow mode holds for webhooks, and its refusal names the time to wait in the form of the client', async () => {
  const { channel, url } = await hooked();
  await ann.rest.ok('PATCH', `/channels/${channel}`, { slow_mode_s: 3_600 });
  const first = await post(url, own());
  expect(first.status).toBe(200);
  const [parley, slack, discord] = [
    await post(url, own()),
    await post(url, { text: 'x' }),
    await post(url, { content: 'x' }),
  ];
  expect([parley.status, slack.status, discord.status]).toEqual([429, 429, 429]);
  expect(discord.json).toMatchObject({ global: false, retry_after: expect.any(Number) });
  expect(Number(slack.headers.get('retry-after'))).toBeGreaterThan(60);
});
