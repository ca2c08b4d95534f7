import { spawnSync } from 'node:child_process';
import { clientOf, until } from '@parley/client/testing';
import { type Reason, refusals } from '@parley/runtime';
import { type TestPerson, Trio } from '@parley/testkit';
import { Commands } from './commands.js';

let trio: Trio;
let commands: Commands;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2 });
  commands = await Commands.open(trio.managers[0]?.grpc as string);
});
afterEach(() => commands.killAll());
afterAll(async () => {
  await trio.stop();
  await commands.close();
});

test('chat survives a killed chat server', async () => {
  const [ann, bob] = (await trio.people.makeMany('t', 2)) as [TestPerson, TestPerson];
  const made = await commands.start(ann, 'create', 'lobby', '--retention', 'nothing', '--limit', '3');
  expect([await made.end(), made.said]).toEqual([0, 'lobby is channel 1, for up to 3 people; history: off\n']);
  const a = await commands.start(ann, 'chat', 'lobby');
  await until(() => a.said.includes('here (1)'));
  const b = await commands.start(bob, 'chat', 'lobby');
  await until(() => b.said.includes('here (2)'));
  a.type('hello');
  await until(() => / #1 t-1: hello\n/.test(b.said));
  for (const server of trio.chatServers.splice(0, 1)) server.kill('SIGKILL');
  for (const server of trio.chatServers.splice(0, 1)) server.kill('SIGKILL');
  await until(() => a.said.includes('* reconnecting in ') && b.said.includes('* reconnecting in '));
  await trio.addChatServer();
  await until(() => [a, b].every(({ said }) => said.includes('* back in lobby (channel 1)')));
  b.type('are you there?');
  await until(() => /t-2: are you there\?\n/.test(a.said));
  expect(a.said.match(/are you there/g)).toHaveLength(1);
  expect(a.said).toContain('* back in lobby (channel 1)');
  expect(a.said).toContain('some messages may be missing');
  b.type('bye');
  expect([await a.end(), await b.end()]).toEqual([0, 0]);
});

function endSeatsWith(userId: string, change: string): Promise<unknown> {
  return trio.people.sql(`WITH changed AS (${change}) DELETE FROM chat.seat WHERE user_id = $1`, [userId]);
}

const endings: Readonly<Record<string, (person: TestPerson, channelId: number) => Promise<unknown>>> = {
  deleted: (ann, id) => clientOf(trio, ann).delete(id),
  replaced: async (ann, id) => (await clientOf(trio, ann).listen(id)).leave(),
  banned: ({ id }, channelId) =>
    endSeatsWith(
      id,
      `INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until)
       VALUES (${channelId}, $1, 0, 0, 'infinity')`,
    ),
  suspended: ({ id }) => endSeatsWith(id, "UPDATE chat.users SET status = 'suspended' WHERE id = $1"),
  'logged-out': ({ id }) => endSeatsWith(id, 'UPDATE chat.session SET revoked_at = now() WHERE user_id = $1'),
};

test('chat reports a full channel and waits for a free seat', async () => {
  const [first, second] = (await trio.people.makeMany('full', 2)) as [TestPerson, TestPerson];
  await trio.create(first, 'for one', 1);
  const inside = await commands.start(first, 'chat', 'for one');
  await until(() => inside.said.includes('here (1)'));
  const waiting = await commands.start(second, 'chat', 'for one');
  await until(() => waiting.said.includes('* the channel is full; waiting until someone leaves\n'));
  expect(await inside.end()).toBe(0);
  await until(() => waiting.said.includes('* you are in for one'));
  expect(waiting.said.match(/the channel is full; waiting/g)).toHaveLength(1);
  expect(await waiting.end()).toBe(0);
});

const asText = (reason: Reason) => (said: string) => said.endsWith(`\nparley: ${refusals[reason].message}\n`);
const asJson = (reason: string) => (said: string) =>
  JSON.parse(said.trim().split('\n').at(-1) ?? '').error.reason === reason;

test.each([
  ['deleted', [], 1, asText('channel-deleted')],
  ['deleted', ['--json'], 1, asJson('channel-deleted')],
  ['replaced', [], 1, asText('replaced')],
  ['replaced', ['--json'], 1, asJson('replaced')],
  ['suspended', [], 1, asText('suspended')],
  ['banned', [], 1, asText('banned')],
])('a chat that ends (%s) says why and exits with a non-zero code (%j)', async (how, options, code, told) => {
  const name = `${how}${options.length}`;
  const ann = await trio.people.make(name);
  const { id } = await trio.create(ann, name);
  const inside = await commands.start(ann, ...options, 'chat', name);
  await until(() => /here \(1\)|"welcome"/.test(inside.said));
  await endings[how]?.(ann, id);
  expect(await inside.exited).toBe(code);
  expect(told(inside.said)).toBe(true);
});

test('a chat whose session ends says how to log in with the same addresses and file', async () => {
  const ann = await trio.people.make('expired');
  const { id } = await trio.create(ann, 'expired');
  const inside = await commands.start(ann, 'chat', 'expired');
  await until(() => /here \(1\)/.test(inside.said));
  await endings['logged-out']?.(ann, id);
  expect(await inside.exited).toBe(4);
  const managers = trio.managers[0]?.grpc;
  const advice = `--login \\S+/expired\\.json --manager ${managers} login expired`;
  expect(inside.said).toMatch(new RegExp(`\nparley: .*\\. Run \`npx parley ${advice}\`\\.\n$`));
});

test('reports that the user left', async () => {
  const ann = await trio.people.make('leaver');
  await trio.create(ann, 'left');
  const inside = await commands.start(ann, 'chat', 'left');
  await until(() => inside.said.includes('here (1)'));
  expect([await inside.end(), inside.said]).toEqual([
    0,
    expect.stringMatching(/\n\* you left left \(channel \d+\)\n$/),
  ]);
});

test('rejects wrong options of create', async () => {
  const ann = await trio.people.make('wrong');
  for (const args of [
    ['--retention', 'a while'],
    ['--kind', 'castle'],
    ['--limit', '26'],
  ]) {
    const command = await commands.start(ann, 'create', 'x', ...args);
    expect(await command.end()).toBe(2);
  }
});

const hasScript = spawnSync('script', ['--version']).status === 0;

(hasScript ? test : test.skip)(
  'a terminal shows the last messages, runs commands, and announces nothing twice',
  async () => {
    const ann = await trio.people.make('tty');
    const made = await commands.start(ann, 'create', 'kept');
    expect([await made.end(), made.said]).toEqual([0, expect.stringContaining('for up to 10 people; history: 7d')]);
    const id = Number(/channel (\d+)/.exec(made.said)?.[1]);
    const before = await clientOf(trio, ann).listen(id);
    for (let n = 1; n <= 25; n++) await before.send(`before ${n}`);
    await before.leave();
    const chat = await commands.onTerminal(ann, 'chat', 'kept');
    await chat.says('here (1)');
    expect(chat.said).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d #6 tty: before 6/);
    expect(chat.said).toContain('#25 tty: before 25');
    expect(chat.said).not.toContain('#5 tty');
    for (const line of [
      '/help',
      '/nick x',
      '/react 25 👍',
      '/react 25 👍',
      '/delete 24',
      '/delete 24',
      '/pin 25',
      '/pin 25',
    ]) {
      chat.type(line);
    }
    chat.type('done');
    await chat.says('tty: done');
    expect(chat.said).toMatch(/^ {2}\/unreact SEQ emoji +removes your reaction\r?$/m);
    expect(chat.said).toContain('! not sent: unknown command /nick; /help lists the commands');
    for (const words of [/\* tty reacted to #25/g, /\* tty deleted #24/g, /\* tty pinned #25/g]) {
      expect(chat.said.match(words)).toHaveLength(1);
    }
    chat.type('/quit');
    expect(await chat.exited).toBe(0);
  },
);

(hasScript ? test : test.skip)('runs commands from the keyboard while the output goes to a file', async () => {
  const ann = await trio.people.make('tee');
  await trio.create(ann, 'teed');
  const chat = await commands.fromKeyboard(ann, 'chat', 'teed');
  await chat.says('here (1)');
  for (const line of ['/help', '/nick x', '/commands', '//slash']) chat.type(line);
  await chat.says('#1 tee: /slash');
  await chat.says('! cannot list commands: A room has no members. Choose a chat.');
  expect(chat.said).toContain('  /reply SEQ text ');
  expect(chat.said).toContain('! not sent: unknown command /nick');
  chat.type('/quit');
  expect(await chat.exited).toBe(0);
});

test('a registration with a taken user id suggests a login as that user', async () => {
  const { grpc } = await trio.startUserService();
  const ann = await trio.people.make('taken');
  const command = await commands.start(
    ann,
    '--login',
    'no-such-login.json',
    '--user-service',
    grpc,
    'register',
    ann.id,
  );
  command.type('correct horse');
  expect([await command.end(), command.said]).toEqual([1, expect.stringContaining(` login ${ann.id}\``)]);
});

test('a piped line that begins with / is a message, with one warning', async () => {
  const ann = await trio.people.make('piper');
  await trio.create(ann, 'piped');
  const chat = await commands.start(ann, 'chat', 'piped');
  await chat.says('here (1)');
  chat.type('/help');
  chat.type('   ');
  chat.type('/nick x');
  await chat.says('#2 piper: /nick x');
  expect(await chat.end()).toBe(0);
  expect(chat.said.match(/warning: a line that begins with \/ was sent as a message/g)).toHaveLength(1);
});

test('history and chat show the names of users who have left, as the live chat did', async () => {
  const { grpc } = await trio.startUserService();
  const [ann, bob, gone] = (await trio.people.makeMany('named', 3)) as [TestPerson, TestPerson, TestPerson];
  await trio.people.sql("UPDATE chat.users SET name = 'Bob Lee' WHERE id = $1", [bob.id]);
  await trio.people.sql("UPDATE chat.users SET name = 'Gone' WHERE id = $1", [gone.id]);
  const { id } = await trio.create(ann, 'named');
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  const run = async (...args: string[]) => {
    const command = await commands.start(ann, '--user-service', grpc, ...args, String(id));
    return command;
  };
  const live = await run('chat');
  await live.says('here (1)');
  for (const person of [bob, gone]) {
    const conversation = await clientOf(trio, person).listen(id);
    await conversation.send('hello');
    await conversation.leave();
  }
  await live.says(`#2 Gone (${gone.id}): hello`);
  expect(live.said).toContain(`#1 Bob Lee (${bob.id}): hello`);
  await live.end();
  await trio.people.sql("UPDATE chat.users SET status = 'deleted' WHERE id = $1", [gone.id]);
  const history = await run('history');
  expect([await history.end(), history.said]).toEqual([0, expect.stringContaining(`#1 Bob Lee (${bob.id}): hello`)]);
  expect(history.said).toContain(`#2 ${gone.id}: hello`);
  const json = await run('--json', 'history');
  await json.end();
  const { entries } = JSON.parse(json.said) as { entries: object[] };
  expect(entries).toEqual([
    expect.objectContaining({ sender: bob.id, sender_name: 'Bob Lee' }),
    expect.objectContaining({ sender: gone.id, sender_name: gone.id }),
  ]);
  if (!hasScript) return;
  const chat = await commands.onTerminal(ann, '--user-service', grpc, 'chat', String(id));
  await chat.says(`#2 ${gone.id}: hello`);
  expect(chat.said).toContain(`#1 Bob Lee (${bob.id}): hello`);
  chat.type('/quit');
  expect(await chat.exited).toBe(0);
});

test("history shows dates, and picks the user's own channel if several have the name", async () => {
  const [ann, bob] = (await trio.people.makeMany('twin', 2)) as [TestPerson, TestPerson];
  await trio.create(bob, 'twin');
  const own = await commands.start(ann, 'create', 'twin');
  await own.end();
  const id = Number(/channel (\d+)/.exec(own.said)?.[1]);
  const said = await commands.start(ann, 'chat', 'twin');
  await said.says('here (1)');
  said.type('mine');
  await said.says('twin-1: mine');
  expect(await said.end()).toBe(0);
  expect(said.said).toContain(
    `several channels are called twin; this is channel ${id}, which you own or belong to; the others are `,
  );
  const history = await commands.start(ann, 'history', String(id));
  expect([await history.end(), history.said]).toEqual([
    0,
    expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d #1 twin-1: mine\n$/),
  ]);
  const gone = await commands.start(ann, 'delete', 'twin');
  expect([await gone.end(), gone.said]).toEqual([2, expect.stringContaining('Give the id.')]);
});
