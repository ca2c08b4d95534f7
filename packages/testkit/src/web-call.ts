import { Message } from '@parley/contract';
import { frameOf } from '@parley/rpc';

/** The result of a gRPC-Web call, read without a client library. */
export interface WebEnding {
  readonly http: number;
  readonly headers: Headers;
  readonly messages: Buffer[];
  /** Trailers from the last frame, else from the headers. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** Options of a call. */
export interface WebCallOptions {
  readonly token?: string | undefined;
  readonly text?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes to send instead of the framed body. */
  readonly raw?: Buffer | string;
  readonly signal?: AbortSignal;
}

/** Sends one message. Returns the streaming response. */
export function webFetch(url: string, body: Uint8Array, options: WebCallOptions = {}): Promise<Response> {
  const { token, text = false, headers, raw, signal } = options;
  const frame = frameOf(body);
  const type = text ? 'application/grpc-web-text' : 'application/grpc-web+proto';
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': type,
      accept: type, // Envoy responds with this type.
      'x-grpc-web': '1',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: raw ?? (text ? frame.toString('base64') : frame),
    ...(signal && { signal }),
  });
}

function framesIn(bytes: Buffer): { flag: number; body: Buffer }[] {
  if (bytes.length === 0) return [];
  const length = bytes.readUInt32BE(1);
  return [{ flag: bytes.readUInt8(0), body: bytes.subarray(5, 5 + length) }, ...framesIn(bytes.subarray(5 + length))];
}

/** Decodes concatenated pieces of base64, each with its own padding. */
function decodeText(text: string): Buffer {
  return Buffer.concat((text.match(/[\w+/]+=*/g) ?? []).map((piece) => Buffer.from(piece, 'base64')));
}

/** Makes one call and reads the whole response. */
export async function webCall(url: string, body: Uint8Array, options: WebCallOptions = {}): Promise<WebEnding> {
  const response = await webFetch(url, body, options);
  const raw = Buffer.from(await response.arrayBuffer());
  const isText = response.headers.get('content-type')?.startsWith('application/grpc-web-text') === true;
  const frames = framesIn(isText ? decodeText(raw.toString()) : raw);
  const last = frames.find(({ flag }) => flag === 0x80)?.body.toString();
  const lines = last?.split('\r\n').filter((line) => line !== '') ?? [];
  const trailers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
  return {
    http: response.status,
    headers: response.headers,
    messages: frames.filter(({ flag }) => flag === 0).map((frame) => frame.body),
    trailers: last === undefined ? Object.fromEntries(response.headers) : Object.fromEntries(trailers),
  };
}

/** Returns a decoder of base64 that arrives in arbitrary chunks. */
function wholeQuads(): (chunk: Uint8Array) => Buffer {
  let text = '';
  return (chunk) => {
    text += Buffer.from(chunk).toString('latin1');
    const whole = text.slice(0, text.length - (text.length % 4));
    text = text.slice(whole.length);
    return decodeText(whole);
  };
}

/**
 * A streaming call, binary or text, that records its frames and their arrival times. The frames are
 * messages, unless `decode` says otherwise.
 */
export class WebStream<Frame = Message> {
  readonly frames: Frame[] = [];
  readonly arrivedAtMs: number[] = [];
  readonly ended: Promise<Readonly<Record<string, string>>>;
  #trailers: Record<string, string> = {};
  readonly #abort = new AbortController();
  readonly #decode: (bytes: Uint8Array) => Frame;

  constructor(
    url: string,
    body: Uint8Array,
    options: WebCallOptions = {},
    decode = (bytes: Uint8Array) => Message.decode(bytes) as Frame,
  ) {
    this.#decode = decode;
    this.ended = this.#read(url, body, options);
  }

  async #read(url: string, body: Uint8Array, options: WebCallOptions): Promise<Record<string, string>> {
    const response = await webFetch(url, body, { ...options, signal: this.#abort.signal });
    this.#trailers = Object.fromEntries(response.headers);
    const wire = options.text === true ? wholeQuads() : (chunk: Uint8Array) => chunk;
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of response.body ?? []) rest = this.#parse(Buffer.concat([rest, wire(chunk)]));
    } catch (thrown) {
      if (!this.#abort.signal.aborted) return { ...this.#trailers, broken: String(thrown) };
    }
    return this.#trailers;
  }

  #parse(bytes: Buffer): Buffer {
    if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt32BE(1)) return bytes;
    const end = 5 + bytes.readUInt32BE(1);
    if (bytes[0] === 0) {
      this.frames.push(this.#decode(bytes.subarray(5, end)));
      this.arrivedAtMs.push(Date.now());
    } else {
      const lines = bytes.subarray(5, end).toString().trim().split('\r\n');
      this.#trailers = Object.fromEntries(lines.map((line) => line.split(/:(.*)/s)));
    }
    return this.#parse(bytes.subarray(end));
  }

  /**
   * Waits for a frame that matches.
   * @throws {Error} after a minute
   */
  async find(matches: (frame: Frame) => boolean): Promise<Frame> {
    for (let tries = 0; tries < 2_400; tries++) {
      const found = this.frames.find(matches);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`None of the ${this.frames.length} frames matched. Trailers: ${JSON.stringify(this.#trailers)}`);
  }

  /** Aborts the call. */
  cancel(): void {
    this.#abort.abort();
  }
}
