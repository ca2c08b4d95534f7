import { grpcFraming } from '@parley/rpc';
import { RelayOutbox } from './relay-outbox.js';

/** Creates an outbox on a stream that accepts one write at a time. */
function setUp(maxBytes = 1_000) {
  const written: string[] = [];
  let drain = () => {};
  let takes = true;
  let overflows = 0;
  const counted: number[] = [];
  const stream = {
    ended: false,
    framing: { overheadBytes: 0, join: (parts: readonly Uint8Array[]) => Buffer.concat(parts) },
    write: (bytes: Buffer) => {
      written.push(bytes.toString());
      return takes;
    },
    onDrain: (listener: () => void) => {
      drain = listener;
    },
  } as unknown as ConstructorParameters<typeof RelayOutbox>[0]['stream'];
  const outbox = new RelayOutbox({
    stream,
    unread: { set: (bytes) => counted.push(bytes) },
    maxBytes,
    onOverflow: () => {
      overflows += 1;
    },
  });
  const block = () => {
    takes = false;
  };
  const unblock = () => {
    takes = true;
    drain();
  };
  return { outbox, written, counted, block, unblock, overflows: () => overflows };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('RelayOutbox', () => {
  test('joins the frames of all follows and the responses of one turn into one write', async () => {
    const { outbox, written } = setUp();
    outbox.sink(grpcFraming).write(Buffer.from('a'));
    outbox.send(Buffer.from('b'));
    outbox.sink(grpcFraming).write(Buffer.from('c'));
    await turn();
    expect(written).toEqual(['abc']);
  });

  test('lets follows write in the order in which they had to wait', async () => {
    const { outbox, written, block, unblock, counted } = setUp();
    const order: string[] = [];
    block();
    outbox.send(Buffer.from('x'));
    await turn();
    for (const name of ['a', 'b']) {
      const sink = outbox.sink(grpcFraming);
      expect(sink.write(Buffer.from(name))).toBe(false);
      sink.onDrain(() => order.push(name));
    }
    expect(outbox.isIdle).toBe(false);
    expect(counted.at(-1)).toBeGreaterThan(2);
    unblock();
    await turn();
    expect(written).toEqual(['x', 'ab']);
    expect(order).toEqual(['a', 'b']);
    expect([outbox.isIdle, counted.at(-1)]).toEqual([true, 0]);
  });

  test('reports responses that nobody reads', async () => {
    const { outbox, block, overflows } = setUp(2_000);
    block();
    outbox.send(Buffer.from('x'));
    await turn();
    for (let n = 0; n < 4; n++) outbox.send(Buffer.from('more'));
    expect(overflows()).toBe(0);
    outbox.send(Buffer.from('more'));
    expect(overflows()).toBe(1);
  });
});
