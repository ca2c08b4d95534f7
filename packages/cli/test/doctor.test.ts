import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Program } from '@parley/testkit';
import type { Finding } from '../src/doctor/check.js';
import { runCheck } from '../src/doctor/doctor.js';
import { projectFolder } from '../src/launcher/options.js';

test('prints JSON and exits with code 1 on a fault, also of a setting, and prints no password', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
  const args = ['--json', '--login', join(folder, 'nobody.json'), 'doctor', '--data', folder, '--idle', '1'];
  const url = `postgres://parley:opensesame@127.0.0.1:${await freePorts(1)}/parley`;
  const env = { ...process.env, PARLEY_PROT: '1', PARLEY_DATABASE_URL: url };
  const gateway = ['--gateway', `http://127.0.0.1:${await freePorts(1)}`];
  const command = new Program(process.execPath, [join(projectFolder, 'bin', 'parley.js'), ...args, ...gateway], {
    env,
  });
  expect(await command.end()).toBe(1);
  expect(command.said).not.toContain('opensesame');
  const { healthy, findings } = JSON.parse(command.said) as { healthy: boolean; findings: Finding[] };
  expect(healthy).toBe(false);
  const faults = findings.filter(({ level }) => level === 'fault');
  expect(faults).toMatchObject([
    { check: 'ports', words: 'Nothing listens on that port.' },
    { check: 'database', words: 'No PostgreSQL listens there.', change: expect.stringMatching('Start PostgreSQL') },
    { check: 'settings', about: 'environment', words: 'PARLEY_PROT is not a setting.' },
    { check: 'processes', about: folder },
  ]);
  await rm(folder, { recursive: true });
});

test('a check that fails or hangs is a fault, and hides no other', async () => {
  const broken = { name: 'broken', run: () => Promise.reject(new Error('planted')) };
  expect(await runCheck(broken, 60_000)).toMatchObject([
    { level: 'fault', about: 'broken', words: 'The check failed: planted.' },
  ]);
  const hanging = { name: 'hanging', run: () => new Promise<Finding[]>(() => {}) };
  expect(await runCheck(hanging, 10)).toMatchObject([
    { level: 'fault', words: expect.stringMatching('no response within') },
  ]);
});
