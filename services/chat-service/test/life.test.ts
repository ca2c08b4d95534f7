import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { lastingPort, ServiceProcess, Trio, until } from '@parley/testkit';

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());

const countIn = (output: string, words: string) => output.split(words).length - 1;
const stack = /"stack"|\n\s+at /;

/**
 * Returns the output without the warning that a busy machine causes, and without the error in that
 * warning.
 */
const outputOf = ({ output }: ServiceProcess) => output.replace(/^.*clock check failed.*\n/gm, '');

test('a chat server shuts down cleanly if its row says that it has stopped', async () => {
  const server = await trio.addChatServer();
  const person = await trio.people.make('ann');
  const { id } = await trio.create(person, 'room');
  await trio.place(id, server);
  const stream = await trio.join(person, id);
  await trio.people.sql("UPDATE chat.server SET state = 'stopped', lease_until = now() WHERE addr = $1", [server.grpc]);
  expect(await stream.ended).toMatchObject({ code: status.UNAVAILABLE, reason: 'draining' });
  expect(stream.messages.at(-1)?.goodbye).toMatchObject({ reason: 'draining', listenAgain: true });
  expect(await server.exited).toBe(0);
  trio.chatServers.splice(trio.chatServers.indexOf(server), 1);
});

test('a chat server is ready only while a manager accepts its reports', async () => {
  const port = await lastingPort();
  const answer = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
  const alone = await ServiceProcess.start('chat-service', {
    PARLEY_DATABASE_URL: trio.database.urlFor('chat_server'),
    PARLEY_MANAGERS: '127.0.0.1:1',
    PARLEY_ADMIN_PORT: port,
  });
  await until(async () => (await answer()).startsWith('No manager accepts the reports of this chat server: '));
  await pause(3_000);
  expect(await answer()).not.toContain('ready');
  const failures = alone.output.split('\n').filter((line) => /"task":"report".*task failed; retrying/.test(line));
  expect(failures).toHaveLength(1);
  expect(outputOf(alone)).not.toMatch(stack);
  await alone.stop();
  const known = await trio.addChatServer({ PARLEY_ADMIN_PORT: port });
  await until(async () => (await answer()) === 'ready\n');
  await known.stop();
  trio.chatServers.splice(trio.chatServers.indexOf(known), 1);
});

test('a chat server waits for a database that starts later, and logs that once', async () => {
  const url = new URL(trio.database.urlFor('chat_server'));
  const there = { host: url.hostname, port: Number(url.port) };
  let refused = 0;
  const door = createServer((socket) => {
    refused += 1;
    if (refused < 4) return void socket.destroy();
    const database = connect(there);
    for (const one of [socket, database]) one.on('error', () => {});
    socket.pipe(database).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  url.host = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  const started = await trio.addChatServer({ PARLEY_DATABASE_URL: url.href });
  await until(() => countIn(started.output, 'waiting for the database') > 0);
  expect(countIn(started.output, 'waiting for the database')).toBe(1);
  expect(outputOf(started)).not.toMatch(stack);
  await started.stop();
  trio.chatServers.splice(trio.chatServers.indexOf(started), 1);
  door.close();
});
