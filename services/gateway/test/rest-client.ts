import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod';
import { ApiRouter } from '../src/api/router.js';
import { restForm } from '../src/rest/rest-form.js';

/** Options of one request. */
export interface RestOptions {
  readonly token?: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Fields of responses that tests read. Each is in some responses only; matchers check the others. */
export interface RestJson {
  readonly id: number & string;
  readonly token: string;
  readonly user: RestJson;
  readonly seq: number;
  readonly text: string;
  readonly log: string;
  readonly kind: string;
  readonly path: string;
  readonly secret: string;
  readonly outgoing_webhooks: readonly RestJson[];
  readonly dead_letters: readonly RestJson[] & number;
  readonly disabled_reason: string | null;
  readonly channel: RestJson;
  readonly chats: readonly RestJson[];
  readonly messages: readonly RestJson[];
  readonly members: readonly RestJson[];
  readonly member_role: string;
  readonly sessions: readonly RestJson[];
  readonly additions: readonly RestJson[];
  readonly invites: readonly RestJson[];
  readonly receipts: readonly RestJson[];
  readonly notifications: readonly RestJson[];
  readonly bots: readonly RestJson[];
  readonly unread: number;
  readonly more: boolean;
  readonly deleted: boolean;
  readonly reason: string;
  readonly retry_after_ms: number;
  readonly errors?: readonly { readonly pointer: string }[];
}

/** The response to one request. */
export interface RestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed JSON; an empty object if there is none. */
  readonly json: RestJson;
}

const router = new ApiRouter(restForm.routes);

async function sendOnce(url: string, method: string, options: RestOptions = {}): Promise<RestResponse> {
  const { token, json, headers = {}, body = json === undefined ? undefined : JSON.stringify(json) } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

/**
 * Sends a request, and repeats it while the services are overloaded, as on a busy machine. `textOf`
 * returns the text of a response.
 */
export async function whileOverloaded<R extends { readonly status: number }>(
  send: () => Promise<R>,
  textOf: (response: R) => string,
  tries = 60,
): Promise<R> {
  const response = await send();
  if (response.status !== 503 || textOf(response).includes('files-away') || tries <= 1) return response;
  await pause(500);
  return whileOverloaded(send, textOf, tries - 1);
}

/** Sends a request as any HTTP client does, and repeats it while the services are overloaded. */
export function request(url: string, method: string, options?: RestOptions): Promise<RestResponse> {
  return whileOverloaded(
    () => sendOnce(url, method, options),
    ({ text }) => text,
  );
}

/** A client of `/api/v1`, which checks every answer against the schema of its route. */
export class RestClient {
  readonly #url: string;
  readonly #token: string | undefined;

  constructor(gateway: string, token?: string) {
    this.#url = `${gateway}/api/v1`;
    this.#token = token;
  }

  /** Sends a request. Other than `ok`, it accepts any status. */
  async send(method: string, path: string, options: RestOptions = {}): Promise<RestResponse> {
    const token = options.token ?? this.#token;
    const response = await request(`${this.#url}${path}`, method, {
      ...options,
      ...(token !== undefined && { token }),
    });
    const [route] = path.split('?');
    const found = router.find(String(route))?.byMethod.get(method as 'GET');
    if (response.status < 300) (found?.answer as z.ZodType | undefined)?.parse(response.json);
    return response;
  }

  /** Sends a request that must succeed, and returns its JSON. Waits and repeats it if it came too often. */
  async ok(method: string, path: string, json?: unknown): Promise<RestJson> {
    const response = await this.send(method, path, json === undefined ? {} : { json });
    if (response.status === 429) {
      await pause(response.json.retry_after_ms);
      return this.ok(method, path, json);
    }
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${response.text}`);
    return response.json;
  }
}
