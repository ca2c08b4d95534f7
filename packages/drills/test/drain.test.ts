import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type ParleyClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { checkHistory, recordedIn, Trio, until } from '@parley/testkit';
import { Talker } from '../src/talker.js';

const shape = { channels: 50, each: 10, perTransport: 50, sayEveryMs: 2_000 };
const deadlineS = 10;
/**
 * Longest time without a stream, in milliseconds, on a machine that may be busy. `parley drill
 * drain` allows half of it.
 */
const mostAwayMs = 10_000;

/** Returns the length, in milliseconds, of each period without a stream that has ended. */
function awayMs({ lostAt, welcomedAt }: Talker): number[] {
  return welcomedAt.slice(1).map((backAt, n) => backAt - (lostAt[n] ?? Number.NEGATIVE_INFINITY));
}

let trio: Trio;
const clients: ParleyClient[] = [];
const rooms = new Map<number, Talker[]>();

async function gather(): Promise<void> {
  const manager = trio.managers[0]?.grpc ?? '';
  const people = await trio.people.makeMany('p', shape.channels * shape.each);
  for (let n = 0; n < people.length; n += shape.perTransport) {
    const transport = grpcTransport({ userService: '127.0.0.1:1', channelService: manager });
    clients.push(...people.slice(n, n + shape.perTransport).map(({ token }) => createClient({ transport, token })));
  }
  for (let n = 0; n < shape.channels; n++) {
    const inside = clients.slice(n * shape.each, (n + 1) * shape.each);
    const { id } = await (inside[0] as ParleyClient).create({
      name: `room ${n}`,
      limit: 25,
      retention: { everything: true },
    });
    const entered = inside.map(async (client, at) => new Talker(`p-${n}-${at}`, await client.listen(id)));
    rooms.set(id, await Promise.all(entered));
  }
}

beforeAll(async () => {
  trio = await Trio.start({
    chatServers: 1,
    env: { PARLEY_STOP_SECONDS: String(deadlineS), PARLEY_LOG_LEVEL: 'warn' },
  });
  await gather();
  await trio.addChatServer();
});

afterAll(async () => {
  await Promise.all(clients.map((one) => one.close()));
  await trio.stop();
});

test('drains 50 channels with 500 streams under load without losing an acked message, and with short interruptions', async () => {
  const talkers = [...rooms.values()].flat();
  for (const [n, one] of talkers.entries()) one.talk(1_000 / (shape.sayEveryMs * (0.5 + Math.random())), n);
  await pause(3_000);
  const [server] = trio.chatServers.splice(0, 1);
  const began = performance.now();
  server?.kill('SIGTERM');
  expect(await server?.exited).toBe(0);
  const tookMs = performance.now() - began;
  await until(() => talkers.every((one) => awayMs(one).length > 0));
  for (const one of talkers) one.stop();
  await until(() => talkers.every(({ unanswered }) => unanswered === 0));

  const faults = [];
  for (const [id, readers] of rooms) {
    const recorded = await recordedIn(trio.people, id, readers);
    const last = recorded.stored.at(-1)?.seq ?? 0;
    await until(() => readers.every(({ lastSeq }) => lastSeq >= last));
    faults.push(...checkHistory(recorded));
  }
  const backs = talkers.map(({ welcomedAt }) => welcomedAt[1] ?? Number.POSITIVE_INFINITY);
  const away = talkers.flatMap(awayMs);
  const measured = {
    tookMs: Math.round(tookMs),
    spreadMs: Math.round(Math.max(...backs) - Math.min(...backs)),
    longestAwayMs: Math.round(Math.max(...away)),
    acked: talkers.reduce((sum, { acked }) => sum + acked.length, 0),
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  expect(faults).toEqual([]);
  expect(talkers.flatMap(({ refused }) => refused)).toEqual([]);
  expect(measured.tookMs).toBeLessThan((deadlineS + 1) * 1_000);
  expect(measured.spreadMs).toBeGreaterThan(3_000);
  expect(measured.longestAwayMs).toBeLessThan(mostAwayMs);
  expect(new Set(talkers.flatMap(({ reconnected }) => reconnected))).toEqual(new Set(['draining']));
  expect(talkers.every((one) => awayMs(one).length === 1)).toBe(true);
});
