import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./child.js', import.meta.url));

class Child {
  readonly process: ChildProcess;
  readonly messages: Record<string, unknown>[] = [];
  /** Exit code, once all output was read. */
  readonly exited: Promise<number | null>;
  /** Exit code, for a child without an IPC channel: Node emits no close event for one. */
  readonly gone: Promise<number | null>;
  output = '';

  constructor(behaviour: string, env: Record<string, string> = {}) {
    this.process = fork(child, [behaviour], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: { PATH: process.env.PATH, ...env },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.process.on('message', (message) => this.messages.push(message as Record<string, unknown>));
    this.gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.exited = new Promise((resolve) => this.process.once('close', resolve));
  }

  async until(holds: () => boolean): Promise<void> {
    const giveUpAt = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > giveUpAt) throw new Error(`not in time: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async started(): Promise<this> {
    await this.until(() => this.messages.length > 0);
    return this;
  }
}

async function secondsUntil(exited: Promise<number | null>): Promise<[number | null, number]> {
  const from = performance.now();
  return [await exited, (performance.now() - from) / 1_000];
}

/** Settings of a process that takes its time for a shutdown. */
const patientSeconds = 60;
const patient = { PARLEY_STOP_SECONDS: String(patientSeconds) };

test('ignores SIGHUP', async () => {
  const running = await new Child('good').started();
  running.process.kill('SIGHUP');
  await running.until(() => running.output.includes('SIGHUP'));
  running.process.kill('SIGTERM');
  expect(await running.exited).toBe(0);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s makes the process stop in order and exit with 0, with its last lines written',
  async (signal) => {
    const running = await new Child('good').started();
    expect(running.messages).toEqual([{ listens: { grpc: '127.0.0.1:1' } }]);
    running.process.kill(signal);
    expect(await running.exited).toBe(0);
    expect(running.output).toMatch(/ready.*stopping/s);
    expect(running.output).toContain('stopped\n');
  },
);

test('exits with 1 if the shutdown fails', async () => {
  const running = await new Child('failsToStop').started();
  running.process.kill('SIGTERM');
  expect(await running.exited).toBe(1);
});

test('exits on a second signal if the shutdown hangs', async () => {
  const running = await new Child('hangs', patient).started();
  running.process.kill('SIGTERM');
  await running.until(() => running.output.includes('stopping'));
  running.process.kill('SIGTERM');
  const [code, seconds] = await secondsUntil(running.exited);
  expect(code).toBe(1);
  expect(seconds).toBeLessThan(patientSeconds);
});

test('exits after the time limit if the shutdown hangs', async () => {
  const running = await new Child('hangs', { PARLEY_STOP_SECONDS: '1' }).started();
  running.process.kill('SIGTERM');
  const [code, seconds] = await secondsUntil(running.exited);
  expect(code).toBe(1);
  expect(seconds).toBeGreaterThan(1.5);
});

test.each(['good', 'hangs'])('exits long before its time limit without a supervisor (%s)', async (behaviour) => {
  const running = await new Child(behaviour, patient).started();
  running.process.disconnect();
  const [, seconds] = await secondsUntil(running.gone);
  expect(seconds).toBeLessThan(patientSeconds);
});

test.each(['during the start', 'before the process runs'])('exits if the supervisor disappears %s', async (when) => {
  const running = new Child('neverStarts', patient);
  if (when === 'during the start') await running.until(() => running.output.includes('starting'));
  running.process.disconnect();
  const [, seconds] = await secondsUntil(running.gone);
  expect(seconds).toBeLessThan(patientSeconds);
});

test.each([
  ['failsToStart', {}, 'child: the port is taken: choose another\n'],
  ['failsEverywhere', {}, 'child: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1\n'],
  [
    'good',
    { PARLEY_PORTT: '1' },
    'child: PARLEY_PORTT is not a setting. Did you mean PARLEY_PORT? `npx parley config` lists them all.\n',
  ],
  ['outOfFiles', {}, 'child: Too many files are open. Allow more (`ulimit -n 4096`), then start again.\n'],
])('exits with 2 and one sentence if the start fails: %s', async (behaviour, env, words) => {
  const failed = new Child(behaviour, env);
  expect(await failed.exited).toBe(2);
  expect(failed.output).toBe(words);
  expect(failed.messages).toEqual([{ failed: words.slice('child: '.length, -1) }]);
});

test('survives, counts and logs uncaught errors', async () => {
  const running = await new Child('throws').started();
  await running.until(() => running.output.includes('from a timer') && running.output.includes('from a promise'));
  running.process.send({ ask: 'metrics' });
  await running.until(() => running.messages.length === 2);
  expect(String(running.messages[1]?.metrics)).toContain('parley_defects_total{kind="uncaught"} 2');
  expect(String(running.messages[1]?.metrics)).toMatch(/parley_build_info\{version="\d+\.\d+\.\d+"\} 1/);
  running.process.kill('SIGTERM');
  expect(await running.exited).toBe(0);
});

test('collects the metrics of the Node process from the second reading on', async () => {
  const running = await new Child('good').started();
  for (const count of [2, 3]) {
    running.process.send({ ask: 'metrics' });
    await running.until(() => running.messages.length === count);
  }
  const [, first, second] = running.messages.map(({ metrics }) => String(metrics));
  expect(first).toContain('parley_build_info');
  for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds']) {
    expect(first).not.toContain(name);
    expect(second).toContain(name);
  }
  running.process.kill('SIGTERM');
  expect(await running.exited).toBe(0);
});
