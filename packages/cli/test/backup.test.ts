import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Conversation, ParleyClient } from '@parley/client';
import { clientOf, Listener } from '@parley/client/testing';
import { createDatabaseFor, dropDatabaseFor, type Pool, type ServiceRole } from '@parley/database';
import { FaultProxy, openTestPool, Program, ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';
import { shownUrl } from '../src/owner-database.js';
import { Commands } from './commands.js';

/** Number of backups. */
const rounds = Number(process.env.TEST_BACKUPS ?? 1);
let trio: Trio;
let commands: Commands;
let people: TestPerson[] = [];
let clients: ParleyClient[] = [];
let conversations: Conversation[] = [];
const fresh: string[] = [];
/** URL of the database with the last backup. */
let restored = '';
const restarted: ServiceProcess[] = [];

const folder = await mkdtemp(join(tmpdir(), 'parley-backup-'));
const disk = join(folder, 'disk');
await mkdir(disk);
/** Whether this user may mount a small disk. */
const isSmall = (await new Program('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).end()) === 0;
const withDisk = isSmall ? test : test.skip;

beforeAll(async () => {
  trio = await Trio.start({ restartable: true });
  commands = await Commands.open(trio.managers[0]?.grpc ?? '');
  people = await trio.people.makeMany('p', 2);
  clients = people.map((person) => clientOf(trio, person));
  conversations = await Promise.all(
    clients.map(async (client, n) => {
      const { id } = await client.create({ name: `room ${n}`, limit: 5, retention: { everything: true } });
      return client.listen(id);
    }),
  );
});
afterAll(async () => {
  commands.killAll();
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(restarted.map((one) => one.stop()));
  for (const name of fresh) await dropDatabaseFor(trio.database.ownerUrl, name);
  await trio.stop();
  await commands.close();
  if (isSmall) await new Program('umount', ['--lazy', disk]).end();
  await rm(folder, { recursive: true });
});

/** Sends numbered messages, one after the other, into both rooms in turn. */
class Talk {
  /** Number of messages that were sent, and of those that were acknowledged. */
  said = 0;
  acked = 0;
  #going = true;
  readonly #done = this.#talk();

  async #talk(): Promise<void> {
    while (this.#going) {
      const conversation = conversations[this.said % conversations.length] as Conversation;
      await conversation.send(String(this.said++));
      this.acked++;
      if (rounds === 1) await pause(10); // The suite has other tests to run.
    }
  }

  stop(): Promise<void> {
    this.#going = false;
    return this.#done;
  }
}

async function run(...args: string[]): Promise<[number | null, string]> {
  const command = await commands.start(people[0] as TestPerson, ...args);
  return [await command.end(), command.said];
}

/** Puts a URL into a file, as operators do. */
async function fileOf(url: string): Promise<string> {
  const file = join(folder, 'url');
  await writeFile(file, `${url}\n`);
  return file;
}

async function freshDatabase(): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  fresh.push(name);
  return createDatabaseFor(trio.database.ownerUrl, name);
}

/** Returns the numbers of the messages in a database, in order. */
async function numbersIn(url: string): Promise<number[]> {
  const pool = openTestPool(url);
  const sql = "SELECT convert_from(data, 'UTF8')::int AS n FROM chat.message WHERE kind = 0 ORDER BY 1";
  const { rows } = await pool.query<{ n: number }>(sql);
  await pool.end();
  return rows.map(({ n }) => n);
}

const file = () => join(folder, 'parley.backup');
const secret = () => join(folder, 'passphrase');

test(
  'a backup under load has every message that was acknowledged before, and none after a later one',
  async () => {
    await writeFile(secret(), 'correct horse\n');
    const talk = new Talk();
    await until(() => talk.acked >= 20);
    for (let round = 0; round < rounds; round++) {
      const ackedBefore = talk.acked;
      const backup = ['backup', file(), '--database', trio.database.ownerUrl, '--passphrase-file', secret()];
      expect(await run(...backup)).toEqual([0, expect.stringMatching(/ has \d+ rows of 20\S+Z, in \d+ bytes\.\n$/)]);
      const saidBefore = talk.said;
      const later = talk.acked + 10;
      await until(() => talk.acked > later);
      restored = await freshDatabase();
      const restore = ['restore', file(), '--database-file', await fileOf(restored), '--passphrase-file', secret()];
      expect(await run(...restore)).toEqual([
        0,
        expect.stringContaining(` into ${shownUrl(restored)}. 2 channels have a new log.`),
      ]);
      const numbers = await numbersIn(restored);
      expect(numbers).toEqual(Array.from(numbers, (_number, index) => index));
      expect(numbers.length).toBeGreaterThanOrEqual(ackedBefore);
      expect(numbers.length).toBeLessThanOrEqual(saidBefore);
    }
    await talk.stop();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).sort()).toEqual(['disk', 'parley.backup', 'passphrase', 'url']);
  },
  300_000 * rounds,
);

