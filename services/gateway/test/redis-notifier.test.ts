import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Logger } from '@parley/runtime';
import { RedisNotifier } from '@parley/service-kit';
import { FaultProxy, listen, RedisServer, selfSigned, until } from '@parley/testkit';

const given = RedisServer.isInstalled ? describe : describe.skip;

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

const running: (RedisNotifier | RedisServer | FaultProxy)[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
});
afterEach(async () => {
  for (const one of running.splice(0).toReversed())
    await (one instanceof RedisServer ? one.kill() : one instanceof FaultProxy ? one.close() : one.stop());
});
afterAll(() => rm(folder, { recursive: true }));

async function redis(...options: Parameters<typeof RedisServer.start>): Promise<RedisServer> {
  const server = await RedisServer.start(...options);
  running.push(server);
  return server;
}

/** Returns a notifier that listens, with what it receives and logs. */
function notifier(url: string, { prefix = 'parley', listens = true } = {}) {
  const [received, lines]: [string[], LogLine[]] = [[], []];
  const listening = {
    channels: ['one', 'two'],
    onListening: () => received.push('listening'),
    onNotified: (channel: string, payload: string) => received.push(`${channel}: ${payload}`),
  };
  const record = (level: number) => (_: unknown, msg: string) => lines.push({ level, msg });
  const log = { error: record(50), info: (msg: string) => lines.push({ level: 30, msg }) } as unknown as Logger;
  const one = new RedisNotifier({ url, prefix }, 'parley-test', listens ? listening : undefined, log);
  running.push(one);
  return { notifier: one, received, lines };
}

type Listener = ReturnType<typeof notifier>;

const urlOf = ({ port }: RedisServer, user = '') => `redis://${user}127.0.0.1:${port}`;
const isListening = ({ received }: Listener, times = 1) =>
  until(() => received.filter((one) => one === 'listening').length >= times);

/** Sends a notification until a listener has it, because a pause of the machine may end a connection. */
async function delivered(from: Listener, channel: string, payload: string, to: Listener): Promise<void> {
  await until(async () => {
    await from.notifier.send(channel, payload).catch(() => {});
    return to.received.includes(`${channel}: ${payload}`);
  });
}

const payloadsOf = ({ received }: Listener) => [...new Set(received)].filter((one) => one !== 'listening').sort();

given('Notifications through Redis', () => {
  test('reach each process that listens to the channel with the same prefix', async () => {
    const server = await redis();
    const [one, other, stranger] = [
      notifier(urlOf(server)),
      notifier(urlOf(server)),
      notifier(urlOf(server), { prefix: 'b' }),
    ];
    await Promise.all([one, other, stranger].map((each) => isListening(each)));
    await delivered(stranger, 'two', 'from b', stranger);
    await one.notifier.send('one', 'x'.repeat(8_001));
    for (const listener of [one, other]) {
      await delivered(one, 'two', 'first', listener);
      await delivered(one, 'one', '', listener);
      expect(payloadsOf(listener)).toEqual(['one: ', 'two: first']);
    }
    expect(payloadsOf(stranger)).toEqual(['two: from b']);
  });

  test('begin again after Redis was killed, with one line in the log for each change', async () => {
    const server = await redis();
    const [sender, listener] = [notifier(urlOf(server), { listens: false }), notifier(urlOf(server))];
    await isListening(listener);
    await until(() => sender.notifier.isUp);
    await server.kill();
    await until(() => listener.lines.length > 0 && sender.lines.length > 0);
    expect([sender.notifier.isUp, listener.notifier.isUp]).toEqual([false, false]);
    await expect(sender.notifier.send('one', 'lost')).rejects.toThrow('Redis is away.');
    await server.restart();
    await isListening(listener, 2);
    await until(() => sender.notifier.isUp);
    await delivered(sender, 'one', 'again', listener);
    expect(payloadsOf(listener)).toEqual(['one: again']);
    const away = `Redis at 127.0.0.1:${server.port} does not respond. Check the network and PARLEY_REDIS_URL, which begins with rediss:// for TLS; Parley tries again.`;
    for (const { lines } of [sender, listener])
      expect(lines.slice(0, 2)).toEqual([
        { level: 50, msg: away },
        { level: 30, msg: 'Redis responds again' },
      ]);
  });

  test('begin again after a network that delivers nothing is repaired', async () => {
    const server = await redis();
    const network = await FaultProxy.open(() => `127.0.0.1:${server.port}`);
    running.push(network);
    const listener = notifier(`redis://${network.address}`);
    await isListening(listener);
    network.set({ hole: true });
    await until(() => !listener.notifier.isUp);
    network.heal();
    await isListening(listener, 2);
    expect(listener.lines[0]?.msg).toMatch(/does not respond\. Check the network and PARLEY_REDIS_URL/);
  });
});

