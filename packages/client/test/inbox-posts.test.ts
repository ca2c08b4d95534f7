import type { Message } from '@parley/contract';
import type { Sent } from '../src/index.js';
import { FakeGateway, logEnd, pass } from './fake-gateway.js';

const { jest } = import.meta;
let gateway: FakeGateway;

beforeEach(() => {
  jest.useFakeTimers();
  gateway = new FakeGateway();
});
afterEach(() => jest.useRealTimers());

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

const saidIn = (posts: readonly Message[]) => posts.filter(({ receipt }) => receipt === undefined);

describe('posts', () => {
  const words = () => saidIn(gateway.stream.posts).map((post) => `${post.channelId}:${Buffer.from(post.data)}`);

  test('go out one by one in each chat, and resolve with their acks', async () => {
    const { inbox } = await gateway.begin([]);
    const sent = [inbox.post(1, 'a'), inbox.post(1, 'b'), inbox.post(2, 'c'), inbox.react(1, 3, '👍')];
    expect(words()).toEqual(['1:a', '2:c', '1:👍']);
    gateway.stream.ack(gateway.stream.posts[0], { seq: 8, timestamp: 5 });
    expect(await sent[0]).toEqual({ seq: 8, timestamp: 5 });
    expect(words().at(-1)).toBe('1:b');
  });

  test('survive a lost connection with their client id, in order, once', async () => {
    const { inbox } = await gateway.begin([logEnd(1, 0)]);
    const settled: string[] = [];
    const note = (text: string, sent: Promise<Sent>) => void sent.then(({ seq }) => settled.push(`${text}${seq}`));
    note('a', inbox.post(1, 'a', { clientId: 'id-a' }));
    gateway.stream.end();
    note('b', inbox.post(1, 'b', { clientId: 'id-b' }));
    await pass(5_000);
    note('c', inbox.post(1, 'c', { clientId: 'id-c' }));
    expect(words()).toEqual([]);
    gateway.stream.welcome(logEnd(1, 0));
    expect(words()).toEqual(['1:a']);
    gateway.stream.tell({ message: { channelId: 1, seq: 1, sender: 'ann', clientId: 'id-a' } }); // the echo
    gateway.stream.ack({ clientId: 'id-b' }, { seq: 2 });
    gateway.stream.ack({ clientId: 'id-c' }, { seq: 3 });
    await pass();
    expect(words()).toEqual(['1:a', '1:b', '1:c']);
    expect(settled).toEqual(['a1', 'b2', 'c3']);
  });

  test('wait after a temporary refusal, without holding up other chats, and reject after a final one', async () => {
    const listener = await gateway.begin([]);
    const held = listener.inbox.post(1, 'slow', { clientId: 'id-1' });
    const refused = listener.inbox.post(3, 'no');
    gateway.stream.ack(gateway.stream.posts[0], { refusal: { reason: 'slow-mode', message: '', retryAfterMs: 3_000 } });
    gateway.stream.ack(gateway.stream.posts[1], {
      refusal: { reason: 'not-a-member', message: 'No.', retryAfterMs: 0 },
    });
    await expect(refused).rejects.toMatchObject({ reason: 'not-a-member' });
    void listener.inbox.post(2, 'quick');
    expect(words()).toEqual(['1:slow', '3:no', '2:quick']);
    await pass(3_000);
    expect(words().at(-1)).toBe('1:slow');
    gateway.stream.ack(gateway.stream.posts.at(-1), { seq: 4 });
    expect(await held).toMatchObject({ seq: 4 });
    expect(listener.events.at(-1)).toMatchObject({ type: 'held', channelId: 1, clientId: 'id-1', inMs: 3_000 });
  });

  test('are limited in number and size, checked before they are sent, and rejected when the inbox closes', async () => {
    const { inbox } = await gateway.begin([]);
    await expect(inbox.post(1, ' ')).rejects.toMatchObject({ reason: 'empty-message' });
    await expect(inbox.post(1, 'x'.repeat(65_537))).rejects.toMatchObject({ reason: 'message-too-large' });
    const mentions = Array.from({ length: 1_000 }, () => 'somebody-of-some-length');
    await expect(inbox.post(1, 'x', { mentions })).rejects.toMatchObject({ reason: 'message-too-large' });
    const open = Array.from({ length: 1_000 }, (_, n) => inbox.post(n, 'x').catch(({ reason }) => reason));
    await expect(inbox.post(1, 'x')).rejects.toMatchObject({ reason: 'too-busy' });
    expect(gateway.stream.posts).toHaveLength(10);
    await inbox.close();
    expect(new Set(await Promise.all(open))).toEqual(new Set(['cancelled']));
    await expect(inbox.post(1, 'x')).rejects.toMatchObject({ reason: 'cancelled' });
  });

  test('are abandoned if their signal aborts, and a client id in use is refused', async () => {
    const { inbox } = await gateway.begin([]);
    const away = new AbortController();
    const sent = inbox.post(1, 'a', { clientId: 'id', signal: away.signal });
    const behind = inbox.post(1, 'b');
    await expect(inbox.post(2, 'c', { clientId: 'id' })).rejects.toMatchObject({ reason: 'client-id-reused' });
    away.abort('enough');
    await expect(sent).rejects.toBe('enough');
    expect(words()).toEqual(['1:a', '1:b']);
    gateway.stream.ack(gateway.stream.posts[1], { seq: 2 });
    expect(await behind).toMatchObject({ seq: 2 });
  });
});

