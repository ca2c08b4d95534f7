import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { type Logger, limits, type Metrics, type Refusal, refusals, refuse } from '@parley/runtime';
import { asRefusal, Buckets, type BurstRate, type Proxies } from '@parley/service-kit';
import type { FileDesk } from '../files/file-desk.js';
import { allowSlowArrival, limitArrival, waitUnread } from '../http/arrival.js';
import { callerAddress } from '../http/caller-address.js';
import { callerKey } from '../http/caller-slots.js';
import type { HttpHandler, HttpVisit } from '../http/handler.js';
import { countInto, type RequestBounds } from '../http/request-bounds.js';
import { contextOf, requestIdOf } from '../http/request-id.js';
import type { ConditionalChanges } from '../store/conditional-changes.js';
import { type ByteRange, type Download, rangeOf } from './download.js';
import { checkIfMatch, etagOf, isKnown, unknownCondition } from './etag.js';
import { checkAccept, readRequest } from './read-request.js';
import { type ApiRequest, type ApiRoute, OtherAnswer } from './route.js';
import { ApiRouter, allowedMethods } from './router.js';
import { sendBytes } from './send-download.js';
import { ServiceCalls, type ServiceCallsDeps } from './service-calls.js';
import { isTemporary } from './temporary.js';

/** Error response of one door. */
export interface ApiProblem {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** The properties in which HTTP doors differ. */
export interface ApiForm {
  /** Beginning of all paths, such as `/api/v1`. */
  readonly prefix: string;
  readonly routes: readonly ApiRoute[];
  /**
   * Returns an error in the form of this door. No other code maps reasons to statuses for this
   * door.
   */
  readonly problemOf: (refusal: Refusal, request: IncomingMessage) => ApiProblem;
  /**
   * Returns the token of a request for a route that needs one.
   * @throws {Refusal} `unauthenticated` if there is none.
   */
  readonly tokenOf: (visit: HttpVisit, route: ApiRoute) => string;
  /**
   * Returns additional response headers, given the duration of the call in milliseconds. Absent:
   * none.
   */
  readonly headersOf?: (ms: number) => OutgoingHttpHeaders;
}

/** Parts that a door uses. */
export interface ApiDoorDeps extends ServiceCallsDeps {
  readonly bounds: RequestBounds;
  readonly files: FileDesk;
  readonly changes: ConditionalChanges;
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Rate of the requests of one token, or of one address without a token. */
const requestRate: BurstRate = { burst: 600, perSecond: 60 };
const policy = `"requests";q=${requestRate.burst};w=${requestRate.burst / requestRate.perSecond}`;
const secondMs = 1_000;
const noBytes = Buffer.alloc(0);

/** One request while it is served. */
interface ApiTurn extends HttpVisit {
  readonly startedAtMs: number;
  /** The name of the call in metrics and in the log. */
  name: string;
}

/**
 * Returns the refusal to send: if the token is not valid, the refusal of the token instead of the
 * thrown one. Some refusals are thrown before any service has checked the token, and a stranger
 * must not learn anything from them.
 */
async function tokenRefusal(calls: ServiceCalls, thrown: unknown): Promise<Refusal> {
  const refusal = asRefusal(thrown);
  const isOfToken = ({ reason }: Refusal) => refusals[reason].http === 401;
  if (isOfToken(refusal) || (isTemporary(refusal) && refusal.reason !== 'not-implemented')) return refusal;
  return calls.me().then(
    () => refusal,
    (other: unknown) => (isOfToken(asRefusal(other)) ? asRefusal(other) : refusal),
  );
}

/** One HTTP API over the services: a table of routes, and the form of its errors. */
export class ApiDoor {
  readonly #form: ApiForm;
  readonly #deps: ApiDoorDeps;
  readonly #router: ApiRouter;
  readonly #rates = new Buckets<string>();

  constructor(form: ApiForm, deps: ApiDoorDeps) {
    this.#form = form;
    this.#deps = deps;
    this.#router = new ApiRouter(form.routes);
  }

