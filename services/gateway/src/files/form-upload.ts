import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { limits, type Refusal, refuse } from '@parley/runtime';
import busboy from 'busboy';

/** Bounds of a form around its files. Fields without a filename are read and ignored. */
const formLimits = { files: limits.filesAtOnce, fields: 20, fieldSize: 1_024, parts: 30, headerPairs: 16 };
const headerBytes = 16_384;

/** One file of a form, in the order of the form. */
export interface FormFile {
  readonly name: string;
  readonly bytes: Readable;
}

/** @throws {Refusal} `invalid-upload` or `wrong-media-type` */
function parserOf({ headers }: IncomingMessage) {
  if (headers['content-encoding'] !== undefined || !/^multipart\/form-data\s*;/i.test(headers['content-type'] ?? ''))
    throw refuse('wrong-media-type', { message: 'Send files as multipart/form-data, not compressed.' });
  try {
    return busboy({ headers, limits: formLimits, defParamCharset: 'utf8', highWaterMark: headerBytes });
  } catch (cause) {
    throw refuse('invalid-upload', { cause });
  }
}

/**
 * Reads a form. Passes each part that has a filename to `take`, one after the other, whatever the
 * name of the part. Returns the results of `take`. After a failure, stops reading, and throws when
 * every `take` has ended.
 * @throws {Refusal} `invalid-upload`, `wrong-media-type`, `cancelled` or that of `take`.
 */
export function readForm<T>(incoming: IncomingMessage, take: (file: FormFile) => Promise<T>): Promise<T[]> {
  const parser = parserOf(incoming);
  const taken: Promise<T>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  return new Promise((resolve, reject) => {
    const fail = (refusal: Refusal) => {
      incoming.off('close', leave).unpipe(parser);
      incoming.resume(); // The rest is not read into memory.
      parser.destroy(refusal); // Ends the file that is being read.
      Promise.allSettled(taken).then(() => reject(refusal));
    };
    const leave = () => {
      if (!incoming.complete) fail(refuse('cancelled'));
    };
    parser.on('file', (_, bytes, { filename }) => {
      const one = last.then(() => take({ name: filename ?? '', bytes }));
      one.catch(fail);
      taken.push(one);
      last = one;
    });
    for (const event of ['filesLimit', 'partsLimit', 'fieldsLimit'] as const)
      parser.on(event, () => fail(refuse('invalid-upload')));
    parser.on('error', (cause) => fail(refuse('invalid-upload', { cause })));
    parser.on('close', () => {
      incoming.off('close', leave);
      if (taken.length === 0) fail(refuse('invalid-upload'));
      else Promise.all(taken).then(resolve, reject);
    });
    incoming.once('close', leave).pipe(parser);
  });
}
