import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import type { RunFacts } from '../src/data-folder.js';
import { freePorts, Started } from './started.js';

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

/** Registers, makes a room and says something there, as the printed addresses tell. */
async function talk(name: string): Promise<void> {
  const { services } = JSON.parse(await readFile(join(data, 'run.json'), 'utf8')) as RunFacts;
  const at = (service: string) => services.find((one) => one.name === service)?.address ?? '';
  const transport = grpcTransport({ userService: at('user-service'), channelService: at('channel-service') });
  const client = createClient({ transport });
  try {
    await client.register({ userId: name, password: 'a long password', name });
    await client.login(name, 'a long password');
    const { id } = await client.create({ name, limit: 5 });
    const conversation = await client.listen(id);
    expect((await conversation.send('hello')).seq).toBeGreaterThan(0);
    await conversation.leave();
  } finally {
    await client.close();
  }
}

const loopback = networkInterfaces().lo ?? [];
const hasIPv6 = loopback.some(({ family }) => family === 'IPv6');
const own = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

interface Case {
  readonly host: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The host of the page, as printed. */
  readonly page: string;
}

const cases: Case[] = [
  { host: '0.0.0.0', args: ['--public-host', 'localhost'], page: 'localhost' },
  { host: 'localhost', page: 'localhost' },
  ...(own === undefined ? [] : [{ host: own, page: own }]),
  ...(hasIPv6 ? ['::', '::1'].map((host) => ({ host, page: '[::1]' })) : []),
];

test.each(cases)(
  'PARLEY_HOST=$host $args $env: people can talk',
  async ({ host, args = [], env = {}, page }) => {
    const settings = { PARLEY_HOST: host, PARLEY_INSECURE: 'on', PARLEY_BCRYPT_COST: '4', ...env };
    const run = new Started(['--data', data, '--chat-servers', '1', ...ports, ...args], settings);
    try {
      await run.says('Press Ctrl-C to stop', 90_000);
      expect(run.said).toContain(`\nThe page: http://${page}:${portOf('--web-port')}\n`);
      expect((await fetch(`http://${page}:${portOf('--web-port')}/`)).status).toBe(200);
      await talk(`ann${run.child.pid}`);
    } finally {
      run.child.kill('SIGINT');
      await run.ended;
    }
  },
  120_000,
);
