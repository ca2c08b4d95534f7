import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { limits, type MemoryHolding } from '@parley/runtime';
import type { ByteRange, Download } from './download.js';

/** Waits until the client has read what was written. Destroys the response if the client reads nothing for 30 s. */
async function drained(response: ServerResponse, unread: MemoryHolding): Promise<void> {
  unread.set(response.writableLength);
  const timer = setTimeout(() => response.destroy(), limits.takenWithinMs).unref();
  const left = new AbortController();
  const leave = () => left.abort();
  response.once('close', leave);
  if (!response.closed) await once(response, 'drain', { signal: left.signal }).catch(() => {});
  response.off('close', leave);
  clearTimeout(timer);
  unread.set(response.writableLength);
}

/**
 * Writes a part of a download to a response whose headers are sent, at the pace of its client.
 * `start` has the first bytes, which were already read. If the other bytes are gone, destroys the
 * response, so that the client sees that it is incomplete.
 * @throws the error of `read`, after it has destroyed the response.
 */
export async function sendBytes(
  response: ServerResponse,
  { read }: Download,
  { first, last }: ByteRange,
  start: Buffer,
  unread: MemoryHolding,
): Promise<void> {
  let at = first + start.length;
  if (start.length > 0 && !response.write(start)) await drained(response, unread);
  while (at <= last && !response.closed) {
    const bytes = await read(at, last).catch((thrown: unknown) => {
      response.destroy();
      throw thrown;
    });
    if (bytes === undefined || bytes.length === 0) return void response.destroy();
    at += bytes.length;
    if (!response.write(bytes)) await drained(response, unread);
  }
  response.end();
}
