import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { refuse } from '@parley/runtime';

/** Bytes with which a route responds instead of JSON. */
export interface Download {
  readonly size: number;
  /** Validator of the bytes, in quotes. */
  readonly etag: string;
  readonly headers: OutgoingHttpHeaders;
  /** Returns bytes that begin at `at`, as many as are at hand, and at most to `last`; undefined if they are gone. */
  readonly read: (at: number, last: number) => Promise<Buffer | undefined>;
}

/** First and last byte of a part of a download. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const singleRange = /^bytes=\s*(?:(\d+)-(\d*)|-(\d+))\s*$/;

/**
 * Returns the range that a request asks for, or undefined for all bytes. A header in another unit,
 * or of another version of the bytes, is ignored, as RFC 9110 says.
 * @throws {Refusal} `invalid-range` for a range that the bytes do not have, and for several ranges.
 */
export function rangeOf(
  headers: IncomingHttpHeaders,
  { size, etag }: Pick<Download, 'size' | 'etag'>,
): ByteRange | undefined {
  const { range, 'if-range': ifRange } = headers;
  if (range === undefined || !range.startsWith('bytes=') || (ifRange !== undefined && ifRange !== etag))
    return undefined;
  const [, from, to, suffix] = singleRange.exec(range) ?? [];
  const first = suffix === undefined ? Number(from ?? Number.NaN) : Math.max(0, size - Number(suffix));
  const last = suffix === undefined && to !== '' ? Math.min(Number(to), size - 1) : size - 1;
  if (!(first <= last)) throw refuse('invalid-range');
  return { first, last };
}
