import type { ServerResponse } from 'node:http';
import { Channel, ChannelService, HistoryRequest, InboxCommand } from '@parley/contract';
import { boundToCall, type Logger, type Metrics, type Reason, Refusal, refuse } from '@parley/runtime';
import { asRefusal, type Proxies, type UserCaller } from '@parley/service-kit';
import { patientCall } from '../../api/patient-call.js';
import { ServiceCalls, type ServiceCallsDeps } from '../../api/service-calls.js';
import { isTemporary } from '../../api/temporary.js';
import { callerAddress } from '../../http/caller-address.js';
import type { HttpHandler, HttpVisit } from '../../http/handler.js';
import type { RequestBounds } from '../../http/request-bounds.js';
import { StreamLogin } from '../../http/stream-login.js';
import type { InboxDevice, InboxSession } from '../../inbox/session.js';
import { ChatEditor } from './chat-editor.js';
import type { Directory } from './directory.js';
import { errorOf } from './errors.js';
import { eventBlock } from './event-framing.js';
import { EventStream, type EventWriter } from './event-stream.js';
import { EventsMachine, type EventsNeed } from './events-machine.js';
import type { NewChats } from './new-chats.js';
import { EventIds, type ResumePoint, readResumePoint } from './resume-point.js';
import { type Chat001, isSpoken, wireChat, wireMessage } from './shapes.js';

/** Parts that the door uses. */
export interface EventsDoorDeps extends ServiceCallsDeps {
  readonly openSession: (device: InboxDevice) => InboxSession;
  /** Returns the id of the current log of a channel, if an inbox follows the channel. */
  readonly logOf: (channelId: number) => string | undefined;
  readonly tokenOf: (visit: HttpVisit) => string;
  readonly directory: Directory;
  readonly newChats: NewChats;
  readonly bounds: RequestBounds;
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
}

type ChatNeed = EventsNeed & { readonly kind: 'chat' };
type GapNeed = EventsNeed & { readonly kind: 'gap' };

/** One open stream, and the caller on whose behalf it reads. */
interface Listening {
  readonly machine: EventsMachine;
  readonly me: UserCaller;
  readonly calls: ServiceCalls;
  readonly response: ServerResponse;
}

/** Reasons that mean that the user may no longer see a chat. */
const gone: ReadonlySet<Reason> = new Set<Reason>(['channel-not-found', 'not-a-member']);
const eventsPath = '/events';
const pageSize = 100;
const leastRetryMs = 1_000;
/** Time for which a look-up is repeated before the stream ends, in milliseconds. */
const lookUpWithinMs = 15_000;

/**
 * Returns the id of the event from which a request resumes: the one that the browser repeats, or
 * else `?after=`.
 */
function resumeIdOf({ request }: HttpVisit): string {
  const { 'last-event-id': last } = request.headers;
  const query = new URLSearchParams(request.url?.split('?')[1] ?? '');
  return String(last ?? '') || (query.get('after') ?? '');
}

/**
 * Returns the line that repeats the id of the request, or nothing if there is none. A client whose
 * library keeps no id between streams would otherwise forget it in a stream without events.
 */
function repeatedIdLine(visit: HttpVisit): string {
  const id = resumeIdOf(visit);
  return /^[\x21-\x7e]+$/.test(id) ? `id: ${id}\n` : '';
}

/**
 * Refuses a request. If a retry may succeed, sends a stream without events instead, because a
 * browser reconnects only after status 200.
 */
function answerRefusal(visit: HttpVisit, refusal: Refusal): void {
  const { response } = visit;
  if (response.headersSent || response.destroyed) return;
  if (isTemporary(refusal)) {
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
    const retry = `retry: ${Math.max(refusal.retryAfterMs, leastRetryMs)}\n\n`;
    response.writeHead(200, headers).end(repeatedIdLine(visit) + retry);
    return;
  }
  const { status, contentType, body } = errorOf(refusal);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
}

/** The stream of events of document 001: `GET /events`. */
export class EventsDoor {
  readonly #deps: EventsDoorDeps;
  readonly #login: StreamLogin;
  #open = 0;

  constructor(deps: EventsDoorDeps) {
    this.#deps = deps;
    this.#login = new StreamLogin(deps.callers, deps.bounds.slots);
    deps.metrics.gauge('parley_event_streams', 'open streams of server-sent events', () => this.#open);
  }

  readonly handle: HttpHandler = (visit) => {
    if (visit.path !== eventsPath) return false;
    const { request, response } = visit;
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      this.#refuse(visit, refuse('wrong-method', { message: 'Open this path with GET.' }));
    } else this.#serve(visit).catch((thrown: unknown) => this.#refuse(visit, asRefusal(thrown)));
    return true;
  };

