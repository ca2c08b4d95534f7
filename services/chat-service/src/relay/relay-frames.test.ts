import { Message, RelayDown, RelayUp } from '@parley/contract';
import fc from 'fast-check';
import { decodeRequest, framingOf } from './relay-frames.js';

const sizes = fc.oneof(fc.nat(300), fc.constantFrom(0, 127, 128, 16_383, 16_384, 70_000));

test('the framing of a follow puts the right envelope around a message of any size', () => {
  const ids = fc.integer({ min: 0, max: 4_294_967_295 });
  fc.assert(
    fc.property(ids, ids, fc.array(sizes, { maxLength: 5 }), (id, channelId, lengths) => {
      const messages = lengths.map((length, seq) =>
        Message.fromPartial({ seq: seq + 1, data: Buffer.alloc(length, 7) }),
      );
      const encoded = messages.map((message) => Message.encode(message).finish());
      const { join, overheadBytes } = framingOf(id, channelId);
      const total = encoded.reduce((sum, { length }) => sum + length, 0);
      const joined = join(encoded, total);
      expect(joined.length).toBeLessThanOrEqual(total + encoded.length * overheadBytes);
      const seen: RelayDown[] = [];
      for (let at = 0; at < joined.length; ) {
        const end = at + 5 + joined.readUInt32BE(at + 1);
        expect(joined[at]).toBe(0);
        seen.push(RelayDown.decode(joined.subarray(at + 5, end)));
        at = end;
      }
      expect(seen).toEqual(
        messages.map((message) =>
          RelayDown.fromPartial({ id, channelId, frame: { ...message, data: Buffer.from(message.data) } }),
        ),
      );
    }),
    { numRuns: 100 },
  );
});

test('a post keeps its message undecoded, and other requests are decoded', () => {
  const message = { data: Buffer.from('hi'), clientId: 'c' };
  const origin = { requestId: 'r.1', traceparent: 't' };
  const up = RelayUp.fromPartial({ id: 7, channelId: 8, post: { handle: 9, message, ...origin } });
  const post = RelayUp.encode(up).finish();
  const bytes = Buffer.from(Message.encode(Message.fromPartial(message)).finish());
  const expected = { id: 7, channelId: 8, handle: 9, message: bytes, origin };
  expect(decodeRequest(Buffer.from(post))).toEqual({ post: expected });
  const follow = RelayUp.fromPartial({ id: 1, channelId: 2, follow: { log: 'l', afterSeq: 3 } });
  expect(decodeRequest(Buffer.from(RelayUp.encode(follow).finish()))).toEqual({ up: follow });
  expect(() => decodeRequest(Buffer.from([0x3a, 0x7f, 0x01]))).toThrow(
    expect.objectContaining({ reason: 'malformed' }),
  );
});
