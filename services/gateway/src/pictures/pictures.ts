import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Logger, type Metrics, type Part, refuse } from '@parley/runtime';
import { Tally, TurnQueue } from '@parley/service-kit';
import { reportingErrors } from '../files/reporting-errors.js';
import { type DecodedPicture, type PictureBounds, pictureBounds, pictureExitCodes } from './picture-bounds.js';

const program = fileURLToPath(new URL('./picture-process.js', import.meta.url));
/** Types of pictures that are decoded. */
const types: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const queueBounds = { atOnce: 2, mostWaiting: 100, mostOfOwner: 5, longestMs: 60_000 } as const;

/** An uploaded file. */
export interface UploadedBytes {
  readonly ownerId: string;
  readonly contentType: string;
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A decoded picture, whose bytes can be read once. */
export interface PictureStream extends DecodedPicture {
  readonly bytes: AsyncIterable<Buffer>;
}

export interface PicturesDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Default: `pictureBounds`. */
  readonly bounds?: PictureBounds;
  /** Options of Node for the processes. Default: none. */
  readonly execArgv?: readonly string[];
}

/** Thrown while the bytes of a picture are read, if its process has ended. */
const ended = new Error('The process of the picture has ended.');

/** Yields what a process writes. @throws `ended` if it writes less than it has announced. */
async function* outputOf(process: ChildProcess, size: number): AsyncGenerator<Buffer> {
  let left = size;
  for await (const chunk of process.stdout ?? []) {
    left -= chunk.length;
    yield chunk;
    if (left === 0) return;
  }
  throw ended;
}

/** Decodes pictures, each in a process of its own. */
export class Pictures implements Part {
  readonly #deps: PicturesDeps;
  readonly #bounds: PictureBounds;
  readonly #turns = new TurnQueue({ ...queueBounds, atOnce: () => queueBounds.atOnce });
  readonly #ofOwners = new Tally<string>();
  readonly #processes = new Set<ChildProcess>();
  readonly #counts = { decoded: 0, refused: 0 };
  #isStopping = false;

  constructor(deps: PicturesDeps) {
    this.#deps = deps;
    this.#bounds = deps.bounds ?? pictureBounds;
    deps.metrics.gauge('parley_pictures_waiting', 'pictures that wait to be decoded', () => this.#turns.waiting);
    deps.metrics.totals('parley_pictures_total', 'pictures, by result', 'result', () => this.#counts);
  }

  /**
   * Decodes a picture, and passes it to `use` without its metadata and with its orientation applied.
   * Returns the result of `use`, or undefined if the file is not a picture that can be decoded within
   * the bounds.
   * @throws {Refusal} `too-busy`, `cancelled` when the gateway stops, or the error of `use`.
   */
  async decode<T>(file: UploadedBytes, use: (picture: PictureStream) => Promise<T>): Promise<T | undefined> {
    if (!types.has(file.contentType) || file.size > this.#bounds.inputBytes) return undefined;
    const { ownerId } = file;
    if (this.#ofOwners.count(ownerId) >= queueBounds.mostOfOwner) throw refuse('too-busy');
    this.#ofOwners.add(ownerId);
    try {
      const used = await this.#turns.run(
        () => {},
        () => this.#run(file, use),
      );
      this.#counts[used === undefined ? 'refused' : 'decoded'] += 1;
      return used;
    } finally {
      this.#ofOwners.remove(ownerId);
    }
  }

  /** Ends the processes. */
  stop(): void {
    this.#isStopping = true;
    for (const process of this.#processes) process.kill('SIGKILL');
  }

  /** Starts a process. It has no environment variables, because those of the gateway hold secrets. */
  #start(contentType: string): ChildProcess {
    const child = fork(program, [contentType, JSON.stringify(this.#bounds)], {
      ...{ env: {}, execArgv: [...(this.#deps.execArgv ?? [])], serialization: 'advanced' },
      stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    });
    this.#processes.add(child);
    child.on('error', () => {}); // Without a listener, a process that cannot be killed would end the gateway.
    child.once('close', () => this.#processes.delete(child));
    return child;
  }

  async #run<T>(file: UploadedBytes, use: (picture: PictureStream) => Promise<T>): Promise<T | undefined> {
    if (this.#isStopping) throw refuse('cancelled');
    const child = this.#start(file.contentType);
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#bounds.withinMs);
    try {
      const decoded = await this.#exchange(child, file.bytes);
      return decoded && (await use({ ...decoded, bytes: outputOf(child, decoded.size) }));
    } catch (thrown) {
      if (thrown !== ended) throw thrown;
      if (this.#isStopping) throw refuse('cancelled');
      return undefined;
    } finally {
      clearTimeout(timer);
      child.kill('SIGKILL');
    }
  }

  /**
   * Sends the bytes to a process. Returns its message, or undefined if it ends without one.
   * @throws {Refusal} `cancelled` if the gateway stops
   * @throws the error with which the process cannot start, or the bytes cannot be read.
   */
  async #exchange(child: ChildProcess, bytes: AsyncIterable<Uint8Array>): Promise<DecodedPicture | undefined> {
    const failure = new Promise<never>((_, reject) => {
      const source = Readable.from(reportingErrors(bytes, reject));
      pipeline(source, child.stdin as Writable).catch(() => {}); // A process that has ended does not read on.
    });
    const end = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    const message = once(child, 'message').then(([decoded]) => decoded as DecodedPicture);
    const first = await Promise.race([message, end, failure]);
    if (!('code' in first)) return first;
    if (this.#isStopping) throw refuse('cancelled');
    const { log } = this.#deps;
    if (first.code === pictureExitCodes.withoutSharp)
      log.warn('sharp cannot be loaded; pictures are stored as downloads');
    else log.info(first, 'picture not decoded; stored as a download');
    return undefined;
  }
}
