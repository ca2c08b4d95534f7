import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ChannelService, HistoryRequest, Resume } from '@parley/contract';
import { copyDatabaseFor, dropDatabaseFor } from '@parley/database';
import { type Chatter, callPatiently, insist, type TestPerson, Trio, utf8, whileClosed } from '@parley/testkit';
import { Commands } from './commands.js';

let trio: Trio;
let commands: Commands;
let alice: TestPerson;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  commands = await Commands.open(trio.managers.map(({ grpc }) => grpc).join(','));
  alice = await trio.people.make('alice');
});
afterAll(async () => {
  commands.killAll();
  await trio.stop();
  await commands.close();
});

/** Copies a database, and replaces one with the other name. Nobody is connected to either meanwhile. */
async function copy(from: string, to: string): Promise<void> {
  const { ownerUrl } = trio.database;
  const urlOf = (name: string) => Object.assign(new URL(ownerUrl), { pathname: `/${name}` }).href;
  const server = urlOf('postgres');
  await whileClosed(urlOf(from), async () => {
    await dropDatabaseFor(server, to);
    await insist(() => copyDatabaseFor(server, from, to));
  });
}

function join(id: number, resume?: string): Promise<Chatter> {
  return trio.join(alice, id, resume === undefined ? {} : { resume });
}

async function say(id: number, ...texts: string[]): Promise<string> {
  const stream = await join(id);
  for (const text of texts) {
    const clientId = randomUUID();
    stream.send(text, { clientId });
    await stream.find(({ ack }) => ack?.clientId === clientId);
  }
  const { log = '' } = stream.messages.find(({ welcome }) => welcome !== undefined)?.welcome ?? {};
  await stream.leave();
  return log;
}

/** Restores the database and drops every earlier connection. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + 60_000;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (performance.now() > end) throw thrown;
      await pause(300);
    }
  }
}

test('after a restore, no resume is reported as whole, the backup is readable, and no seq is reused', async () => {
  const { id } = await trio.create(alice, 'kept');
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  await say(id, 'one', 'two', 'three');
  const name = new URL(trio.database.ownerUrl).pathname.slice(1);
  const backup = `${name}_backup`;
  await copy(name, backup);
  const log = await eventually(() => say(id, 'four', 'five'));
  const { id: later } = await trio.create(alice, 'after the backup');
  const { number } = await trio.people.make('after-the-backup');
  await trio.chatServers[0]?.stop();

  await copy(backup, name);
  await dropDatabaseFor(trio.database.ownerUrl.replace(name, 'postgres'), backup);
  const command = await commands.start(alice, 'admin', 'restored', '--database', trio.database.ownerUrl);
  expect([await command.end(), command.said]).toEqual([0, expect.stringContaining('1 channel has a new log. ')]);
  await trio.addChatServer();

  await eventually(() => say(id, 'a new four', 'a new five', 'a new six'));
  const stream = await eventually(() => join(id, `${log}:5`));
  expect(stream.messages.find(({ welcome }) => welcome !== undefined)?.welcome?.resume).toBe(Resume.RESET);
  await stream.leave();
  const manager = trio.manager();
  const request = HistoryRequest.fromPartial({ channelId: id, oldestFirst: true });
  const { messages } = await callPatiently(manager, ChannelService.history, request, {
    token: alice.token,
    withinMs: 30_000,
  });
  expect(messages.map(({ data }) => utf8(data))).toEqual([
    'one',
    'two',
    'three',
    'a new four',
    'a new five',
    'a new six',
  ]);
  expect((await trio.create(alice, 'after the restore')).id).toBeGreaterThan(later);
  expect((await trio.people.make('after-the-restore')).number).toBeGreaterThan(number);
});

test('a promotion that comes after the first connection of Parley has no effect, and the command says so', async () => {
  const command = await commands.start(alice, 'admin', 'promoted', '--database', trio.database.ownerUrl);
  expect([await command.end(), command.said]).toEqual([0, expect.stringMatching(/^No effect: .* Check that the URL/)]);
});