given('One sentence says what is wrong', () => {
  const problemOf = async (url: string, more?: Parameters<typeof notifier>[1]) => {
    const { lines, notifier: one } = notifier(url, more);
    await until(() => lines.length > 0);
    expect(one.isUp).toBe(false);
    return lines[0]?.msg;
  };

  test('for passwords and rights', async () => {
    const server = await redis({
      config: [
        'requirepass hunter2',
        'user deaf on >pw +@connection +publish',
        'user mute on >pw +@connection +subscribe &parley:*',
      ],
    });
    const at = `Redis at 127.0.0.1:${server.port}`;
    expect(await problemOf(urlOf(server))).toBe(`${at} needs a password. Add it to PARLEY_REDIS_URL.`);
    const wrong = `${at} refuses the user or the password. Correct PARLEY_REDIS_URL.`;
    expect(await problemOf(urlOf(server, ':wrong@'))).toBe(wrong);
    expect(await problemOf(urlOf(server, 'stranger:hunter2@'))).toBe(wrong);
    const denied = `${at} denies a command or a channel. Allow the user of PARLEY_REDIS_URL what docs/operating.md lists.`;
    expect(await problemOf(urlOf(server, 'deaf:pw@'))).toBe(denied);
    for (const listens of [true, false]) expect(await problemOf(urlOf(server, 'mute:pw@'), { listens })).toBe(denied);
    const right = notifier(urlOf(server, ':hunter2@'));
    await isListening(right);
    expect(right.lines).toEqual([]);
  });

  test('for TLS', async () => {
    const [{ certificate, key }, plain] = [selfSigned(folder), await redis()];
    const secure = await redis({ tls: { certificate, key } });
    expect(await problemOf(`rediss://127.0.0.1:${secure.port}`)).toMatch(
      /^The certificate of Redis at \S+ is not valid here \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. Name its authority in NODE_EXTRA_CA_CERTS, or/,
    );
    expect(await problemOf(`rediss://127.0.0.1:${plain.port}`)).toMatch(
      /(uses no TLS\. Correct|does not respond\. Check the network and) PARLEY_REDIS_URL/,
    );
    expect(await problemOf(`redis://127.0.0.1:${secure.port}`)).toMatch(
      /does not respond\. Check the network and PARLEY_REDIS_URL/,
    );
  });

  test('for addresses without Redis', async () => {
    expect(await problemOf('redis://127.0.0.1:1')).toMatch(/^Redis at 127\.0\.0\.1:1 does not respond\. Check/);
    expect(await problemOf('redis://no-such-host.invalid')).toMatch(/^Redis at no-such-host\.invalid does not/);
  });
});

test('stops at once while the server does not respond', async () => {
  const server = createServer();
  const silent = await listen(server);
  const { notifier: one } = notifier(`redis://${silent.address}`);
  await once(server, 'connection');
  const stopped = one.stop().then(() => true);
  expect(await atMost(stopped, 1_000)).toBe(true); // A stop needs no timer, so a busy machine delays both.
  silent.close();
});
