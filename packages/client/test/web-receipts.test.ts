import { Ack, Message } from '@parley/contract';
import type { WebCaller } from '../src/web/web-caller.js';
import { WebInbox } from '../src/web/web-inbox.js';

interface Call {
  readonly frame: Message;
  readonly answer: () => void;
}

/** Opens an inbox whose calls wait for the test. */
function open() {
  const calls: Call[] = [];
  const one = (_method: unknown, frame: Message) =>
    new Promise<Ack>((resolve) => calls.push({ frame, answer: () => resolve(Ack.fromPartial({})) }));
  const caller = { open: () => () => {}, one } as unknown as WebCaller;
  const inbox = new WebInbox({ token: 't', watch: {}, onEvent: () => {}, onEnd: () => {} } as never, caller);
  const receipt = (channelId: number, deliveredSeq: number, readSeq = 0) =>
    inbox.post(Message.fromPartial({ channelId, receipt: { log: 'l', deliveredSeq, readSeq } }));
  const sent = () =>
    calls.map(({ frame: { channelId, receipt } }) => [channelId, receipt?.deliveredSeq, receipt?.readSeq]);
  const answer = async () => {
    calls.at(-1)?.answer();
    await new Promise(setImmediate);
  };
  return { inbox, receipt, sent, answer };
}

test('sends receipts in one call at a time, and merges the waiting receipts of a chat', async () => {
  const { receipt, sent, answer } = open();
  receipt(1, 1);
  for (const seq of [2, 3, 4]) receipt(1, seq, seq === 3 ? 3 : 0);
  for (const seq of [7, 8]) receipt(2, seq);
  expect(sent()).toEqual([[1, 1, 0]]);
  for (let n = 0; n < 4; n++) await answer();
  expect(sent()).toEqual([
    [1, 1, 0],
    [1, 4, 3],
    [2, 8, 0],
  ]);
  receipt(2, 9);
  expect(sent().at(-1)).toEqual([2, 9, 0]);
});

test('posts do not wait for receipts', () => {
  const { inbox, receipt, sent } = open();
  receipt(1, 1);
  inbox.post(Message.fromPartial({ channelId: 1, clientId: 'c' }));
  expect(sent()).toHaveLength(2);
});
