import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, Program, Started } from '@parley/testkit';
import { projectFolder } from '../src/launcher/options.js';
import type { RunFacts } from '../src/run-file.js';

let folder: string;

function mounts(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=220m,mode=0755', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

folder = await mkdtemp(join(tmpdir(), 'parley-disk-'));
/** A folder on another disk. */
const spare = await mkdtemp(join(tmpdir(), 'parley-spare-'));
const isSmall = mounts();
const run = isSmall ? test : test.skip;
let started: Started | undefined;

afterAll(async () => {
  started?.child.kill('SIGINT');
  await started?.ended;
  if (isSmall) execFileSync('umount', ['--lazy', folder]);
  for (const one of [folder, spare]) await rm(one, { recursive: true, force: true });
});

const filler = () => join(folder, 'filler');

/** Fills the disk, including the space that is reserved for root. */
async function fill(): Promise<void> {
  for (let chunk = 64 * 1_024 * 1_024; chunk >= 4_096; chunk /= 2) {
    const block = Buffer.alloc(chunk);
    for (;;) {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < chunk) break;
      await writeFile(filler(), block, { flag: 'a' });
    }
  }
}

async function facts(): Promise<RunFacts> {
  return JSON.parse(await readFile(join(folder, 'data', 'run.json'), 'utf8')) as RunFacts;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds().catch(() => false)); await pause(200)) {
    if (Date.now() > end) throw new Error(`never: ${what}\n${started?.said}`);
  }
}

async function readiness(name: string): Promise<string> {
  const { admin } = (await facts()).services.find((one) => one.name === name) ?? { admin: '' };
  return (await fetch(`http://${admin}/readyz`)).text();
}

const backup = () => join(spare, 'parley.backup');

/** Runs a command with the data folder. Returns the exit code and the output. */
async function parley(...args: string[]): Promise<[number | null, string]> {
  const main = join(projectFolder, 'bin', 'parley.js');
  const command = new Program(process.execPath, [main, ...args, '--data', join(folder, 'data')]);
  return [await command.end(), command.said];
}

async function start(): Promise<Started> {
  const first = await freePorts(4);
  const options = ['--user-port', '--manager-port', '--web-port', '--chat-port'];
  const ports = options.flatMap((name, index) => [name, String(first + index)]);
  return new Started(['--data', join(folder, 'data'), '--chat-servers', '1', ...ports]);
}

run(
  'on a full disk every process survives and reports that it is not ready, and recovers when there is space',
  async () => {
    started = await start();
    await started.says('Press Ctrl-C to stop');
    expect(await parley('backup', backup())).toEqual([0, expect.stringContaining(' rows of ')]);
    const { services } = await facts();
    await fill();
    for (const name of ['channel-service', 'chat-1'])
      process.kill(services.find((one) => one.name === name)?.pid ?? 0, 'SIGKILL');
    await started.says('the list of running processes cannot be written');
    await until('the full disk is reported', async () => /No space left/.test(await readiness('user-service')));
    expect(started.child.exitCode).toBeNull();

    await rm(filler());
    await started.says('the list of running processes can be written again');
    await until('everybody is ready', async () => {
      const names = (await facts()).services.map(({ name }) => name);
      const said = await Promise.all(names.map(readiness));
      return said.every((words) => words === 'ready\n');
    });
    const log = await readFile(join(folder, 'data', 'logs', 'chat-1.log'), 'utf8');
    expect(log.match(/ ready/g)?.length).toBeGreaterThanOrEqual(1);
    started.child.kill('SIGINT');
    expect(await started.ended).toBe(0);
  },
);

run('a start on a full disk says that the disk is full', async () => {
  await fill();
  started = await start();
  expect(await started.ended).toBe(2);
  expect(started.said).toMatch(/parley: The disk of the data folder .* is full\. Free some space, then start again/);
  expect(started.said).not.toMatch(/\n {4}at /);
});

run(
  'a restore on a disk that is full, or becomes full, says so, and the restore works once there is space',
  async () => {
    const restore = ['restore', backup(), '--replace'];
    const isFull = [
      1,
      expect.stringMatching(/^parley: The disk of the data folder .* is full\. Free some space, then try again\.\n$/),
    ];
    expect(await parley(...restore)).toEqual(isFull);
    await truncate(filler(), (await stat(filler())).size - 18 * 1_024 * 1_024); // PostgreSQL starts, and then finds no more.
    const [code, said] = await parley(...restore);
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/^parley: The (disk of the data folder|database) .*Free some space, then try again\.\n$/),
    ]);
    await rm(filler());
    expect(await parley(...restore)).toEqual([0, expect.stringMatching(/^Restored \d+ rows/)]);
  },
);