test('migrate lists what it would run, and then runs it', async () => {
  const url = await fileOf(await freshDatabase());
  const migrations = '(\\n\\d{4}_\\w+){70,}\\n$';
  const outcomes = [];
  for (const option of ['--plan', '', '--plan'])
    outcomes.push(await run('migrate', '--database-file', url, ...option.split(' ').filter(Boolean)));
  expect(outcomes).toEqual([
    [0, expect.stringMatching(new RegExp(`^\\d+ migrations would run:${migrations}`))],
    [0, expect.stringMatching(new RegExp(`^\\d+ migrations have run:${migrations}`))],
    [0, 'The database has all migrations.\n'],
  ]);
});

test('refuses to restore into a running system, and with a wrong passphrase', async () => {
  const url = await fileOf(trio.database.ownerUrl);
  const target = ['--database-file', url, '--replace', '--passphrase-file'];
  const [code, said] = await run('restore', file(), ...target, secret());
  expect([code, said]).toEqual([
    1,
    expect.stringMatching(/^parley: Programs use the database \(.*channel-service.*\)/),
  ]);
  const wrong = join(folder, 'wrong');
  await writeFile(wrong, 'wrong horse');
  expect(await run('restore', file(), ...target, wrong)).toEqual([1, expect.stringContaining('passphrase is wrong')]);
  const missing = 'A passphrase is required: type it, or pass it as one line of stdin, or give --passphrase-file FILE.';
  expect(await run('restore', file(), '--check')).toEqual([2, expect.stringContaining(missing)]);
  expect(await run('restore', file(), '--check', '--passphrase-file', secret())).toEqual([
    0,
    expect.stringMatching(/ is whole: \d+ rows of /),
  ]);
});

test('--keep removes all but the newest whole backups that it wrote itself', async () => {
  const kept = join(folder, 'kept');
  await mkdir(kept);
  const backup = ['backup', kept, '--keep', '2', '--database-file', await fileOf(trio.database.ownerUrl)];
  const [old, damaged, foreign] = ['1T03-00-00.000Z.backup', '2T03-00-00.000Z.backup', '3.backup'].map((end) => {
    return join(kept, `parley-2020-01-0${end}`);
  }) as [string, string, string];
  await run('backup', old, ...backup.slice(4));
  for (const name of [damaged, foreign]) await writeFile(name, (await readFile(old)).subarray(0, 300));
  const damagedName = basename(damaged);
  expect(await run(...backup)).toEqual([
    0,
    expect.stringMatching(new RegExp(`bytes\\. These cannot be read, .*: ${damagedName}\\.\n$`)),
  ]);
  expect(await run(...backup)).toEqual([0, expect.stringMatching(/bytes\. 2 older backups were removed\.\n$/)]);
  const names = await readdir(kept);
  expect(names).toHaveLength(3);
  expect(names).toContain(basename(foreign));
  expect(names.filter((name) => name.startsWith('parley-2020-'))).toEqual([basename(foreign)]);
  const missing = await run('backup', join(folder, 'missing'), '--keep', '2');
  expect(missing).toEqual([2, expect.stringContaining('is not a folder. With --keep, name an existing folder')]);
});

test('--keep keeps the new backup even if another one is dated in the future, and removes old drafts', async () => {
  const kept = join(folder, 'ahead');
  await mkdir(kept);
  const url = await fileOf(trio.database.ownerUrl);
  const future = join(kept, 'parley-2999-01-01T03-00-00.000Z.backup');
  await run('backup', future, '--database-file', url);
  const draft = (day: number) => `parley-2020-01-0${day}T03-00-00.000Z.backup.partial-${randomUUID()}`;
  const [stale, fresh, foreign] = [draft(1), draft(2), `other.backup.partial-${randomUUID()}`] as const;
  for (const name of [stale, fresh, foreign]) await writeFile(join(kept, name), 'a draft');
  for (const name of [stale, foreign]) await utimes(join(kept, name), 0, 0);
  expect(await run('backup', kept, '--keep', '1', '--database-file', url)).toEqual([
    0,
    expect.stringMatching(/bytes\. 1 older backup was removed\.\n$/),
  ]);
  const names = await readdir(kept);
  expect(names).toHaveLength(3);
  expect(names).toEqual(expect.arrayContaining([fresh, foreign, expect.stringMatching(/^parley-2\d{3}-.*Z\.backup$/)]));
  expect(names).not.toContain(basename(future));
});

