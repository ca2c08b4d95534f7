import { Message } from '@parley/contract';
import { ChannelBytes } from '../src/load/channel-bytes.js';
import { GrpcWire } from '../src/load/grpc-wire.js';
import { payload } from '../src/load/payload.js';

const wire = new GrpcWire('127.0.0.1:1', 1);

function frame(number: number, channel = 0, seq = number + 1): Buffer {
  const { data } = Message.decode(payload(channel, number));
  return wire.frame(Buffer.from(Message.encode(Message.fromPartial({ data, seq })).finish()));
}

/**
 * Returns the faults that are found if the first of two listeners receives `first` and the second
 * one `second`.
 */
function faultsOf(first: Buffer[], second: Buffer[]): string[] {
  const bytes = new ChannelBytes(0, 2, wire);
  for (const [at, received] of [first, second].entries()) {
    const [one, other] = bytes.listeners;
    const listener = at === 0 ? one : other;
    if (listener !== undefined) for (const chunk of received) bytes.take(listener, chunk);
  }
  return bytes.faults;
}

describe('ChannelBytes', () => {
  const whole = Buffer.concat([frame(0), frame(1), frame(2)]);

  test('counts whole frames, no matter how they are split', () => {
    const bytes = new ChannelBytes(0, 1, wire);
    const [listener] = bytes.listeners;
    for (const byte of whole) if (listener !== undefined) bytes.take(listener, Buffer.from([byte]));
    expect(listener?.frames).toBe(3);
    expect(bytes.faults).toEqual([]);
  });

  test('accepts listeners at different speeds', () => {
    expect(faultsOf([whole.subarray(0, 50), whole.subarray(50)], [whole])).toEqual([]);
  });

  test.each([
    ['a gap', [frame(0), frame(2)]],
    ['another order', [frame(1), frame(0)]],
    ['a message twice', [frame(0), frame(0)]],
    ['the content of another channel', [frame(0, 1)]],
    ['other content with the right seq', [frame(5, 0, 1)]],
  ])('finds %s', (_, received) => {
    expect(faultsOf(received, [])).not.toEqual([]);
  });

  test('detects one listener that received something else', () => {
    expect(faultsOf([whole], [frame(0), frame(2), frame(1)])).toContain('a listener received other bytes');
  });

  test('the buffer grows beyond its initial size', () => {
    const bytes = new ChannelBytes(0, 2, wire);
    for (let n = 0; n < 10_000; n++) for (const listener of bytes.listeners) bytes.take(listener, frame(n));
    expect(bytes.faults).toEqual([]);
    expect(bytes.listeners.map(({ frames }) => frames)).toEqual([10_000, 10_000]);
  });
});
