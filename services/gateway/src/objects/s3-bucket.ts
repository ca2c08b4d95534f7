import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AwsV4Signer } from 'aws4fetch';
import { reportingErrors } from '../files/reporting-errors.js';
import { problemOfConnection, problemOfResponse, S3Problem } from './s3-problem.js';

/** Where files are stored in S3, or in storage with the same API. */
export interface S3Config {
  /** URL without the name of the bucket. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly keyId: string;
  readonly secret: string;
  /** Whether the bucket is in the path of the URL. Otherwise it is the first label of its host. */
  readonly usesPath: boolean;
  /** Bytes that may wait in the database while S3 does not respond. */
  readonly waitingBytes: number;
}

/** An object to store. */
export interface S3Upload {
  readonly key: string;
  readonly size: number;
  /** SHA-256 of the bytes, in hexadecimal. S3 refuses other bytes. */
  readonly sha256: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Ends the upload. */
  readonly signal: AbortSignal;
}

interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

const withinMs = 30_000;
const mostErrorBytes = 16_384;
const [partial, noObject] = [206, 404];

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const noBytesHash = sha256Of(new Uint8Array());

/** Leaves a body that nobody reads, so that its connection is free. */
async function leave({ body, bodyUsed }: Response): Promise<void> {
  if (!bodyUsed) await body?.cancel();
}

/** Reads at most `most` bytes of a body, and leaves the rest. */
async function readAtMost(response: Response, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

/** One bucket of S3. A request that fails is not repeated here. */
export class S3Bucket {
  readonly #config: S3Config;
  readonly #url: URL;
  readonly #Signer: typeof AwsV4Signer;
  #problem: S3Problem | undefined;

  private constructor(config: S3Config, Signer: typeof AwsV4Signer) {
    this.#config = config;
    this.#Signer = Signer;
    const { endpoint, bucket, usesPath } = config;
    this.#url = new URL(endpoint);
    if (!usesPath) this.#url.hostname = `${bucket}.${this.#url.hostname}`;
    this.#url.pathname = `${this.#url.pathname.replace(/\/$/, '')}/${usesPath ? `${bucket}/` : ''}`;
  }

  /** Loads the code that signs requests, and returns the bucket. Sends nothing. */
  static async open(config: S3Config): Promise<S3Bucket> {
    const { AwsV4Signer: Signer } = await import('aws4fetch');
    return new S3Bucket(config, Signer);
  }

  /** The problem of the last request, or undefined if it was served. */
  get problem(): S3Problem | undefined {
    return this.#problem;
  }

  /**
   * Stores an object, all of it or nothing, and holds only a few of its bytes in memory.
   * @throws {S3Problem}, or the error of `bytes`
   */
  put(upload: S3Upload): Promise<void> {
    return this.#tracked(() => this.#put(upload));
  }

  /**
   * Returns the bytes from `first` to `last` of an object, or undefined if there is none.
   * @throws {S3Problem}
   */
  read(key: string, first: number, last: number): Promise<Buffer | undefined> {
    return this.#tracked(() => this.#read(key, first, last));
  }

  /** Deletes an object. Does nothing if there is none. @throws {S3Problem} */
  delete(key: string): Promise<void> {
    return this.#tracked(async () => leave(await this.#send({ method: 'DELETE', key })));
  }

  /** Stores, reads and deletes a small object. @throws {S3Problem} if one of these fails. */
  async check(): Promise<void> {
    const [key, bytes] = [`check-${randomUUID()}`, Buffer.from('Parley')];
    const upload = { key, size: bytes.length, sha256: sha256Of(bytes), bytes: Readable.from([bytes]) };
    await this.put({ ...upload, signal: AbortSignal.timeout(withinMs) });
    await this.read(key, 0, bytes.length - 1);
    await this.delete(key);
  }

  async #put({ key, size, sha256, bytes, signal }: S3Upload): Promise<void> {
    const headers = { 'content-length': String(size), 'x-amz-content-sha256': sha256 };
    let broken: { readonly by: unknown } | undefined;
    const body = reportingErrors(bytes, (by) => {
      broken = { by };
    });
    const sent = this.#send({ method: 'PUT', key, headers, body, signal });
    await leave(
      await sent.catch((thrown: unknown) => {
        throw broken === undefined ? thrown : broken.by;
      }),
    );
  }

  async #read(key: string, first: number, last: number): Promise<Buffer | undefined> {
    const response = await this.#send({ method: 'GET', key, headers: { range: `bytes=${first}-${last}` } });
    if (response.ok && (response.status === partial || first === 0))
      return this.#received(readAtMost(response, last - first + 1));
    await leave(response);
    if (response.status === noObject) return undefined;
    throw problemOfResponse(this.#config, response.status, 'instead of a range');
  }

  /** Runs `work`, and records its problem, or that there is none. */
  async #tracked<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#problem = undefined;
      return result;
    } catch (thrown) {
      if (thrown instanceof S3Problem) this.#problem = thrown;
      throw thrown;
    }
  }

  /**
   * Sends a request. Returns a successful response, or one that says that the object does not exist.
   * @throws {S3Problem}
   */
  async #send({ method, key, headers, body, signal = AbortSignal.timeout(withinMs) }: S3Request): Promise<Response> {
    const { keyId: accessKeyId, secret: secretAccessKey, region } = this.#config;
    const signer = new this.#Signer({
      ...{ method, url: new URL(key, this.#url).href, accessKeyId, secretAccessKey, region, service: 's3' },
      headers: { 'x-amz-content-sha256': noBytesHash, ...headers },
    });
    const signed = await signer.sign();
    signed.headers.set('accept-encoding', 'identity');
    const stream = body === undefined ? {} : { body: ReadableStream.from(body), duplex: 'half' as const };
    const sent = fetch(signed.url, { method, headers: signed.headers, ...stream, signal, redirect: 'manual' });
    const response = await this.#received(sent);
    if (response.ok) return response;
    const text = String(await this.#received(readAtMost(response, mostErrorBytes)));
    const [, code = ''] = /<Code>(\w+)<\/Code>/.exec(text) ?? [];
    if (response.status === noObject && method !== 'PUT' && code !== 'NoSuchBucket') return response;
    throw problemOfResponse(this.#config, response.status, code);
  }

  /** @throws {S3Problem} if the connection breaks */
  #received<T>(work: Promise<T>): Promise<T> {
    return work.catch((cause: unknown) => {
      throw problemOfConnection(this.#config, cause);
    });
  }
}