  async #serve(visit: HttpVisit): Promise<void> {
    await this.#deps.bounds.waitForEarlier(visit);
    const token = this.#deps.tokenOf(visit);
    const start = readResumePoint(resumeIdOf(visit));
    const address = callerAddress(visit.request, this.#deps.proxies);
    const me = await this.#login.userOf(token, address);
    if (visit.response.closed) return;
    const stream = this.#openStream(visit, me, start, token, address);
    const session = this.#deps.openSession({ me, token, address, stream });
    const seen = start?.places.map(({ channelId, log, seq }) => ({ channelId, log, seq })) ?? [];
    session.take(InboxCommand.fromPartial({ watch: { after: start?.position ?? '', seen } }));
    stream.begin();
  }

  #openStream(
    visit: HttpVisit,
    me: UserCaller,
    start: ResumePoint | undefined,
    token: string,
    address: string,
  ): EventStream {
    const { response } = visit;
    const machine = new EventsMachine(me.id, new EventIds(start, this.#deps.logOf));
    const calls = new ServiceCalls(this.#deps, { token, address, response });
    const openedAtMs = performance.now();
    this.#open += 1;
    return new EventStream({
      response,
      socket: visit.request.socket,
      idLine: repeatedIdLine(visit),
      machine,
      lookUp: (need, writer) => this.#lookUp({ machine, me, calls, response }, need, writer),
      unread: this.#deps.bounds.unreadOf(visit),
      refuse: (refusal) => answerRefusal(visit, refusal),
      report: boundToCall((reason: string) => {
        this.#open -= 1;
        this.#report(reason, performance.now() - openedAtMs);
      }),
    });
  }

  async #lookUp(listening: Listening, need: EventsNeed, writer: EventWriter): Promise<void> {
    const { machine, me, calls } = listening;
    if (need.kind === 'gap') {
      await this.#fillGap(listening, need, writer);
      writer.write(machine.answer(undefined));
    } else writer.write(machine.answer(await this.#patiently(listening, () => this.#chatBlock(me, calls, need))));
  }

  #patiently<T>({ response }: Listening, call: () => Promise<T>): Promise<T> {
    return patientCall(call, { withinMs: lookUpWithinMs, isOver: () => response.closed });
  }

  /** Returns the event about a chat, or undefined if there is none. */
  async #chatBlock({ number }: UserCaller, calls: ServiceCalls, need: ChatNeed): Promise<string | undefined> {
    const { name, channelId, seq } = need;
    const isFirst = name === 'NewChat' || (name === 'AddToChat' && seq === 1);
    // The response has shown the chat.
    if (isFirst && (await this.#deps.newChats.has(number, channelId))) return undefined;
    try {
      if (name === 'RemoveFromChat') return eventBlock(name, wireChat(await calls.channel(channelId), []));
      return eventBlock(name, await this.#showChat(calls, need));
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || !gone.has(thrown.reason)) throw thrown;
      if (name !== 'RemoveFromChat') return undefined; // The event of the removal follows.
      return eventBlock(name, wireChat(Channel.fromPartial({ id: channelId }), []));
    }
  }

  async #showChat(calls: ServiceCalls, { channelId, seq, channel: shown }: ChatNeed): Promise<Chat001> {
    const { directory } = this.#deps;
    const channel = shown ?? (await directory.channel(calls, channelId, seq));
    const lastSeq = Math.max(channel.lastSeq, seq);
    return new ChatEditor(calls, directory).show({ ...channel, lastSeq });
  }

  /** Writes the messages that the inbox could not show. */
  async #fillGap(listening: Listening, { channelId, from, to }: GapNeed, writer: EventWriter): Promise<void> {
    const { machine, calls } = listening;
    for (let afterSeq = from - 1; afterSeq < to; ) {
      const place = afterSeq === 0 ? { oldestFirst: true } : { afterSeq };
      const request = HistoryRequest.fromPartial({ channelId, ...place, size: pageSize });
      const history = () => calls.managers(ChannelService.history, request);
      const { messages, more } = await this.#patiently(listening, history);
      for (const message of messages.filter((one) => one.seq <= to && isSpoken(one))) {
        const block = eventBlock('NewMessage', wireMessage(channelId, message));
        writer.write(machine.fill(channelId, message.seq, block));
      }
      await writer.taken();
      afterSeq = more ? (messages.at(-1)?.seq ?? to) : to;
    }
  }

  #refuse(visit: HttpVisit, refusal: Refusal): void {
    this.#report(refusal.reason, 0);
    answerRefusal(visit, refusal);
  }

  #report(reason: string, ms: number): void {
    this.#deps.metrics.countStream('events', reason, ms);
    this.#deps.log.debug({ reason, ms: Math.round(ms) }, 'stream of events ended');
  }
}
