import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type ClientReadableStream, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { refusalFromStatus, statusFromRefusal } from '@parley/rpc';
import {
  type Logger,
  limits,
  type Metrics,
  type Part,
  type Refusal,
  RequestBudget,
  refusalFrom,
  refusals,
  refuse,
} from '@parley/runtime';
import type { Proxies } from '@parley/service-kit';
import type { Upstream, Upstreams } from '../clients/upstreams.js';
import type { Door, Visit } from './door.js';
import type { ChatRoutes } from './routes.js';
import { type UserCallTarget, userCalls } from './user-calls.js';
import { WebAnswer } from './web-answer.js';
import { readMessage, type WebFraming, wireOf } from './web-message.js';

export interface BridgeDeps {
  readonly upstreams: Upstreams;
  readonly routes: ChatRoutes;
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** One gRPC-Web call on its way. */
interface Crossing extends Visit {
  readonly target: UserCallTarget;
  readonly answer: WebAnswer;
  readonly startedAt: number;
}

/** Of what a page sends, all that a service sees. */
const passedOn = ['authorization', 'chat-events', 'chat-resume'] as const;
const withinMs = 15_000;
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

const asIs = (bytes: Buffer) => bytes;

/** Where the page is, too: services count attempts by address. */
function metadataOf({ headers, socket }: IncomingMessage, proxies: Proxies): Metadata {
  const metadata = new Metadata();
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  metadata.set('x-forwarded-for', proxies.named(peer, String(headers['x-forwarded-for'] ?? '')));
  for (const key of passedOn) {
    const value = headers[key];
    if (typeof value === 'string') pass(metadata, key, value);
  }
  return metadata;
}

/** HTTP allows more characters than gRPC does. */
function pass(metadata: Metadata, key: string, value: string): void {
  try {
    metadata.set(key, value);
  } catch (cause) {
    throw refuse('invalid-metadata', { cause });
  }
}

/** When a call is given up: as its page wants it, but no later than others; a stream only where its page wants it. */
function deadlineOf({ request, target }: Crossing): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(request.headers['grpc-timeout'] ?? '')) ?? [];
  const wanted = digits === undefined ? undefined : Math.min(Number(digits) * (units[unit] ?? 1), 86_400_000);
  if (target === 'chat-server stream') return wanted === undefined ? undefined : Date.now() + wanted;
  return Date.now() + Math.min(wanted ?? withinMs, withinMs);
}

/** gRPC-Web for pages where there is no Envoy: exactly the calls of users, bytes in and bytes out. */
export class Bridge implements Part {
  readonly #deps: BridgeDeps;
  readonly #streams = new Set<ClientReadableStream<Buffer>>();
  readonly #lastAnswers = new WeakMap<Socket, Promise<unknown>>();
  readonly #budget = new RequestBudget(limits.requestBudgetBytes);
  #stopping = false;

  constructor(deps: BridgeDeps) {
    this.#deps = deps;
    deps.metrics.gauge('parley_web_streams', 'open streams of pages', () => this.#streams.size);
    deps.metrics.gauge('parley_request_bytes', 'bytes of requests that have no answer yet', () => this.#budget.held);
  }

  /** Takes every gRPC-Web request, those for calls that there are not too. */
  readonly door: Door = (visit) => {
    const wire = visit.request.method === 'POST' ? wireOf(visit.request.headers['content-type']) : undefined;
    if (wire === undefined) return false;
    const answer = new WebAnswer(visit.response, wire);
    const target = userCalls.get(visit.path);
    if (target === undefined) {
      answer.end({ code: status.UNIMPLEMENTED, details: 'unknown method', metadata: new Metadata() }, 404);
      return true;
    }
    this.#cross({ ...visit, target, answer, startedAt: performance.now() }, wire).catch((thrown) =>
      this.#deps.log.error({ err: thrown, rpc: visit.path }, 'a gRPC-Web call was not answered'),
    );
    return true;
  };

  async #cross(crossing: Crossing, wire: WebFraming): Promise<void> {
    let upstream: Upstream | undefined;
    await this.#turnOf(crossing);
    try {
      upstream = await this.#upstreamFor(crossing);
      const message = await readMessage(crossing.request, wire, this.#counter(crossing));
      this.#relay(crossing, upstream, message);
    } catch (thrown) {
      upstream?.release();
      this.#refuse(crossing, refusalFrom(thrown));
    }
  }

  /** What a connection asks for ahead of its answers waits: else they would all be held, for who may never take one. */
  async #turnOf({ request: { socket }, response }: Crossing): Promise<void> {
    const before = this.#lastAnswers.get(socket);
    this.#lastAnswers.set(socket, new Promise((resolve) => response.once('close', resolve)));
    await before;
  }

