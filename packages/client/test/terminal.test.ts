import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TestPerson, Trio } from '@parley/testkit';
import { until } from './rig.js';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));
let trio: Trio;
let folder = '';
const started: Command[] = [];

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2 });
  folder = await mkdtemp(join(tmpdir(), 'parley-terminal-'));
});
afterEach(() => {
  for (const one of started.splice(0)) one.kill();
});
afterAll(async () => {
  await trio.stop();
  await rm(folder, { recursive: true });
});

/** One `parley` as somebody who is logged in. */
class Command {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  said = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => child.once('exit', resolve));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => this.#hear(String(chunk)));
  }

  static async start(person: TestPerson, ...args: string[]): Promise<Command> {
    const login = join(folder, `${person.id}.json`);
    await writeFile(login, JSON.stringify({ user_id: person.id, name: person.id, token: person.token }));
    const manager = trio.managers[0]?.grpc as string;
    const all = [parley, '--login', login, '--channel-service', manager, ...args];
    const command = new Command(spawn(process.execPath, all));
    started.push(command);
    return command;
  }

  #hear(text: string): void {
    this.said += text;
  }

  kill(): void {
    this.#child.kill();
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Nothing more is typed. Resolves with the exit code. */
  end(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.exited;
  }
}

test('a killed chat server is news, and nothing more', async () => {
  const [ann, bob] = (await trio.people.makeMany('t', 2)) as [TestPerson, TestPerson];
  const made = await Command.start(ann, 'create', 'lobby', '--keep', 'nothing', '--limit', '3');
  expect([await made.end(), made.said]).toEqual([0, 'lobby is channel 1, for up to 3; kept: nothing\n']);
  const a = await Command.start(ann, 'chat', 'lobby');
  await until(() => a.said.includes('here (1)'));
  const b = await Command.start(bob, 'chat', 'lobby');
  await until(() => b.said.includes('here (2)'));
  a.type('hello');
  await until(() => / #1 t-1: hello\n/.test(b.said));
  for (const server of trio.chatServers.splice(0, 1)) server.kill('SIGKILL');
  for (const server of trio.chatServers.splice(0, 1)) server.kill('SIGKILL');
  await until(() => a.said.includes('* reconnecting in ') && b.said.includes('* reconnecting in '));
  await trio.addChatServer();
  await until(() => [a, b].every(({ said }) => said.includes('* back in lobby (channel 1)')), 25_000);
  b.type('are you there?');
  await until(() => /t-2: are you there\?\n/.test(a.said), 25_000);
  expect(a.said.match(/are you there/g)).toHaveLength(1);
  expect(a.said).toContain('* back in lobby (channel 1)');
  expect(a.said).toContain('may have been missed');
  b.type('bye');
  expect([await a.end(), await b.end()]).toEqual([0, 0]);
}, 60_000);

test('wrong options of create are wrong usage', async () => {
  const ann = await trio.people.make('wrong');
  for (const args of [
    ['--keep', 'a while'],
    ['--kind', 'castle'],
    ['--limit', '26'],
  ]) {
    const command = await Command.start(ann, 'create', 'x', ...args);
    expect(await command.end()).toBe(2);
  }
});
