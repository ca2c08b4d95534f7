import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { patient } from '@parley/client/testing';
import { freePorts, Program, Started } from '@parley/testkit';
import { projectFolder } from '../src/launcher/options.js';
import type { RunFacts } from '../src/run-file.js';
import { patiently } from './one-process.js';

const password = 'a long password';
let data: string;
let ports: string[];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-hosts-'));
  const first = await freePorts(4);
  ports = ['--user-port', '--manager-port', '--web-port', '--chat-port'].flatMap((name, n) => [
    name,
    String(first + n),
  ]);
});
afterAll(() => rm(data, { recursive: true }));

function portOf(option: string): string {
  return ports[ports.indexOf(option) + 1] ?? '';
}

/** Addresses of the two services, from the supervisor. */
async function addresses(): Promise<{ userService: string; channelService: string }> {
  const { services } = JSON.parse(await readFile(join(data, 'run.json'), 'utf8')) as RunFacts;
  const at = (service: string) => services.find((one) => one.name === service)?.address ?? '';
  return { userService: at('user-service'), channelService: at('channel-service') };
}

/** Registers, creates a room and sends a message there. */
async function talk(name: string): Promise<void> {
  const client = createClient({ transport: patient(grpcTransport(await addresses())) });
  try {
    await client.register({ userId: name, password, name });
    await client.login(name, password);
    const { id } = await client.create({ name, limit: 5 });
    const conversation = await client.listen(id);
    expect((await conversation.send('hello')).seq).toBeGreaterThan(0);
    await conversation.leave();
  } finally {
    await client.close();
  }
}

/** Returns the output of the terminal client with these settings. */
async function parley(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const { userService, channelService } = await addresses();
  const where = ['--user-service', userService, '--manager', channelService, '--login', join(data, 'login.json')];
  const { said } = await patiently(async () => {
    const program = new Program(process.execPath, [join(projectFolder, 'bin', 'parley.js'), ...where, ...args], {
      env: { ...process.env, ...env },
    });
    program.type(password);
    return { code: await program.end(), said: program.said };
  });
  return said;
}

const loopback = networkInterfaces().lo ?? [];
const hasIPv6 = loopback.some(({ family }) => family === 'IPv6');
const own = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

interface Case {
  readonly host: string;
  readonly args?: readonly string[];
  /** Host of the web page, as `npm start` prints it. */
  readonly page: string;
}

const cases: Case[] = [
  { host: '0.0.0.0', args: ['--public-host', 'localhost'], page: 'localhost' },
  ...(own === undefined ? [] : [{ host: own, page: own }]),
  ...(hasIPv6 ? ['::', '::1'].map((host) => ({ host, page: '[::1]' })) : []),
];

/** Starts everything, sends a message, runs `during`, and stops everything. */
async function talking(
  { host, args = [], page }: Case,
  env: NodeJS.ProcessEnv,
  then: (name: string) => Promise<void>,
): Promise<void> {
  const settings = { PARLEY_HOST: host, PARLEY_INSECURE: 'on', PARLEY_BCRYPT_COST: '4', ...env };
  const run = new Started(['--data', data, '--chat-servers', '1', ...ports, ...args], settings);
  try {
    await run.says('Press Ctrl-C to stop', 90_000);
    expect(run.said).toContain(`\nWeb page: http://${page}:${portOf('--web-port')}\n`);
    expect((await fetch(`http://${page}:${portOf('--web-port')}/`)).status).toBe(200);
    const name = `ann${run.child.pid}`;
    await talk(name);
    await then(name);
  } finally {
    run.child.kill('SIGINT');
    await run.ended;
  }
}

test.each(cases)('people can chat with PARLEY_HOST=$host $args', (one) => talking(one, {}, async () => {}), 120_000);

test('ignores HTTP proxies and PG* settings of the environment', async () => {
  const nowhere = 'http://127.0.0.1:9';
  const proxy = { http_proxy: nowhere, HTTPS_PROXY: nowhere, grpc_proxy: nowhere };
  const postgres = {
    PGSSLMODE: 'require',
    PGOPTIONS: '-c statement_timeout=3',
    PGHOST: 'nowhere.invalid',
    PGPORT: '9',
  };
  await talking({ host: 'localhost', page: 'localhost' }, { ...proxy, ...postgres }, async (name) => {
    await parley(proxy, 'login', name);
    expect(await parley(proxy, 'channels')).toContain(name);
  });
});
