import { Kind, Resume } from '@parley/contract';
import type { Conversation, ListenOptions } from '../src/index.js';
import { FakeTransport } from './fake-transport.js';
import { Listener } from './rig.js';

const { jest } = import.meta;
let server: FakeTransport;

beforeEach(() => {
  jest.useFakeTimers();
  server = new FakeTransport();
});
afterEach(() => jest.useRealTimers());

async function enter(options: ListenOptions = {}): Promise<Conversation> {
  const entering = server.client().listen(1, options);
  await jest.advanceTimersByTimeAsync(0);
  server.stream.welcome(0);
  return entering;
}

const written = () => server.stream.sent.map(({ kind, data }) => `${kind}:${Buffer.from(data)}`);

function refuse(index: number, reason: string, retryAfterMs: number): void {
  const clientId = server.stream.sent[index]?.clientId ?? '';
  server.stream.tell({ ack: { clientId, refusal: { reason, message: `${reason}!`, retryAfterMs } } });
}

function ack(index: number, seq: number): void {
  server.stream.tell({ ack: { clientId: server.stream.sent[index]?.clientId ?? '', seq } });
}

test('slow mode holds messages only, and the client retries within seconds', async () => {
  const conversation = await enter();
  const said = [conversation.send('a'), conversation.send('b')];
  refuse(0, 'slow-mode', 600_000);
  const reacting = conversation.react(7, 'x');
  expect(written()).toEqual(['0:a', `${Kind.REACT}:x`]);
  ack(1, 8);
  await expect(reacting).resolves.toMatchObject({ seq: 8 });
  await jest.advanceTimersByTimeAsync(5_001);
  expect(written().slice(2)).toEqual(['0:a']);
  ack(2, 9);
  ack(3, 10);
  expect((await Promise.all(said)).map(({ seq }) => seq)).toEqual([9, 10]);
  await conversation.leave();
});

test('a send of a muted user is rejected with the remaining time of the mute, and nothing is held', async () => {
  const conversation = await enter();
  const sending = conversation.send('a');
  refuse(0, 'muted', 3_600_000);
  await expect(sending).rejects.toMatchObject({ reason: 'muted', retryAfterMs: 3_600_000 });
  const next = conversation.send('b');
  ack(1, 1);
  await expect(next).resolves.toMatchObject({ seq: 1 });
  await conversation.leave();
});

test('reports a hold once with its duration, unless it is under a second', async () => {
  const conversation = await enter();
  const listener = new Listener(conversation);
  const clientId = '11111111-2222-4333-8444-555555555555';
  const sending = conversation.send('a', { clientId });
  refuse(0, 'send-too-fast', 20);
  await jest.advanceTimersByTimeAsync(30);
  refuse(1, 'slow-mode', 40_000);
  await jest.advanceTimersByTimeAsync(5_001);
  refuse(2, 'slow-mode', 35_000);
  await jest.advanceTimersByTimeAsync(5_001);
  ack(3, 1);
  await sending;
  expect(listener.of('held')).toEqual([
    { type: 'held', clientId, reason: 'slow-mode', message: 'slow-mode!', inMs: 40_000 },
  ]);
  await conversation.leave();
});

test('a change of the system clock does not affect waits', async () => {
  const conversation = await enter();
  const sending = conversation.send('a');
  refuse(0, 'send-too-fast', 400);
  jest.setSystemTime(Date.now() - 3_600_000);
  await jest.advanceTimersByTimeAsync(401);
  expect(written()).toEqual(['0:a', '0:a']);
  ack(1, 1);
  await expect(sending).resolves.toMatchObject({ seq: 1 });
  await conversation.leave();
});

test('resends after a reconnect only when all missed entries have arrived', async () => {
  const conversation = await enter();
  const sends = [conversation.send('a'), conversation.send('b')];
  const [first] = server.stream.sent;
  server.stream.end();
  await jest.advanceTimersByTimeAsync(5_000);
  server.stream.welcome(1_101, Resume.WHOLE);
  server.stream.tell({ seq: 1, sender: 'ann', clientId: first?.clientId ?? '' });
  server.stream.say(2, 1_100);
  expect(written()).toEqual([]);
  await expect(sends[0]).resolves.toMatchObject({ seq: 1 });
  server.stream.say(1_101);
  expect(written()).toEqual(['0:b']);
  ack(0, 1_102);
  await sends[1];
  await conversation.leave();
});
