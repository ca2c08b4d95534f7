import { constants } from 'node:http2';
import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { acceptedEncodings, acceptedKey, withReason } from '@parley/rpc';
import { type Logger, limits, MemoryBudget, type Metrics, type Refusal, refuse, requestIdKey } from '@parley/runtime';
import { addressKey } from './address-key.js';
import type { Proxies } from './proxies.js';
import type { RefusalLimit } from './refusal-limit.js';
import { RequestIntake } from './request-intake.js';
import { ServerCall } from './server-call.js';
import type { StreamLimit } from './stream-limit.js';

/** Time limits for callers, in milliseconds. */
export type RequestTimeouts = Readonly<
  Record<'requestWithinMs' | 'takenWithinMs' | 'reflectionWithinMs' | 'firstCallWithinMs' | 'idleConnectionMs', number>
>;

/**
 * Tracks every call of a server. Gives each status a reason, and logs and counts each call of a
 * served path. Its interceptor must be the first of the server, because a later one has no access
 * to the HTTP/2 stream.
 */
export class CallTracker {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #timeouts: RequestTimeouts;
  readonly #refusalLimit: RefusalLimit;
  readonly #served = new Set<string>();
  readonly #streams = new Set<string>();
  /**
   * Calls by the metadata object that grpc-js passes to the handler. Clients cannot forge an
   * object.
   */
  readonly #calls = new WeakMap<Metadata, ServerCall>();
  readonly #open = new Set<ServerCall>();
  readonly #requests = new MemoryBudget(limits.requestBudgetBytes);
  readonly #unread = new MemoryBudget(limits.unreadBytes);
  readonly #proxies: Proxies;
  readonly #streamLimit: StreamLimit;

