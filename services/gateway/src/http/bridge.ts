import type { IncomingMessage } from 'node:http';
import { type ClientReadableStream, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { refusalFromStatus, statusFromRefusal, withCallId } from '@parley/rpc';
import {
  type Logger,
  type MemoryHolding,
  type Metrics,
  type Part,
  type Refusal,
  refusalFrom,
  refusals,
  refuse,
} from '@parley/runtime';
import type { Call, Proxies, TurnQueue } from '@parley/service-kit';
import type { DrainedStreams } from '../background/gateway-drain.js';
import type { Upstream } from '../clients/connection-pool.js';
import type { Upstreams } from '../clients/upstreams.js';
import type { InboxStream } from '../inbox/stream.js';
import { callerAddress } from './caller-address.js';
import type { HttpHandler, HttpVisit } from './handler.js';
import { countInto, type RequestBounds } from './request-bounds.js';
import { contextOf, requestIdOf } from './request-id.js';
import type { ChatRoutes } from './routes.js';
import { adminPageCalls, type CallTargets, type UserCallTarget, userCalls } from './user-calls.js';
import { WebAnswer } from './web-answer.js';
import { WebInboxStream } from './web-inbox-stream.js';
import { readMessage, type WebFraming, wireOf } from './web-message.js';

/** Function that serves a call of InboxService on a stream. */
type InboxCall = (stream: InboxStream, call: Call, request: Buffer) => Promise<void>;

/** Parts that the bridge uses. */
export interface BridgeDeps {
  readonly upstreams: Upstreams;
  readonly routes: ChatRoutes;
  /** Functions that serve the calls of InboxService. */
  readonly inbox: { readonly watch: InboxCall; readonly post: InboxCall };
  readonly overviews: TurnQueue;
  readonly bounds: RequestBounds;
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** One gRPC-Web call in progress. */
interface WebCall extends HttpVisit {
  readonly target: UserCallTarget;
  readonly answer: WebAnswer;
  /** Memory of the request. */
  readonly memory: MemoryHolding;
  readonly startedAt: number;
}

/**
 * Connection that holds a slot of the caller. Call `accepted` once the service has sent response
 * headers.
 */
interface TakenUpstream extends Upstream {
  readonly accepted: () => void;
}

/** The stream of a page to a chat server, which the gateway may end before the chat server does. */
class PageStream {
  /** Refusal for which the gateway ended the stream. */
  endedWith: Refusal | undefined;
  readonly #call: ClientReadableStream<Buffer>;

  constructor(call: ClientReadableStream<Buffer>) {
    this.#call = call;
  }

  end(refusal: Refusal): void {
    this.endedWith ??= refusal;
    this.#call.cancel();
  }
}

/** Request headers that are forwarded to a service. */
const forwardedHeaders = ['authorization', 'chat-events', 'chat-resume'] as const;
const timeoutMs = 15_000;
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

const asIs = (bytes: Buffer) => bytes;

/**
 * Returns the metadata to send to a service: the forwarded headers, and the address of the page for
 * rate limits by address.
 */
function metadataOf(request: IncomingMessage, proxies: Proxies): Metadata {
  const { headers } = request;
  const metadata = withCallId(new Metadata(), contextOf(request));
  metadata.set('x-forwarded-for', callerAddress(request, proxies));
  for (const key of forwardedHeaders) {
    const value = headers[key];
    if (typeof value === 'string') setMetadata(metadata, key, value);
  }
  return metadata;
}

/**
 * Sets metadata from an HTTP header.
 * @throws {Refusal} `invalid-metadata` for a character that HTTP allows and gRPC does not.
 */
function setMetadata(metadata: Metadata, key: string, value: string): void {
  try {
    metadata.set(key, value);
  } catch (cause) {
    throw refuse('invalid-metadata', { cause });
  }
}

/**
 * Returns the deadline of a call in Unix ms: the one that the page set, but at most 15 s from now
 * for a unary call. A stream may have none.
 */
function deadlineOf({ request, target }: WebCall): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(request.headers['grpc-timeout'] ?? '')) ?? [];
  const wanted = digits === undefined ? undefined : Math.min(Number(digits) * (units[unit] ?? 1), 86_400_000);
  if (target === 'chat-server stream') return wanted === undefined ? undefined : Date.now() + wanted;
  return Date.now() + Math.min(wanted ?? timeoutMs, timeoutMs);
}

/** Returns whether a call stays open, so that its duration says nothing about speed. */
function isStream(target: UserCallTarget): boolean {
  return target === 'chat-server stream' || target === 'inbox stream';
}

/** Returns a function that calls both functions in order. */
function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}