describe('receipts', () => {
  const receipts = () =>
    gateway.stream.posts.flatMap(({ channelId, receipt }) =>
      receipt ? [[channelId, receipt.deliveredSeq, receipt.readSeq, receipt.log]] : [],
    );

  test('report arrivals and reading, at most ten a second, and again after a lost connection', async () => {
    const { inbox } = await gateway.begin(
      range(1, 25).map((id) => logEnd(id, 0)),
      { reportDelivered: true },
    );
    for (const id of range(1, 25)) gateway.stream.say(id, 1);
    expect(receipts()).toHaveLength(1);
    await pass(1_000);
    expect(receipts()).toHaveLength(11);
    await pass(2_000);
    expect(receipts()).toEqual(range(1, 25).map((id) => [id, 1, 0, 'l']));
    inbox.markRead(1);
    await pass(2_000);
    expect(receipts().at(-1)).toEqual([1, 1, 1, 'l']);
    gateway.stream.tell({ message: { channelId: 2, receipt: { userId: 'ann', deliveredSeq: 1 } } });
    await gateway.reconnect(...range(1, 3).map((id) => logEnd(id, 1)));
    await pass(5_000);
    expect(receipts().map(([id]) => id)).toEqual([1, ...range(3, 25)]);
  });

  test('report only what the user marks if `reportDelivered` is false', async () => {
    const { inbox } = await gateway.begin([logEnd(1, 0)], { reportDelivered: false });
    gateway.stream.say(1, 1, 3);
    await pass(5_000);
    expect(receipts()).toEqual([]);
    inbox.markDelivered(1, 2);
    inbox.markRead(7, 2); // without history
    await pass(5_000);
    expect(receipts()).toEqual([[1, 2, 0, 'l']]);
  });
});

test('typing and lossy messages go out at once or never', async () => {
  const { inbox } = await gateway.begin([]);
  inbox.typing(1);
  inbox.postLossy(2, 'now');
  expect(gateway.stream.posts).toMatchObject([
    { channelId: 1, typing: { stopped: false } },
    { channelId: 2, lossy: true },
  ]);
  gateway.stream.end();
  inbox.typing(1);
  await pass(5_000);
  gateway.stream.welcome();
  expect(gateway.stream.posts).toEqual([]);
});
