/** The shipped units of systemd agree with the services and their settings. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readSettings } from '@parley/runtime';
import { projectFolder } from '../src/launcher/options.js';

const run = promisify(execFile);
const folder = join(projectFolder, 'deploy', 'systemd');
const textOf = (name: string) => readFileSync(join(folder, name), 'utf8').replaceAll('%i', '50053');
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));
const common = textOf('parley-.service.d/common.conf');

/** Returns all values of a key, of a unit and of the file that applies to all units. */
function valuesOf(unit: string, key: string): string[] {
  return [...`${common}\n${textOf(unit)}`.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

function assignments(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string]));
}

/** Returns whether the program of a unit ends by itself. */
const isOnce = (unit: string) => valuesOf(unit, 'Type')[0] === 'oneshot';
const shared = assignments(textOf('parley.env').match(/^[A-Z_]+=.*$/gm) ?? []);

test.each(units)('%s starts a program of Parley with valid settings', (unit) => {
  const own = assignments(valuesOf(unit, 'Environment').flatMap((line) => line.split(' ')));
  expect(() => readSettings({ ...shared, ...own })).not.toThrow();
  const [program = ''] = valuesOf(unit, 'ExecStart').map((line) => line.split(' ')[1]);
  expect([program, existsSync(program.replace(/^\/opt\/parley/, projectFolder))]).toEqual([program, true]);
  expect(Number(valuesOf(unit, 'TimeoutStopSec')[0])).toBeGreaterThan(Number(own.PARLEY_STOP_SECONDS));
});

test.each(units)('%s starts again, however often it fails', (unit) => {
  const [settings = ''] = common.split('[Service]');
  expect(settings).toContain('\nStartLimitIntervalSec=0\n');
  expect(valuesOf(unit, 'StartLimitIntervalSec')).toEqual(['0']);
  expect(valuesOf(unit, 'Restart')).toEqual([isOnce(unit) ? 'on-failure' : 'always']);
  expect(Number(valuesOf(unit, 'RestartSec')[0])).toBeGreaterThanOrEqual(1);
});

test('each service reads only its own database URL', () => {
  for (const unit of units.filter((name) => !isOnce(name))) {
    const service = /parley-([a-z-]+)/.exec(unit)?.[1];
    expect([unit, valuesOf(unit, 'LoadCredential')]).toEqual([
      unit,
      [`database-url:/etc/parley/${service}/database-url`],
    ]);
    expect(valuesOf(unit, 'ExecStart')).toEqual([`/usr/bin/node /opt/parley/dist/services/${service}.js`]);
  }
});

test('chat servers on several machines have different names, so that operators can drain them by name', () => {
  expect(valuesOf('parley-chat-service@.service', 'Environment').join(' ')).toContain(' PARLEY_NAME=%H-50053');
});

test('the backup runs every day, and its command takes the options of the unit', async () => {
  expect(textOf('parley-backup.timer')).toMatch(/^OnCalendar=\*-\*-\* 03:00:00$/m);
  const [database] = valuesOf('parley-backup.service', 'LoadCredential');
  expect(database).toBe('database-url:/etc/parley/backup/database-url');
  const [start = ''] = valuesOf('parley-backup.service', 'ExecStart');
  const [, ...args] = start.replace('/opt/parley', projectFolder).replace('%S', '/nowhere').split(' ');
  const outcome = run(process.execPath, args, { env: { PARLEY_DATABASE_URL_FILE: '/dev/null' } });
  await expect(outcome).rejects.toMatchObject({
    stderr: expect.stringContaining('/nowhere/parley-backup is not a folder'),
  });
});

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
(hasAnalyze ? test : test.skip)('systemd accepts the units, and finds each service well confined', async () => {
  const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:/usr/lib/systemd/system` };
  const { stderr } = await run('systemd-analyze', ['verify', 'parley.target', 'parley-backup.timer', ...units], {
    cwd: folder,
    env,
  });
  expect(stderr.split('\n').filter((line) => line.includes('parley') && !line.includes('is not executable'))).toEqual(
    [],
  );
  for (const unit of units.filter((name) => !name.includes('@'))) {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', `./${unit}`], { cwd: folder, env });
    expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
  }
});
