import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { type Refusal, refuse } from '@parley/runtime';
import { statusFromRefusal } from './status.js';

/** A private name of grpc-js; `checkTransport` holds its exact version. */
interface Inner {
  _streamHandler(interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
}

const secondsOf: Readonly<Record<string, number>> = { H: 3_600, M: 60, S: 1, m: 1e-3, u: 1e-6, n: 1e-9 };
/** grpc-js takes a longer deadline for one that has passed: its timers have 31 bits of milliseconds. */
const longestSeconds = 2_147_483;

/** The deadline of a call in whole seconds where it is longer than a timer can be; undefined: as it is. */
function shortened(timeout: string): string | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  if (digits === '')
    throw refuse('invalid-metadata', { words: 'grpc-timeout is 1 to 8 digits and one of H M S m u n' });
  return Number(digits) * (secondsOf[unit] ?? 0) > longestSeconds ? `${longestSeconds}S` : undefined;
}

/**
 * Puts right what grpc-js would misread.
 * @throws {Refusal} `compressed`, or `invalid-metadata` for a deadline that is none.
 */
function checkHeaders(headers: IncomingHttpHeaders): void {
  const encoding = headers['grpc-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw refuse('compressed');
  const timeout = headers['grpc-timeout'];
  if (timeout !== undefined) headers['grpc-timeout'] = shortened(String(timeout)) ?? timeout;
}

function answer(stream: ServerHttp2Stream, refusal: Refusal): void {
  const { code, details, metadata } = statusFromRefusal(refusal);
  stream.on('error', () => {}); // the connection broke: there is nobody to tell
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
  stream.close(constants.NGHTTP2_NO_ERROR); // what the caller still sends is not read
}

/** Refuses a call by its headers, before grpc-js reads anything of it. `refused` is told of each. */
export function checkAllHeaders(server: Server, refused: (refusal: Refusal) => void): void {
  const inner = server as unknown as Inner;
  const handle = inner._streamHandler.bind(server);
  inner._streamHandler = (interceptors, stream, headers) => {
    try {
      checkHeaders(headers);
    } catch (refusal) {
      refused(refusal as Refusal);
      answer(stream, refusal as Refusal);
      return;
    }
    handle(interceptors, stream, headers);
  };
}
