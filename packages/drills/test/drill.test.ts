import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { projectFolder } from '@parley/cli';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { openTestDatabase, type RecordedHistory } from '@parley/testkit';
import { drills } from '../src/catalog.js';
import { isolatedThenLate } from '../src/cut.js';
import { type Disturbance, lacksNothing, localSystemOf } from '../src/disturbance.js';
import { runDrill } from '../src/drill.js';
import { LocalSystem } from '../src/local-system.js';
import { OwnParley } from '../src/own-parley.js';
import { RemoteSystem } from '../src/system.js';
import { failedMigration } from '../src/upgrade/migrations.js';
import { replacedProcess } from '../src/upgrade/replace.js';
import type { RollingParley } from '../src/upgrade/rolling-parley.js';
import { rollOver } from '../src/upgrade/upgrade.js';
import { kindsAfter, unbounded } from './judging.js';

const shape = { channels: 2, people: 4, rate: 100, seconds: 5, report: () => {} };
let data = '';
let drilled: OwnParley;

beforeAll(async () => {
  drilled = await OwnParley.start();
  data = drilled.data;
});
afterAll(() => drilled.stop());

function parley(args: readonly string[]): Promise<{ status: number | string; output: string }> {
  const command = [join(projectFolder, 'bin', 'parley.js'), ...args];
  return new Promise((resolve) =>
    execFile(process.execPath, command, (error, out, err) => resolve({ status: error?.code ?? 0, output: out + err })),
  );
}

test('killing any part loses, repeats or reorders no acked message, and the checker notices planted faults', async () => {
  const system = await LocalSystem.open(data);
  const { wrong, histories, recoveries } = await runDrill(system, unbounded(drills.kill), shape);
  expect(wrong).toEqual([]);
  expect(recoveries.map(({ times }) => times)).toEqual([1, 1, 1]);
  for (const { acked, readers } of histories) {
    expect(acked.length).toBeGreaterThan(200);
    expect(readers.every(({ received }) => received.length >= acked.length)).toBe(true);
  }
  const rowGone = kindsAfter(histories, (one) => ({ ...one, stored: one.stored.filter((_, at) => at !== 99) }));
  expect(rowGone).toEqual(['lost', 'seq gap', 'received, not stored']);
  const again = kindsAfter(histories, (one) => {
    const copy = { seq: one.stored.length + 1, name: one.stored[0]?.name ?? '' };
    return { ...one, stored: [...one.stored, copy] };
  });
  expect(again).toEqual(['stored twice', 'silent gap']);
  const swapped = kindsAfter(histories, ({ readers, ...one }) => {
    const [reader, ...others] = readers as [RecordedHistory['readers'][number]];
    const [a, b, ...rest] = reader.received;
    return { ...one, readers: [{ ...reader, received: [b, a, ...rest].filter((x) => x !== undefined) }, ...others] };
  });
  expect(swapped).toEqual(['silent gap', 'out of order']);
});

test('replacing processes one after the other loses nothing and signs nobody out, and the drill notices ended sessions', async () => {
  const database = await openTestDatabase();
  const ended: Disturbance = {
    name: 'planted',
    backWithinMs: Number.POSITIVE_INFINITY,
    lacks: lacksNothing,
    make: async (context) => {
      const since = performance.now();
      const loggedIn =
        "DELETE FROM chat.session s USING chat.users u WHERE u.id = s.user_id AND u.password_hash <> '!'";
      await localSystemOf(context).sql(loggedIn);
      return { since };
    },
  };
  const lines: string[] = [];
  const options = { channels: 2, people: 3, rate: 12, seconds: 5, report: (line: string) => void lines.push(line) };
  const names = ['user-service', 'channel-service', 'chat-1', 'gateway'];
  const steps = (parley: RollingParley) => [
    failedMigration(projectFolder, database.ownerUrl),
    ...names.map((name) => ({
      ...replacedProcess(parley, name, projectFolder, 'replaced'),
      backWithinMs: Number.POSITIVE_INFINITY,
    })),
    ended,
  ];
  const { wrong, counts, recoveries } = await rollOver(database, projectFolder, steps, options);
  await database.close();
  expect(recoveries.map(({ times }) => times)).toEqual([1, 1, 1, 1, 1]);
  expect(lines.filter((one) => one.includes('WRONG'))).toEqual([]);
  expect(lines).toContain('skipped: migration that fails (there is no new migration)');
  expect(wrong).toEqual([expect.stringMatching(/^\d+ calls: (logged-out|invalid-token)$/)]);
  expect(counts).toMatchObject({ lost: 0, 'streams that ended at a gateway that lived': 0 });
  expect(counts.logins).toBeGreaterThan(0);
});

test('the pause drill passes: a frozen chat server is replaced and relays nothing more', async () => {
  const { status, output } = await parley(['drill', 'pause', '--data', data, '--channels', '2']);
  expect(output).toMatch(/PASSED\n$/);
  expect(status).toBe(0);
});

/** Runs a part of `parley drill partition`, which takes minutes, with a planted fault. */
test('detects a chat server that ignores its lease and continues after it was replaced', async () => {
  const planted = { ...shape, extraServerEntry: 'endless-lease' };
  const alone = { description: '', disturbances: [isolatedThenLate] };
  const { wrong } = await runDrill(await LocalSystem.open(data), alone, planted);
  expect(wrong.join('\n')).toContain('relayed channel: ');
  expect(wrong.join('\n')).toContain('acked by a replaced owner');
});

test.each([
  [['drill', 'upgrade', '--from', 'nosuch'], 'There is no revision nosuch here.'],
  [['drill', 'nosuch'], 'There is no drill nosuch. Choose one of: kill, pause'],
  [['drill', 'kill', '--data', '/nowhere'], 'No `npm start` runs with the data folder /nowhere'],
  [['drill', 'kill', '--rounds', '0'], 'Use a whole number from 1 to 10000.'],
  [['drill', 'watch', '--manager', 'localhost:1'], 'Give both --manager and --user-service'],
])('refuses %j with a short error and no stack trace', async (args, words) => {
  const { status, output } = await parley(args);
  expect(output).toContain(words);
  expect(output).not.toContain('    at ');
  expect(status).toBe(2);
});

test('lists the drills', async () => {
  const { status, output } = await parley(['drill', 'list']);
  for (const name of [...Object.keys(drills), 'upgrade']) expect(output).toMatch(new RegExp(`^${name} `, 'm'));
  expect(status).toBe(0);
});

test('a drill that fails during set-up leaves no channel', async () => {
  const { userService, managers } = await LocalSystem.open(data);
  const system = new RemoteSystem(userService, managers);
  const people = await system.makePeople(8);
  system.makePeople = async () => people.with(-1, { id: 'nobody', token: 'no.valid.token' });
  await expect(runDrill(system, drills.watch, { ...shape, channels: 2, people: 2 })).rejects.toThrow();
  const client = createClient({
    transport: grpcTransport({ userService, channelService: managers.join(',') }),
    token: people[0]?.token ?? '',
  });
  expect((await client.channels()).filter(({ name }) => name === 'drill')).toEqual([]);
  await client.close();
});
