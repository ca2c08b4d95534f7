import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningService, runProcess } from '@parley/runtime';

/**
 * Runs Envoy as one more service of `npm start`. Environment variables configure it, and it stops
 * with its supervisor.
 */
const { ENVOY_BINARY = 'envoy', ENVOY_CONFIG = '', ENVOY_ADMIN = '', ENVOY_URL = '' } = process.env;
const readyWithinMs = 20_000;

function isReady(): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ socketPath: ENVOY_ADMIN, path: '/ready' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.on('error', () => resolve(false)).end();
  });
}

async function untilReady(child: ChildProcess): Promise<void> {
  for (const end = Date.now() + readyWithinMs; Date.now() < end; await pause(50)) {
    if (child.exitCode !== null) throw new Error(`Envoy exited with code ${child.exitCode}. See its log.`);
    if (await isReady()) return;
  }
  child.kill('SIGKILL');
  throw new Error('Envoy was not ready within 20 s. See its log.');
}

async function start(): Promise<RunningService> {
  await rm(ENVOY_ADMIN, { force: true });
  const args = ['-c', ENVOY_CONFIG, '--disable-hot-restart', '--concurrency', '2', '-l', 'warning'];
  const child = spawn(ENVOY_BINARY, args, { stdio: 'inherit' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  await Promise.race([untilReady(child), failed]);
  const onEnd = () => process.exit(1); // The supervisor restarts it.
  child.once('exit', onEnd);
  return {
    listens: { http: ENVOY_URL },
    async stop() {
      child.off('exit', onEnd);
      child.kill('SIGTERM');
      await ended;
    },
  };
}

await runProcess('envoy', start);
