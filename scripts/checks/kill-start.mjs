/**
 * Kills each part of a running `npm start` in turn with -9. Prints which processes remained, for
 * how long, and the duration of the next start.
 *
 * `node scripts/checks/kill-start.mjs [rounds]`; the exit code is 1 if a bound was exceeded.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../setup.mjs';

const bounds = { servicesMs: 2_000, supervisorMs: 5_000, nextStartMs: 10_000 };
const rounds = Number(process.argv[2] ?? 2);
const data = mkdtempSync(join(tmpdir(), 'parley-kill-'));
const first = 21_000 + Math.floor(Math.random() * 5_000);
const ports = ['--user-port', '--manager-port', '--web-port', '--chat-port'].flatMap((name, index) => [
  name,
  String(first + index),
]);
let broken = 0;

function processes() {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return rows
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((row) => row !== null && !row[3].startsWith('Z'))
    .map(([, pid, parent, , args]) => ({ pid: Number(pid), parent: Number(parent), args }));
}

/** Returns the milliseconds until none of these processes is left. */
async function ended(pids, since) {
  while (processes().some(({ pid }) => pids.includes(pid))) {
    if (Date.now() - since > 30_000) return Number.POSITIVE_INFINITY;
    await pause(50);
  }
  return Date.now() - since;
}

/** Starts `npm start` as the leader of its own process group, as a shell would. */
async function start() {
  const since = Date.now();
  const npm = spawn('npm', ['start', '--', '--data', data, ...ports], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The SIGINT also ends the shell between npm and this process, and npm then exits too.
  const exit = new Promise((resolve) => npm.once('exit', (code, signal) => resolve(code ?? signal)));
  let said = '';
  npm.stdout.on('data', (chunk) => {
    said += chunk;
  });
  while (!said.includes('Press Ctrl-C')) {
    if (npm.exitCode !== null || Date.now() - since > 60_000) throw new Error(`It did not start:\n${said}`);
    await pause(50);
  }
  const supervisor = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')).pid;
  const services = processes()
    .filter(({ parent, args }) => parent === supervisor && args.includes('services'))
    .map(({ pid }) => pid);
  return { npm, exit, supervisor, services, readyMs: Date.now() - since };
}

const victims = {
  npm: ({ npm }) => process.kill(npm.pid, 'SIGKILL'),
  supervisor: ({ supervisor }) => process.kill(supervisor, 'SIGKILL'),
  group: ({ npm }) => process.kill(-npm.pid, 'SIGKILL'),
};

function judge(label, ms, bound) {
  const bad = ms > bound;
  if (bad) broken += 1;
  process.stdout.write(`  ${label}: ${ms} ms${bad ? ` — exceeds ${bound} ms` : ''}\n`);
}

async function round(victim, runs) {
  process.stdout.write(`kill -9 of the ${victim}\n`);
  const since = Date.now();
  victims[victim](runs);
  const supervised = victim === 'npm';
  judge('services ended', await ended(runs.services, since), supervised ? bounds.supervisorMs : bounds.servicesMs);
  judge('supervisor ended', await ended([runs.supervisor], since), bounds.supervisorMs);
  const next = await start();
  judge('next start ready', next.readyMs, bounds.nextStartMs);
  return next;
}

let runs = await start();
process.stdout.write(`first start ready: ${runs.readyMs} ms\n`);
for (let n = 0; n < rounds; n++) {
  for (const victim of Object.keys(victims)) runs = await round(victim, runs);
}
const since = Date.now();
process.kill(-runs.npm.pid, 'SIGINT');
const code = await runs.exit;
process.stdout.write(`Ctrl-C: npm ended (${code}) after ${Date.now() - since} ms\n`);
judge('services ended', await ended([...runs.services, runs.supervisor], since), bounds.supervisorMs);
const left = processes().filter(({ args }) => args.includes(data));
if (![0, 'SIGINT'].includes(code) || left.length > 0) broken += 1;
for (const { pid, args } of left) process.stdout.write(`left: ${pid} ${args}\n`);
rmSync(data, { recursive: true });
process.exit(broken === 0 ? 0 : 1);