  constructor(
    log: Logger,
    metrics: Metrics,
    proxies: Proxies,
    refusalLimit: RefusalLimit,
    streamLimit: StreamLimit,
    timeouts: RequestTimeouts = limits,
  ) {
    this.#proxies = proxies;
    this.#refusalLimit = refusalLimit;
    this.#streamLimit = streamLimit;
    this.#log = log;
    this.#metrics = metrics;
    this.#timeouts = timeouts;
    metrics.gauge('parley_request_bytes', 'bytes of requests without a response', () => this.#requests.held);
    metrics.gauge('parley_unread_bytes', 'bytes of responses that clients have not read', () => this.#unread.held);
    metrics.total(
      'parley_unread_dropped_total',
      'responses dropped because unread responses took too much memory',
      () => this.#unread.dropped,
    );
  }

  /**
   * Turns on metrics and log lines for calls of a service. Calls of the methods in `streams` count as
   * streams, even if they are refused before their handler sees them.
   */
  serve(definition: ServiceDefinition, streams: ReadonlySet<string>): void {
    for (const [name, { path }] of Object.entries(definition)) {
      this.#served.add(path);
      if (streams.has(name)) this.#streams.add(path);
    }
  }

  readonly interceptor: ServerInterceptor = (method, transport) => {
    let serverCall: ServerCall | undefined;
    let timer: NodeJS.Timeout | undefined;
    const forget = () => clearTimeout(timer);
    const waitFor = (withinMs: number, late: (serverCall: ServerCall) => void) => {
      forget();
      if (serverCall?.call.isOver === false) timer = setTimeout(late, withinMs, serverCall);
    };
    watchAnswer(transport, () => serverCall, {
      begin: (bytes) => {
        serverCall?.unread?.set(bytes);
        waitFor(this.#timeouts.takenWithinMs, cutOff);
      },
      end: () => {
        serverCall?.unread?.set(0);
        forget();
      },
    });
    const listener = {
      onReceiveMetadata: (metadata: Metadata, pass: (metadata: Metadata) => void) => {
        serverCall = this.#begin(
          new ServerCall(method.path, metadata, transport, { isStream: this.#streams.has(method.path) }),
          metadata,
        );
        if (serverCall.answered) return;
        if (!method.requestStream) waitFor(this.#timeouts.requestWithinMs, giveUp);
        else if (!this.#served.has(method.path)) this.#endLater(serverCall);
        pass(metadata);
      },
      onReceiveMessage: (message: unknown, pass: (message: unknown) => void) => {
        if (serverCall?.answered !== true) pass(message);
      },
      onReceiveHalfClose: (pass: () => void) => {
        if (serverCall?.answered !== true) forget();
        pass();
      },
      // grpc-js calls this at the end of every call.
      onCancel: () => {
        forget();
        if (serverCall !== undefined) this.#close(serverCall);
      },
    };
    return new ServerInterceptingCall(transport, { start: (next) => next(listener) });
  };

  /**
   * Returns the call that came with this metadata object.
   * @throws {Error} if the call did not pass the interceptor.
   */
  of(metadata: Metadata): ServerCall {
    const serverCall = this.#calls.get(metadata);
    if (serverCall === undefined) throw new Error('The call did not pass the interceptor.');
    return serverCall;
  }

  /**
   * Ends calls that never end by themselves, such as health watchers, so that a shutdown does not
   * wait for them.
   */
  endWatchers(): void {
    for (const serverCall of this.#open) if (!this.#served.has(serverCall.path)) serverCall.end(refuse('draining'));
  }

  /** Records that the handler of a stream has accepted it. */
  accept(serverCall: ServerCall): void {
    serverCall.intake?.end();
    serverCall.intake = undefined;
    this.#streamLimit.accept(serverCall);
  }

  #begin(serverCall: ServerCall, metadata: Metadata): ServerCall {
    this.#calls.set(metadata, serverCall);
    this.#open.add(serverCall);
    const refused = (refusal: Refusal) => {
      breakOff(serverCall, refusal);
      this.#refusalLimit.count(serverCall.stream);
    };
    const memory = this.#requests.open(
      () => [this.#addressOf(serverCall, metadata), serverCall.stream.session],
      () => (serverCall.answered ? cutOff(serverCall) : refused(refuse('too-busy'))),
    );
    serverCall.intake = new RequestIntake(serverCall.stream, serverCall.path, memory, refused);
    serverCall.unread = this.#unread.open(
      () => [serverCall.call.facts.user ?? serverCall.stream.session],
      () => dropUnread(serverCall),
    );
    serverCall.intake.begin();
    return serverCall;
  }

  /** Returns the key of the caller's address. A trusted proxy names that address in a header. */
  #addressOf({ stream }: ServerCall, metadata: Metadata): string {
    const { remoteAddress = '' } = stream.session?.socket ?? {};
    return addressKey(this.#proxies.named(remoteAddress, metadata.get('x-forwarded-for').join()));
  }

  /** Limits the life of a reflection stream. */
  #endLater(serverCall: ServerCall): void {
    const message = 'This reflection stream has reached its time limit. Open another one.';
    const end = () => breakOff(serverCall, refuse('deadline-exceeded', { message }));
    const timer = setTimeout(end, this.#timeouts.reflectionWithinMs);
    serverCall.call.onOver(() => clearTimeout(timer));
  }

  #close(serverCall: ServerCall): void {
    serverCall.intake?.end();
    serverCall.unread?.set(0);
    serverCall.close();
    this.#open.delete(serverCall);
    if (this.#served.has(serverCall.path)) {
      this.#refusalLimit.countOutcome(serverCall.reason, serverCall.stream);
      this.#report(serverCall);
    }
    serverCall.context.endSpan(serverCall.reason);
    serverCall.context.end();
  }

  #report({ call, context, startedAt, reason, cause, isStream }: ServerCall): void {
    const ms = performance.now() - startedAt;
    if (isStream) this.#metrics.countStream(call.rpc, reason, ms);
    else this.#metrics.countCall(call.rpc, reason, ms);
    const line = { ...call.facts, rpc: call.rpc, requestId: context.id, reason, ms: Math.round(ms * 10) / 10 };
    if (reason === 'internal') this.#log.error({ ...line, err: cause }, 'call failed');
    else this.#log[call.quiet && reason === 'ok' ? 'debug' : 'info'](line, 'call');
  }
}

/**
 * Ends a call whose request did not arrive in time. Such a request holds memory before its token
 * is even checked.
 */
function giveUp(serverCall: ServerCall): void {
  breakOff(serverCall, refuse('deadline-exceeded', { message: 'The request did not arrive in time. Send it again.' }));
}

/** Ends a call without reading the rest of its request. */
function breakOff(serverCall: ServerCall, refusal: Refusal): void {
  serverCall.end(refusal);
  serverCall.stream.close(constants.NGHTTP2_NO_ERROR); // This also closes the sending side of the client.
}

/** Resets a call whose response the caller does not read. */
function cutOff(serverCall: ServerCall): void {
  serverCall.stream.close(constants.NGHTTP2_CANCEL);
}

/** Resets a call whose caller has too many unread responses. */
function dropUnread(serverCall: ServerCall): void {
  serverCall.answer(withReason(serverCall.fail(refuse('too-slow'))));
  cutOff(serverCall);
}

/** Hooks called when bytes of a response begin to wait and when they have been sent. */
interface PendingCalls {
  readonly begin: (bytes: number) => void;
  readonly end: () => void;
}

/**
 * Gives each response the id of the call, and each status a reason, and records it. Drops any
 * message after the status, because grpc-js would fail the call.
 */
function watchAnswer(
  transport: ServerInterceptingCallInterface,
  find: () => ServerCall | undefined,
  { begin, end }: PendingCalls,
): void {
  const sendStatus = transport.sendStatus.bind(transport);
  const sendMessage = transport.sendMessage.bind(transport);
  const sendMetadata = transport.sendMetadata.bind(transport);
  let hasHeaders = false;
  const addId = (metadata: Metadata) => {
    const id = find()?.context.id;
    if (id !== undefined && !hasHeaders) metadata.set(requestIdKey, id);
    hasHeaders = true;
    return metadata;
  };
  transport.sendMetadata = (headers) => {
    headers.set(acceptedKey, acceptedEncodings);
    sendMetadata(addId(headers));
  };
  transport.sendStatus = (given) => {
    const reasoned = withReason(given);
    const status = { ...reasoned, metadata: addId(reasoned.metadata?.clone() ?? new Metadata()) };
    find()?.answer(status);
    begin(0); // Counts as pending until the call is over.
    sendStatus(status);
  };
  transport.sendMessage = (message, done) => {
    if (find()?.answered === true) return;
    begin(Buffer.isBuffer(message) ? message.length : 0);
    sendMessage(message, () => {
      end();
      done();
    });
  };
}
