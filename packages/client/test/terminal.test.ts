import { type TestPerson, Trio } from '@parley/testkit';
import { Commands } from './commands.js';
import { until } from './rig.js';

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

test('a killed chat server is news, and nothing more', async () => {
  const [ann, bob] = (await trio.people.makeMany('t', 2)) as [TestPerson, TestPerson];
  const made = await commands.start(ann, 'create', 'lobby', '--keep', 'nothing', '--limit', '3');
  expect([await made.end(), made.said]).toEqual([0, 'lobby is channel 1, for up to 3; kept: nothing\n']);
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
  await until(() => [a, b].every(({ said }) => said.includes('* back in lobby (channel 1)')), 25_000);
  b.type('are you there?');
  await until(() => /t-2: are you there\?\n/.test(a.said), 25_000);
  expect(a.said.match(/are you there/g)).toHaveLength(1);
  expect(a.said).toContain('* back in lobby (channel 1)');
  expect(a.said).toContain('may have been missed');
  b.type('bye');
  expect([await a.end(), await b.end()]).toEqual([0, 0]);
}, 60_000);

test('where all seats are taken, that is said, and a seat is waited for', async () => {
  const [first, second] = (await trio.people.makeMany('full', 2)) as [TestPerson, TestPerson];
  await trio.create(first, 'for one', 1);
  const inside = await commands.start(first, 'chat', 'for one');
  await until(() => inside.said.includes('here (1)'));
  const waiting = await commands.start(second, 'chat', 'for one');
  await until(() => waiting.said.includes('* full; waiting for a seat\n'));
  expect(await inside.end()).toBe(0);
  await until(() => waiting.said.includes('* you are in for one'), 25_000);
  expect(waiting.said.match(/waiting|reconnecting/g)).toEqual(['waiting']);
  expect(await waiting.end()).toBe(0);
}, 60_000);

test('wrong options of create are wrong usage', async () => {
  const ann = await trio.people.make('wrong');
  for (const args of [
    ['--keep', 'a while'],
    ['--kind', 'castle'],
    ['--limit', '26'],
  ]) {
    const command = await commands.start(ann, 'create', 'x', ...args);
    expect(await command.end()).toBe(2);
  }
});