/**
 * Bridges gRPC-Web to gRPC for pages without Envoy. Forwards the calls of users and nothing else,
 * without decoding them.
 */
export class Bridge implements Part, DrainedStreams {
  readonly #deps: BridgeDeps;
  readonly #streams = new Set<PageStream>();
  #refusesStreams = false;

  constructor(deps: BridgeDeps) {
    this.#deps = deps;
    deps.metrics.gauge('parley_web_streams', 'open streams of pages', () => this.#streams.size);
  }

  /** Handles every gRPC-Web request of users, including calls of unknown methods. */
  readonly handle: HttpHandler = (visit) => this.#take(visit, userCalls);

  /** Does the same for the calls of the admin page. */
  readonly handleForAdminPage: HttpHandler = (visit) => this.#take(visit, adminPageCalls);

  #take(visit: HttpVisit, targets: CallTargets): boolean {
    const wire = visit.request.method === 'POST' ? wireOf(visit.request.headers['content-type']) : undefined;
    if (wire === undefined) return false;
    const answer = new WebAnswer(visit.response, wire, this.#deps.bounds.unreadOf(visit));
    const target = targets.get(visit.path);
    if (target === undefined) {
      answer.end({ code: status.UNIMPLEMENTED, details: 'unknown method', metadata: new Metadata() }, 404);
      return true;
    }
    if (!isStream(target)) contextOf(visit.request).beginSpan(visit.path.slice(1));
    const call = {
      ...visit,
      target,
      answer,
      memory: this.#deps.bounds.memoryOf(visit, () => this.#drop(call)),
      startedAt: performance.now(),
    };
    this.#forward(call, wire).catch((thrown) =>
      this.#deps.log.error({ err: thrown, rpc: visit.path }, 'gRPC-Web call got no response'),
    );
    return true;
  }

