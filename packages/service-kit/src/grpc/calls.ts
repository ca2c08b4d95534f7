import { constants } from 'node:http2';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { acceptedEncodings, acceptedKey, withReason } from '@parley/rpc';
import { type Logger, limits, type Metrics, type Refusal, RequestBudget, refuse } from '@parley/runtime';
import { ServerCall } from './exchange.js';
import { RequestBudgetIntake } from './intake.js';
import type { RefusedOften } from './refused-often.js';

/** How long a caller is waited for. */
export type RequestTimeouts = Readonly<Record<'requestWithinMs' | 'takenWithinMs' | 'reflectionWithinMs', number>>;

/**
 * Every call of a server: gives each status a reason, and each call of a served path one log line and one metric.
 * Its interceptor must be the first of its server: behind another one there is no inner stream.
 */
export class CallTracker {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #patience: RequestTimeouts;
  readonly #refusedOften: RefusedOften;
  readonly #served = new Set<string>();
  /** By the object that grpc-js passes on to the handler: nothing a client sends can name another call. */
  readonly #exchanges = new WeakMap<Metadata, ServerCall>();
  readonly #open = new Set<ServerCall>();
  readonly #budget = new RequestBudget(limits.requestBudgetBytes);

  constructor(log: Logger, metrics: Metrics, refusedOften: RefusedOften, patience: RequestTimeouts = limits) {
    this.#refusedOften = refusedOften;
    this.#log = log;
    this.#metrics = metrics;
    this.#patience = patience;
    metrics.gauge('parley_request_bytes', 'bytes of requests that have no answer yet', () => this.#budget.held);
  }

  /** Counts and logs the calls of these paths. */
  serve(paths: Iterable<string>): void {
    for (const path of paths) this.#served.add(path);
  }

  readonly interceptor: ServerInterceptor = (method, transport) => {
    let serverCall: ServerCall | undefined;
    let timer: NodeJS.Timeout | undefined;
    const forget = () => clearTimeout(timer);
    const waitFor = (withinMs: number, late: (serverCall: ServerCall) => void) => {
      forget();
      if (serverCall?.call.signal.aborted === false) timer = setTimeout(late, withinMs, serverCall);
    };
    watchAnswer(transport, () => serverCall, {
      begin: () => waitFor(this.#patience.takenWithinMs, cutOff),
      end: forget,
    });
    const listener = {
      onReceiveMetadata: (metadata: Metadata, pass: (metadata: Metadata) => void) => {
        serverCall = this.#begin(new ServerCall(method.path, metadata, transport), metadata);
        if (serverCall.answered) return;
        if (!method.requestStream) waitFor(this.#patience.requestWithinMs, giveUp);
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
      // grpc-js calls it at the end of every call
      onCancel: () => {
        forget();
        if (serverCall !== undefined) this.#close(serverCall);
      },
    };
    return new ServerInterceptingCall(transport, { start: (next) => next(listener) });
  };

  /**
   * The call that came with this metadata.
   * @throws {Error} where it did not pass the interceptor.
   */
  of(metadata: Metadata): ServerCall {
    const serverCall = this.#exchanges.get(metadata);
    if (serverCall === undefined) throw new Error('this call did not pass the interceptor');
    return serverCall;
  }

  /** Ends the calls that nothing waits for, such as watchers of health, which never end by themselves. */
  endWatchers(): void {
    for (const serverCall of this.#open) if (!this.#served.has(serverCall.path)) serverCall.end(refuse('draining'));
  }

  #begin(serverCall: ServerCall, metadata: Metadata): ServerCall {
    this.#exchanges.set(metadata, serverCall);
    this.#open.add(serverCall);
    const refused = (refusal: Refusal) => {
      breakOff(serverCall, refusal);
      this.#refusedOften.count(serverCall.stream);
    };
    serverCall.intake = new RequestBudgetIntake(serverCall.stream, serverCall.path, this.#budget, refused);
    serverCall.intake.begin();
    return serverCall;
  }

  /** Reflection is asked and answered in a moment: nobody keeps such a stream open. */
  #endLater(serverCall: ServerCall): void {
    const timer = setTimeout(giveUp, this.#patience.reflectionWithinMs, serverCall);
    serverCall.call.onOver(() => clearTimeout(timer));
  }

  #close(serverCall: ServerCall): void {
    serverCall.intake?.end();
    serverCall.close();
    this.#open.delete(serverCall);
    if (this.#served.has(serverCall.path)) this.#report(serverCall);
  }

  #report({ call, startedAt, reason, cause }: ServerCall): void {
    const ms = performance.now() - startedAt;
    this.#metrics.countCall(call.rpc, reason, ms);
    const line = { ...call.facts, rpc: call.rpc, reason, ms: Math.round(ms * 10) / 10 };
    if (reason === 'internal') this.#log.error({ ...line, err: cause }, 'call failed');
    else this.#log[call.quiet && reason === 'ok' ? 'debug' : 'info'](line, 'call');
  }
}

/** Ends a call whose request never became whole: without its token even being looked at, it would hold its bytes for ever. */
function giveUp(serverCall: ServerCall): void {
  breakOff(serverCall, refuse('deadline-exceeded', { words: 'the request was not sent in time' }));
}

/** Answers a call whose request is not read to its end. */
function breakOff(serverCall: ServerCall, refusal: Refusal): void {
  serverCall.end(refusal);
  serverCall.stream.close(constants.NGHTTP2_NO_ERROR); // the sender's half too
}

/** Ends a call whose answer nobody takes: it would be held for ever. */
function cutOff(serverCall: ServerCall): void {
  serverCall.stream.close(constants.NGHTTP2_CANCEL);
}

/** While something of an answer is on its way. */
interface PendingCalls {
  readonly begin: () => void;
  readonly end: () => void;
}

/** Gives each status a reason and notes it. A message behind a status would kill both, so it is dropped. */
function watchAnswer(
  transport: ServerInterceptingCallInterface,
  find: () => ServerCall | undefined,
  { begin, end }: PendingCalls,
): void {
  const sendStatus = transport.sendStatus.bind(transport);
  const sendMessage = transport.sendMessage.bind(transport);
  const sendMetadata = transport.sendMetadata.bind(transport);
  transport.sendMetadata = (headers) => {
    headers.set(acceptedKey, acceptedEncodings);
    sendMetadata(headers);
  };
  transport.sendStatus = (given) => {
    const status = withReason(given);
    find()?.answer(status);
    begin(); // until the call is over
    sendStatus(status);
  };
  transport.sendMessage = (message, done) => {
    if (find()?.answered === true) return;
    begin();
    sendMessage(message, () => {
      end();
      done();
    });
  };
}
