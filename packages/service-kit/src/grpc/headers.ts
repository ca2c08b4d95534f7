import { constants, type IncomingHttpHeaders, type ServerHttp2Stream, type ServerOptions } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { statusFromRefusal } from '@parley/rpc';
import { limits, type Refusal, refuse } from '@parley/runtime';

/** Private members of grpc-js. `checkTransport` pins the exact version. */
interface Inner {
  readonly commonServerOptions: ServerOptions;
  _streamHandler(interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
}

const secondsOf: Readonly<Record<string, number>> = { H: 3_600, M: 60, S: 1, m: 1e-3, u: 1e-6, n: 1e-9 };
/**
 * Longest deadline that works in grpc-js. Its timers have 31 bits of milliseconds, and a longer one
 * fires at once.
 */
const longestSeconds = 2_147_483;

/** Returns the longest possible deadline if `timeout` exceeds it, else undefined. */
function shortened(timeout: string): string | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  if (digits === '')
    throw refuse('invalid-metadata', { message: 'Invalid grpc-timeout. Use 1 to 8 digits and one of H M S m u n.' });
  return Number(digits) * (secondsOf[unit] ?? 0) > longestSeconds ? `${longestSeconds}S` : undefined;
}

const sizes = new WeakMap<ServerHttp2Stream, number>();

/**
 * Returns the size of a call's headers in memory, in bytes. On the wire they are compressed and can
 * be a thousand times smaller.
 */
export function headerBytesOf(stream: ServerHttp2Stream): number {
  return sizes.get(stream) ?? 0;
}

function sizeOf(headers: IncomingHttpHeaders): number {
  let size = 0;
  for (const [name, value] of Object.entries(headers)) size += name.length + String(value).length;
  return size;
}

/**
 * Checks the headers of a call and shortens a deadline that grpc-js would misread.
 * @throws {Refusal} `compressed`, or `invalid-metadata` for too many bytes or a malformed deadline.
 */
function checkHeaders(headers: IncomingHttpHeaders, size: number): void {
  if (size > limits.headersBytes)
    throw refuse('invalid-metadata', { message: 'The metadata of the call is too long. Send less metadata.' });
  const encoding = headers['grpc-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw refuse('compressed');
  const timeout = headers['grpc-timeout'];
  if (timeout !== undefined) headers['grpc-timeout'] = shortened(String(timeout)) ?? timeout;
}

function respond(stream: ServerHttp2Stream, refusal: Refusal): void {
  const { code, details, metadata } = statusFromRefusal(refusal);
  stream.on('error', () => {}); // The connection broke.
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': code,
      'grpc-message': encodeURI(details),
      ...metadata?.toHttp2Headers(),
    },
    { endStream: true },
  );
  stream.close(constants.NGHTTP2_NO_ERROR); // The rest of the request is not read.
}

/** Hooks that the check of headers calls for each new call. */
export interface HeaderChecks {
  /** Returns whether the connection of the stream is being closed, so that no call begins on it. */
  readonly isEnding: (stream: ServerHttp2Stream) => boolean;
  /** Called for each refused call. */
  readonly refused: (refusal: Refusal, stream: ServerHttp2Stream) => void;
}

/** Installs a check of the headers of every call, before grpc-js reads the request. */
export function checkAllHeaders(server: Server, { isEnding, refused }: HeaderChecks): void {
  const inner = server as unknown as Inner;
  const handle = inner._streamHandler.bind(server);
  const { commonServerOptions } = inner;
  commonServerOptions.maxHeaderListPairs = limits.headerPairs;
  commonServerOptions.settings = { ...commonServerOptions.settings, maxHeaderListSize: limits.headersBytes };
  inner._streamHandler = (interceptors, stream, headers) => {
    if (isEnding(stream)) return void stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const size = sizeOf(headers);
    sizes.set(stream, size);
    try {
      checkHeaders(headers, size);
    } catch (refusal) {
      respond(stream, refusal as Refusal);
      refused(refusal as Refusal, stream);
      return;
    }
    handle(interceptors, stream, headers);
  };
}