  /** Refuses a call whose request takes too much memory, and closes its connection. */
  #drop(call: WebCall): void {
    call.response.shouldKeepAlive = false; // the rest of the request is not read
    this.#refuse(call, refuse('too-busy'));
  }

  async #forward(call: WebCall, wire: WebFraming): Promise<void> {
    let upstream: TakenUpstream | undefined;
    await this.#deps.bounds.waitForEarlier(call);
    try {
      const chatServer = await this.#chatServerOf(call);
      const message = await readMessage(call.request, wire, countInto(call.memory));
      if (call.target === 'inbox stream') return await this.#openInbox(call, message);
      if (call.target === 'inbox') return await this.#serve(call, message, this.#deps.inbox.post);
      const deadline = deadlineOf(call); // The deadline includes the wait for a slot.
      upstream = await this.#upstreamFor(call, chatServer);
      this.#relay(call, upstream, message, deadline);
    } catch (thrown) {
      upstream?.release();
      this.#refuse(call, refusalFrom(thrown));
    }
  }

  /** Opens an inbox. The call holds a slot until its caller has been authenticated. */
  async #openInbox(call: WebCall, message: Buffer): Promise<void> {
    this.#deps.bounds.slots.countStream(call.request.headers.authorization);
    await this.#serve(call, message, this.#deps.inbox.watch);
  }

  async #serve(call: WebCall, message: Buffer, serve: InboxCall): Promise<void> {
    const { request, response, path, answer } = call;
    const { authorization } = request.headers;
    const address = callerAddress(request, this.#deps.proxies);
    const free = await this.#deps.bounds.slots.acquire({ address, authorization });
    try {
      const metadata = metadataOf(request, this.#deps.proxies);
      const stream = new WebInboxStream(response, answer, (reason) => this.#report(call, reason));
      await serve(stream, stream.call(path, metadata, address), message);
      call.memory.set(0);
    } finally {
      free();
    }
  }

  /**
   * Returns the address of the chat server for the call, or undefined if it goes to another
   * service.
   */
  async #chatServerOf({ target, request }: WebCall): Promise<string | undefined> {
    if (target !== 'chat-server' && target !== 'chat-server stream') return undefined;
    return this.#deps.routes.addressFor(request.headers.authorization);
  }

  /**
   * Returns a connection for the call after waiting for a slot of its caller. A unary call holds
   * the slot until the page has read the response, a stream until the chat server has accepted it.
   */
  async #upstreamFor(call: WebCall, chatServer: string | undefined): Promise<TakenUpstream> {
    const { request, response, target } = call;
    const { authorization } = request.headers;
    if (target === 'chat-server stream') this.#deps.bounds.slots.countStream(authorization);
    const freeSlot = await this.#deps.bounds.slots.acquire({
      address: callerAddress(request, this.#deps.proxies),
      authorization,
    });
    try {
      if (response.closed) throw refuse('cancelled');
      if (this.#refusesStreams && target === 'chat-server stream') throw refuse('draining');
      if (target === 'chat-server stream') {
        const { client, release } = this.#deps.upstreams.ownChatServer(String(chatServer));
        return { client, release: both(release, freeSlot), accepted: freeSlot };
      }
      const { client, release } = await this.#sharedUpstream(call, chatServer);
      const free = () => (response.closed ? freeSlot() : void response.once('close', freeSlot));
      return { client, release: both(release, free), accepted: () => {} };
    } catch (thrown) {
      freeSlot();
      throw thrown;
    }
  }

  async #sharedUpstream({ target, response }: WebCall, chatServer: string | undefined): Promise<Upstream> {
    const { upstreams, overviews } = this.#deps;
    if (chatServer !== undefined) return upstreams.chatServer(chatServer);
    if (target === 'user-service') return upstreams.userService();
    if (target === 'manager') return upstreams.manager();
    const endTurn = await overviews.enter((listener) => response.once('close', listener));
    try {
      const { client, release } = upstreams.manager();
      return { client, release: both(release, endTurn) };
    } catch (thrown) {
      endTurn();
      throw thrown;
    }
  }

  /**
   * Relays the response. Finishes a unary call even if its page has left, because a reset would
   * affect the shared connection.
   */
  #relay(
    call: WebCall,
    { client, release, accepted }: TakenUpstream,
    message: Buffer,
    deadline: number | undefined,
  ): void {
    const { request, response, path, target, answer } = call;
    const options = deadline === undefined ? {} : { deadline };
    const stream = client.makeServerStreamRequest(
      path,
      asIs,
      asIs,
      message,
      metadataOf(request, this.#deps.proxies),
      options,
    );
    const isOpen = target === 'chat-server stream';
    const page = new PageStream(stream);
    if (isOpen) this.#streams.add(page);
    stream.on('metadata', (metadata: Metadata) => {
      accepted();
      call.memory.set(0);
      if (!response.headersSent) answer.begin(metadata);
    });
    stream.on('data', (bytes: Buffer) => answer.message(bytes) || response.destroyed || stream.pause());
    stream.on('error', () => {}); // The error is also in the status.
    stream.on('status', (ending: StatusObject) => {
      this.#streams.delete(page);
      release();
      this.#end(call, page.endedWith === undefined ? ending : statusFromRefusal(page.endedWith));
    });
    response.on('drain', () => stream.resume());
    const cancel = () => (isOpen ? stream.cancel() : stream.resume());
    if (response.closed) cancel();
    else response.once('close', cancel);
  }

  #end(call: WebCall, ending: StatusObject): void {
    if (call.response.writableEnded) return; // the response was dropped
    if (ending.code === status.OK) this.#finish(call, ending);
    else this.#break(call, ending);
  }

  #finish(call: WebCall, ending: StatusObject): void {
    call.answer.end(ending);
    this.#report(call, 'ok');
  }

  /**
   * Sends a failed status. A status without a reason came from the transport, not from the service.
   */
  #break(call: WebCall, ending: StatusObject): void {
    const refusal = refusalFromStatus(ending);
    const isFromService = ending.metadata.get('chat-reason').length > 0;
    call.answer.end(statusFromRefusal(refusal), isFromService ? 200 : refusals[refusal.reason].http);
    this.#report(call, refusal.reason);
  }

  #refuse(call: WebCall, refusal: Refusal): void {
    if (call.response.writableEnded) return;
    call.answer.end(statusFromRefusal(refusal), refusals[refusal.reason].http);
    this.#report(call, refusal.reason, refusal.cause);
  }

  #report({ path, startedAt, target, request }: WebCall, reason: string, cause?: unknown): void {
    const rpc = path.slice(1);
    const ms = performance.now() - startedAt;
    contextOf(request).endSpan(reason);
    if (isStream(target)) this.#deps.metrics.countStream(rpc, reason, ms);
    else this.#deps.metrics.countCall(rpc, reason, ms);
    const line = { rpc, requestId: requestIdOf(request), reason, ms: Math.round(ms * 10) / 10 };
    if (reason === 'internal') this.#deps.log.error({ ...line, err: cause }, 'call failed');
    else this.#deps.log.debug(line, 'call');
  }

  /** Refuses new streams to chat servers. Unary calls work as usual. */
  refuseNew(): void {
    this.#refusesStreams = true;
  }

  get openStreams(): readonly PageStream[] {
    return [...this.#streams];
  }

  /** Ends streams with a reason, so that pages reconnect. Unary calls finish. */
  stop(): void {
    this.refuseNew();
    for (const stream of this.#streams) stream.end(refuse('draining'));
  }
}
