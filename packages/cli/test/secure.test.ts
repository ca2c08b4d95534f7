import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Refusal } from '@parley/client';
import { until } from '@parley/client/testing';
import { Program, ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { openAddress } from '../src/services.js';
import { CommandSession } from '../src/session.js';
import { Commands } from './commands.js';

/** A proxy with TLS in front of a plain-text server. */
class TlsProxy {
  readonly #server: Server;
  #target = 0;

  constructor(key: Buffer, cert: Buffer) {
    this.#server = createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket) => {
      const behind = connect(this.#target, '127.0.0.1');
      const end = (one: Socket) => () => one.destroy();
      socket.on('error', end(behind)).on('close', end(behind)).pipe(behind);
      behind.on('error', end(socket)).on('close', end(socket)).pipe(socket);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  set target(address: string) {
    this.#target = Number(address.split(':').at(-1));
  }

  close(): void {
    this.#server.close();
  }
}

let trio: Trio;
let commands: Commands;
let folder = '';
let ca = '';
let before: TlsProxy;
let manager = '';
let chatProxy: TlsProxy;
let chatAddress = '';
let ann: TestPerson;
const servers: ServiceProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-secure-'));
  ca = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', ...name];
  execFileSync('openssl', [...made, '-keyout', key, '-out', ca], { stdio: 'ignore' });
  const pair = [await readFile(key), await readFile(ca)] as const;
  trio = await Trio.start({ chatServers: 0 });
  [before, chatProxy] = [new TlsProxy(...pair), new TlsProxy(...pair)];
  before.target = trio.managers[0]?.grpc ?? '';
  [manager, chatAddress] = [await before.open(), await chatProxy.open()];
  commands = await Commands.open(manager);
  ann = await trio.people.make('ann');
  await trio.create(ann, 'room');
});
afterEach(async () => {
  commands.killAll();
  for (const one of servers.splice(0)) await one.stop();
});
afterAll(async () => {
  before.close();
  chatProxy.close();
  await trio.stop();
  await commands.close();
  await rm(folder, { recursive: true });
});

/** Starts a chat server without a certificate, whose clients connect through the proxy. */
async function serve(env: Readonly<Record<string, string>>): Promise<void> {
  const started = await ServiceProcess.start('chat-service', {
    PARLEY_DATABASE_URL: trio.database.urlFor('chat_server'),
    PARLEY_MANAGERS: trio.managers[0]?.grpc ?? '',
    PARLEY_ADDR: chatAddress,
    ...env,
  });
  servers.push(started);
  chatProxy.target = started.grpc;
  const living = "SELECT FROM chat.server WHERE addr = $1 AND lease_until > now() AND state = 'serving'";
  await until(async () => (await trio.people.sql(living, [chatAddress])).length === 1);
}

test('reaches a chat server through a TLS proxy if PARLEY_ADDR_TLS is set', async () => {
  await serve({ PARLEY_ADDR_TLS: 'on' });
  const inside = await commands.start(ann, '--ca', ca, 'chat', 'room');
  await inside.says('here (1)');
  inside.type('hello');
  await inside.says('#1 ann: hello');
  expect(await inside.end()).toBe(0);
  expect(inside.said).not.toContain('warning');
});

test('without PARLEY_ADDR_TLS, the terminal says why it waits, and then gives up', async () => {
  await serve({});
  const why = `Chat server ${chatAddress} cannot be reached: it requires TLS.`;
  const lost = await commands.start(ann, '--ca', ca, 'chat', 'room');
  expect(await lost.exited).toBe(3);
  expect(lost.said).toContain(`* waiting: ${why}`);
  expect(lost.said).toContain('set PARLEY_ADDR_TLS=on there');
  expect(lost.said).toContain(`parley: ${why}`);
  expect(lost.said).not.toContain('full');
  const json = await commands.start(ann, '--ca', ca, '--json', 'chat', 'room');
  await json.says('"event":"waiting"');
  expect(json.said).toContain('"reason":"unreachable"');
});

test.each([
  [
    'a manager without TLS and a client with it',
    () => trio.managers[0]?.grpc,
    () => ['--ca', ca],
    'it does not speak TLS',
  ],
  ['a manager with TLS and a client without it', () => manager, () => [], 'it requires TLS'],
  ['an untrusted certificate', () => manager, () => ['--tls'], 'its certificate is not trusted'],
  ['no server', () => '127.0.0.1:1', () => [], 'Nothing responds at 127.0.0.1:1'],
])('names the cause of a failed connection: %s', async (_what, where, options, words) => {
  const { code, said } = await (async () => {
    const command = await commands.start(ann, '--manager', where() ?? '', ...options(), 'channels');
    return { code: await command.end(), said: command.said };
  })();
  expect([code, said]).toEqual([3, expect.stringContaining(words)]);
});

test.each([
  [{}, ['127.0.0.1:1', 'localhost:2,[::1]:3', '127.9.9.9:4'], undefined],
  [{}, ['127.0.0.1:1', 'localhost:2,chat.example.org:3'], 'chat.example.org:3'],
  [{}, ['10.0.0.1:1'], '10.0.0.1:1'],
  [{}, ['localhost.example.org:1'], 'localhost.example.org:1'],
  [{}, ['127.0.0.1.example.org:1'], '127.0.0.1.example.org:1'],
  [{ tls: true }, ['10.0.0.1:1'], undefined],
  [{ ca: 'x' }, ['10.0.0.1:1'], undefined],
  [{ insecure: true }, ['10.0.0.1:1'], undefined],
] as const)(
  'with the options %j, the first of the addresses %j that would be reached in plain text is %s',
  (options, addresses, open) => {
    expect(openAddress(options, addresses)).toBe(open);
  },
);

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));

test('does not send a password to another machine in plain text without --insecure', async () => {
  for (const [command, ...more] of [['register', 'ann'], ['login', 'ann'], ['channels'], ['admin', 'servers']]) {
    const saved = join(folder, 'none.json');
    const elsewhere = ['--login', saved, '--user-service', 'host.invalid:1', '--manager', 'host.invalid:1'];
    const asked = new Program(process.execPath, [parley, ...elsewhere, command ?? '', ...more]);
    asked.type('a password');
    const code = await asked.end();
    if (command === 'register' || command === 'login') {
      expect([code, asked.said]).toEqual([2, expect.stringContaining('would travel to host.invalid:1 in plain text')]);
    } else expect(code).toBe(4);
  }
  const saved = { user_id: 'a', name: 'a', token: 'a.b.c', manager: 'host.invalid:1' };
  expect(() => new CommandSession({}).client(saved)).toThrow('in plain text');
  await expect(new CommandSession({}).client({ ...saved, insecure: true }).channels()).rejects.toBeInstanceOf(Refusal);
  await expect(new CommandSession({ insecure: true }).client(saved).channels()).rejects.toBeInstanceOf(Refusal);
});

test('suggested commands are quoted for a shell', () => {
  const session = new CommandSession({ login: "/tmp/my files/it's.json", ca: '/tmp/$(id).pem', manager: 'a:1' });
  expect(session.self).toBe("npx parley --login '/tmp/my files/it'\\''s.json' --manager a:1 --ca '/tmp/$(id).pem'");
});