  /** Counts the bytes that a request brings, until it is answered. */
  #counter({ request: { socket }, response }: Crossing): (bytes: number) => void {
    let held = 0;
    response.once('close', () => this.#budget.give(socket, held));
    return (bytes) => {
      if (response.closed || !this.#budget.take(socket, bytes)) throw refuse('too-busy');
      held += bytes;
    };
  }

  async #upstreamFor({ target, request }: Crossing): Promise<Upstream> {
    const { upstreams, routes } = this.#deps;
    if (target === 'user-service') return upstreams.userService();
    if (target === 'manager') return upstreams.manager();
    const address = await routes.addressFor(request.headers.authorization);
    return target === 'chat-server' ? upstreams.chatServer(address) : upstreams.ownChatServer(address);
  }

  /** A short call whose page went away is let end: a reset would cost those who share its connection. */
  #relay(crossing: Crossing, { client, release }: Upstream, message: Buffer): void {
    const { request, response, path, target, answer } = crossing;
    const deadline = deadlineOf(crossing);
    const options = deadline === undefined ? {} : { deadline };
    const call = client.makeServerStreamRequest(
      path,
      asIs,
      asIs,
      message,
      metadataOf(request, this.#deps.proxies),
      options,
    );
    const isStream = target === 'chat-server stream';
    if (isStream) this.#streams.add(call);
    call.on('metadata', (metadata: Metadata) => response.headersSent || answer.begin(metadata));
    call.on('data', (bytes: Buffer) => answer.message(bytes) || response.destroyed || call.pause());
    call.on('error', () => {}); // the status tells
    call.on('status', (ending: StatusObject) => {
      this.#streams.delete(call);
      release();
      this.#end(crossing, ending);
    });
    response.on('drain', () => call.resume());
    const leave = () => (isStream ? call.cancel() : call.resume());
    if (response.closed) leave();
    else response.once('close', leave);
  }

  #end(crossing: Crossing, ending: StatusObject): void {
    if (ending.code === status.OK) this.#finish(crossing, ending);
    else this.#break(crossing, ending);
  }

  #finish(crossing: Crossing, ending: StatusObject): void {
    crossing.answer.end(ending);
    this.#report(crossing, 'ok');
  }

  /** A status without a reason comes from the transport, not from the service. */
  #break(crossing: Crossing, ending: StatusObject): void {
    const refusal = this.#stopping ? refuse('draining') : refusalFromStatus(ending);
    const isOfService = ending.metadata.get('chat-reason').length > 0;
    crossing.answer.end(statusFromRefusal(refusal), isOfService ? 200 : refusals[refusal.reason].http);
    this.#report(crossing, refusal.reason);
  }

  #refuse(crossing: Crossing, refusal: Refusal): void {
    crossing.answer.end(statusFromRefusal(refusal), refusals[refusal.reason].http);
    this.#report(crossing, refusal.reason, refusal.cause);
  }

  #report({ path, startedAt }: Crossing, reason: string, cause?: unknown): void {
    const rpc = path.slice(1);
    const ms = performance.now() - startedAt;
    this.#deps.metrics.countCall(rpc, reason, ms);
    const line = { rpc, reason, ms: Math.round(ms * 10) / 10 };
    if (reason === 'internal') this.#deps.log.error({ ...line, err: cause }, 'call failed');
    else this.#deps.log.debug(line, 'call');
  }

  /** Streams end with a word, so that their pages come back; short calls are let end. */
  stop(): void {
    this.#stopping = true;
    for (const call of this.#streams) call.cancel();
  }
}
