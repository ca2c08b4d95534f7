import { InboxEvent, Message } from '@parley/contract';
import { messageEvent } from './event-frames.js';

test('a large entry keeps only its own bytes in memory', () => {
  const message = Message.fromPartial({ seq: 7, data: Buffer.from('x'.repeat(2_000)) });
  const event = messageEvent(300, Message.encode(message).finish());
  expect(event.buffer.byteLength).toBe(event.length);
  expect(InboxEvent.decode(event).message).toEqual({ ...message, channelId: 300 });
});
