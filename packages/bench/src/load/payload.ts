import { Message } from '@parley/contract';

const dataBytes = 64;
const filler = Buffer.alloc(dataBytes - 12, 'parley bench ');

function checksum(channel: number, number: number): number {
  return Math.imul(channel ^ 0x9e3779b9, number + 0x85ebca6b) >>> 0;
}

/** Returns an encoded message whose 64 bytes of data identify it. */
export function payload(channel: number, number: number): Buffer {
  const data = Buffer.allocUnsafe(dataBytes);
  data.writeUInt32LE(channel, 0);
  data.writeUInt32LE(number, 4);
  data.writeUInt32LE(checksum(channel, number), 8);
  filler.copy(data, 12);
  return Buffer.from(Message.encode(Message.fromPartial({ data })).finish());
}

/** Returns an encoded receipt up to a seq. */
export function receiptUpTo(readSeq: number): Buffer {
  return Buffer.from(Message.encode(Message.fromPartial({ receipt: { readSeq } })).finish());
}

/** Returns what is wrong with a message, or undefined if it is the expected one. */
export function payloadError(bytes: Buffer, channel: number, number: number): string | undefined {
  const { data, seq } = Message.decode(bytes);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (seq !== number + 1) return `received seq ${seq} instead of ${number + 1}`;
  const fits =
    data.length === dataBytes &&
    view.getUint32(0, true) === channel &&
    view.getUint32(4, true) === number &&
    view.getUint32(8, true) === checksum(channel, number) &&
    filler.equals(data.subarray(12));
  return fits ? undefined : `message ${number} of channel ${channel} has other content`;
}