test('--keep counts backups of a schema that is newer than the command', async () => {
  const kept = join(folder, 'newer');
  await mkdir(kept);
  const backup = ['backup', kept, '--keep', '1', '--database-file', await fileOf(restored)];
  const owner = openTestPool(restored, 1);
  await owner.query("INSERT INTO chat.applied_migration VALUES ('9999_tomorrow', now())");
  const outcomes = [await run(...backup), await run(...backup)];
  await owner.query("DELETE FROM chat.applied_migration WHERE name = '9999_tomorrow'");
  await owner.end();
  expect(outcomes).toEqual([
    [0, expect.stringMatching(/bytes\.\n$/)],
    [0, expect.stringMatching(/bytes\. 1 older backup was removed\.\n$/)],
  ]);
  const [name = ''] = await readdir(kept);
  expect(await run('restore', join(kept, name), '--check')).toEqual([1, expect.stringContaining('9999_tomorrow')]);
});

test('the error names the right that the user of the database lacks', async () => {
  const { pathname } = new URL(await freshDatabase());
  const target = Object.assign(new URL(trio.database.urlFor('chat_user')), { pathname });
  const outcomes = [
    await run('backup', join(folder, 'lacking'), '--database', trio.database.urlFor('chat_user')),
    await run('restore', file(), '--database-file', await fileOf(target.href), '--passphrase-file', secret()),
  ];
  const words = /^parley: The user of the database lacks a right \(permission denied for .*\)\. Connect as the owner/;
  expect(outcomes).toEqual(Array(2).fill([1, expect.stringMatching(words)]));
});

/** Waits until a command waits for the lock of migrations. */
async function untilItWaits(owner: Pool): Promise<void> {
  const waiting = "SELECT FROM pg_stat_activity WHERE application_name = 'parley backup' AND wait_event_type = 'Lock'";
  await until(async () => (await owner.query(waiting)).rowCount === 1);
}

/** Presses Ctrl-C while a database holds a command back and then no longer responds. Returns the exit code and the output. */
async function interrupted(url: string, ...args: string[]): Promise<[number | null, string]> {
  const owner = openTestPool(url, 1);
  await owner.query('SELECT pg_advisory_lock(3853314791062309107)'); // That of migrations.
  const proxy = await FaultProxy.open(() => new URL(url).host);
  const proxied = Object.assign(new URL(url), { host: proxy.address });
  const command = await commands.start(people[0] as TestPerson, ...args, '--database-file', await fileOf(proxied.href));
  await untilItWaits(owner);
  proxy.set({ hole: true });
  command.child.kill('SIGINT');
  const outcome: [number | null, string] = [await command.end(), command.said];
  await proxy.close();
  await owner.end();
  return outcome;
}

test('Ctrl-C ends a backup and a restore even if the database does not respond, and leaves nothing behind', async () => {
  const url = await freshDatabase();
  const said = [1, 'parley: Interrupted. Nothing was changed.\n'];
  const before = await readdir(folder);
  expect(await interrupted(trio.database.ownerUrl, 'backup', join(folder, 'never'))).toEqual(said);
  expect(await interrupted(url, 'restore', file(), '--passphrase-file', secret())).toEqual(said);
  expect(await readdir(folder)).toEqual(before);
  const again = ['restore', file(), '--database-file', await fileOf(url), '--passphrase-file', secret()];
  await until(async () => (await run(...again))[0] === 0);
});

withDisk('a full disk leaves the earlier backup as it was', async () => {
  const older = join(disk, 'parley.backup');
  await writeFile(older, 'an earlier backup');
  await writeFile(join(disk, 'filler'), Buffer.alloc(56 * 1_024));
  const outcome = await run('backup', older, '--database', trio.database.ownerUrl);
  expect(outcome).toEqual([1, expect.stringMatching(/^parley: No space is left for .* is unchanged\.\n$/)]);
  expect(await readFile(older, 'utf8')).toBe('an earlier backup');
  expect(await readdir(disk)).toEqual(['filler', 'parley.backup']);
});

test('a client that was connected resets after the restore, and carries on', async () => {
  const listeners = conversations.map((one) => new Listener(one));
  await Promise.all([...trio.chatServers, ...trio.managers].map((one) => one.stop()));
  const urlFor = (role: ServiceRole) => {
    const url = new URL(trio.database.urlFor(role));
    url.pathname = new URL(restored).pathname;
    return { PARLEY_DATABASE_URL: url.href };
  };
  const managers = trio.managers[0]?.grpc ?? '';
  const PARLEY_PORT = managers.split(':')[1] ?? '';
  restarted.push(await ServiceProcess.start('channel-service', { ...urlFor('chat_manager'), PARLEY_PORT }));
  restarted.push(await ServiceProcess.start('chat-service', { ...urlFor('chat_server'), PARLEY_MANAGERS: managers }));

  const acks = await Promise.all(conversations.map((one) => one.send('after the restore')));
  await until(() => listeners.every((one) => one.texts.includes('after the restore')));
  for (const [n, one] of listeners.entries()) {
    expect(one.of('reset')).toHaveLength(1);
    expect(one.of('reset')[0]?.place.seq).toBe((acks[n]?.seq ?? 0) - 1);
  }
});