  /** Handles every request below the prefix, even if no route serves it. */
  readonly handle: HttpHandler = (visit) => {
    const { prefix } = this.#form;
    if (visit.path !== prefix && !visit.path.startsWith(`${prefix}/`)) return false;
    contextOf(visit.request).beginSpan(prefix);
    const turn = { ...visit, startedAtMs: performance.now(), name: prefix };
    this.#serve(turn).catch((thrown: unknown) => this.#refuse(turn, asRefusal(thrown)));
    return true;
  };

  async #serve(turn: ApiTurn): Promise<void> {
    const { request, path } = turn;
    await this.#deps.bounds.waitForEarlier(turn);
    const found = this.#router.find(path.slice(this.#form.prefix.length));
    if (found === undefined) throw refuse('unknown-path');
    const allow = allowedMethods(found.byMethod);
    const { method = '' } = request;
    const route = found.byMethod.get((method === 'HEAD' ? 'GET' : method) as ApiRoute['method']);
    if (route !== undefined) return this.#run(turn, route, found.params);
    turn.response.setHeader('allow', allow.join(', '));
    if (method !== 'OPTIONS') throw refuse('wrong-method');
    const offers = [...found.byMethod.values()].map((one) => one.offers);
    this.#send(turn, 204, Object.assign({}, ...offers), '');
  }

  async #run(turn: ApiTurn, route: ApiRoute, given: Readonly<Record<string, string>>): Promise<void> {
    const { bounds, proxies, files } = this.#deps;
    const { request, response } = turn;
    turn.name = `${route.method} ${this.#form.prefix}${route.path}`;
    for (const [name, value] of Object.entries(route.offers)) response.setHeader(name, value);
    if (!route.isDownload) checkAccept(request);
    const token = route.isPublic ? undefined : this.#form.tokenOf(turn, route);
    const address = callerAddress(request, proxies);
    const authorization = token === undefined ? undefined : `Bearer ${token}`;
    this.#countRequest(turn, callerKey({ address, authorization }));
    const free = await waitUnread(request, bounds.slots.acquire({ address, authorization }));
    response.once('close', free);
    if (response.closed) return free();
    const memory = bounds.memoryOf(turn, () => {
      response.shouldKeepAlive = false; // The rest of the request is not read.
      this.#refuse(turn, refuse('too-busy'));
    });
    const calls = new ServiceCalls(this.#deps, { token, address, response });
    try {
      const hold = countInto(memory);
      const read = await readRequest(route, request, given, hold);
      if (route.upload !== undefined) allowSlowArrival(request);
      const setHeader = (name: string, value: string) => void response.setHeader(name, value);
      const context = { headers: request.headers, address, calls, files, incoming: request, hold, setHeader };
      const asked = { ...read, ...context } as ApiRequest<never, never, never>;
      const answer = await this.#changed(route, asked);
      if (route.isDownload) await this.#download(turn, answer as Download);
      else this.#answer(turn, route, answer);
    } catch (thrown) {
      if (route.upload !== undefined) {
        request.resume(); // If the connection closed now, a client that still sends would lose its response.
        limitArrival(request, limits.requestWithinMs);
      }
      throw token === undefined ? thrown : await tokenRefusal(calls, thrown);
    }
  }

  /** Runs the handler of a route. With If-Match, no other such request changes the resource meanwhile. */
  async #changed(route: ApiRoute, asked: ApiRequest<never, never, never>): Promise<unknown> {
    const { current, method, path, run } = route;
    if (method === 'GET' || asked.headers['if-match'] === undefined) return run(asked);
    if (current === undefined) throw unknownCondition();
    const resource = JSON.stringify([path, asked.params ?? (await asked.calls.me()).id]);
    return this.#deps.changes.run(resource, async () => {
      checkIfMatch(asked.headers, await current(asked));
      return run(asked);
    });
  }

  /** Counts a request against the rate of its caller. @throws {Refusal} `read-too-often`. */
  #countRequest({ response }: ApiTurn, key: string): void {
    const retryAfterMs = this.#rates.take(key, requestRate);
    const left = Math.floor(this.#rates.left(key, requestRate));
    const refillSeconds = Math.ceil((requestRate.burst - left) / requestRate.perSecond);
    response.setHeader('ratelimit-policy', policy);
    response.setHeader('ratelimit', `"requests";r=${Math.max(0, left)};t=${refillSeconds}`);
    if (retryAfterMs > 0) throw refuse('read-too-often', { retryAfterMs });
  }

  #answer(turn: ApiTurn, route: ApiRoute, json: unknown): void {
    if (json instanceof OtherAnswer) {
      this.#send(turn, json.status, { 'content-type': json.contentType }, json.text);
      return;
    }
    const text = route.answer === undefined ? '' : JSON.stringify(json);
    const etag = route.method === 'GET' ? { etag: etagOf(text) } : {};
    const isSame = etag.etag !== undefined && isKnown(turn.request.headers, etag.etag);
    const type = text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' };
    this.#send(turn, isSame ? 304 : route.status, { ...type, ...etag }, text);
  }

  async #download(turn: ApiTurn, download: Download): Promise<void> {
    const { request, response } = turn;
    const { size, etag } = download;
    response.setHeader('etag', etag).setHeader('accept-ranges', 'bytes');
    if (isKnown(request.headers, etag)) return this.#send(turn, 304, {}, '');
    response.setHeader('content-range', `bytes */${size}`);
    const range = rangeOf(request.headers, download);
    response.removeHeader('content-range');
    const { first, last }: ByteRange = range ?? { first: 0, last: size - 1 };
    const isRead = request.method !== 'HEAD' && first <= last;
    const start = isRead ? await download.read(first, last) : noBytes;
    if (start === undefined) throw refuse('file-not-found');
    response.writeHead(range === undefined ? 200 : 206, {
      ...download.headers,
      ...(range !== undefined && { 'content-range': `bytes ${first}-${last}/${size}` }),
      'content-length': last - first + 1,
    });
    if (request.method === 'HEAD') response.end();
    else await sendBytes(response, download, { first, last }, start, this.#deps.bounds.unreadOf(turn));
    this.#report(turn, undefined);
  }

  #refuse(turn: ApiTurn, refusal: Refusal): void {
    if (turn.response.headersSent) return;
    const { status, contentType, body } = this.#form.problemOf(refusal, turn.request);
    const seconds = Math.ceil(refusal.retryAfterMs / secondMs);
    const headers = {
      'content-type': contentType,
      ...(seconds > 0 && { 'retry-after': String(seconds) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.#send(turn, status, headers, text, refusal);
  }

  #send(turn: ApiTurn, status: number, headers: OutgoingHttpHeaders, text: string, refusal?: Refusal): void {
    const { request, response } = turn;
    if (response.headersSent) return;
    const hasBody = status !== 204 && status !== 304;
    const length = hasBody ? { 'content-length': Buffer.byteLength(text) } : {};
    const more = this.#form.headersOf?.(performance.now() - turn.startedAtMs);
    response.writeHead(status, { 'cache-control': 'no-store', ...length, ...more, ...headers });
    response.end(hasBody && request.method !== 'HEAD' ? text : undefined);
    this.#report(turn, refusal);
    if (response.closed) return;
    const unread = this.#deps.bounds.unreadOf(turn);
    unread.set(response.writableLength);
    const timer = setTimeout(() => response.destroy(), limits.takenWithinMs).unref();
    response.once('close', () => {
      clearTimeout(timer);
      unread.set(0);
    });
  }

  #report({ name, startedAtMs, request }: ApiTurn, refusal: Refusal | undefined): void {
    const reason = refusal?.reason ?? 'ok';
    const ms = performance.now() - startedAtMs;
    this.#deps.metrics.countCall(name, reason, ms);
    contextOf(request).endSpan(reason, name);
    const line = { call: name, reason, ms: Math.round(ms * 10) / 10, requestId: requestIdOf(request) };
    if (reason === 'internal') this.#deps.log.error({ ...line, err: refusal?.cause }, 'call failed');
    else this.#deps.log.debug(line, 'call');
  }
}
