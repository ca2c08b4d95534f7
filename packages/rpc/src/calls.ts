import { constants } from 'node:http2';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { type Logger, limits, type Metrics, type Refusal, RequestBudget, refuse } from '@parley/runtime';
import { Exchange } from './exchange.js';
import { Intake } from './intake.js';
import type { RefusedOften } from './refused-often.js';
import { acceptedEncodings, acceptedKey, withReason } from './status.js';

/** How long a caller is waited for. */
export type Patience = Readonly<Record<'requestWithinMs' | 'takenWithinMs' | 'reflectionWithinMs', number>>;

/**
 * Every call of a server: gives each status a reason, and each call of a served path one log line and one metric.
 * Its interceptor must be the first of its server: behind another one there is no inner stream.
 */
export class Calls {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #patience: Patience;
  readonly #refusedOften: RefusedOften;
  readonly #served = new Set<string>();
  /** By the object that grpc-js passes on to the handler: nothing a client sends can name another call. */
  readonly #exchanges = new WeakMap<Metadata, Exchange>();
  readonly #open = new Set<Exchange>();
  readonly #budget = new RequestBudget(limits.requestBudgetBytes);

  constructor(log: Logger, metrics: Metrics, refusedOften: RefusedOften, patience: Patience = limits) {
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
    let exchange: Exchange | undefined;
    let timer: NodeJS.Timeout | undefined;
    const forget = () => clearTimeout(timer);
    const waitFor = (withinMs: number, late: (exchange: Exchange) => void) => {
      forget();
      if (exchange?.call.signal.aborted === false) timer = setTimeout(late, withinMs, exchange);
    };
    watchAnswer(transport, () => exchange, {
      begin: () => waitFor(this.#patience.takenWithinMs, cutOff),
      end: forget,
    });
    const listener = {
      onReceiveMetadata: (metadata: Metadata, pass: (metadata: Metadata) => void) => {
        exchange = this.#begin(new Exchange(method.path, metadata, transport), metadata);
        if (exchange.answered) return;
        if (!method.requestStream) waitFor(this.#patience.requestWithinMs, giveUp);
        else if (!this.#served.has(method.path)) this.#endLater(exchange);
        pass(metadata);
      },
      onReceiveMessage: (message: unknown, pass: (message: unknown) => void) => {
        if (exchange?.answered !== true) pass(message);
      },
      onReceiveHalfClose: (pass: () => void) => {
        if (exchange?.answered !== true) forget();
        pass();
      },
      // grpc-js calls it at the end of every call
      onCancel: () => {
        forget();
        if (exchange !== undefined) this.#close(exchange);
      },
    };
    return new ServerInterceptingCall(transport, { start: (next) => next(listener) });
  };

  /**
   * The call that came with this metadata.
   * @throws {Error} where it did not pass the interceptor.
   */
  of(metadata: Metadata): Exchange {
    const exchange = this.#exchanges.get(metadata);
    if (exchange === undefined) throw new Error('this call did not pass the interceptor');
    return exchange;
  }

  /** Ends the calls that nothing waits for, such as watchers of health, which never end by themselves. */
  endWatchers(): void {
    for (const exchange of this.#open) if (!this.#served.has(exchange.path)) exchange.end(refuse('draining'));
  }

  #begin(exchange: Exchange, metadata: Metadata): Exchange {
    this.#exchanges.set(metadata, exchange);
    this.#open.add(exchange);
    const refused = (refusal: Refusal) => {
      breakOff(exchange, refusal);
      this.#refusedOften.count(exchange.stream);
    };
    exchange.intake = new Intake(exchange.stream, exchange.path, this.#budget, refused);
    exchange.intake.begin();
    return exchange;
  }

  /** Reflection is asked and answered in a moment: nobody keeps such a stream open. */
  #endLater(exchange: Exchange): void {
    const timer = setTimeout(giveUp, this.#patience.reflectionWithinMs, exchange);
    exchange.call.onOver(() => clearTimeout(timer));
  }

  #close(exchange: Exchange): void {
    exchange.intake?.end();
    exchange.close();
    this.#open.delete(exchange);
    if (this.#served.has(exchange.path)) this.#report(exchange);
  }

  #report({ call, startedAt, reason, cause }: Exchange): void {
    const ms = performance.now() - startedAt;
    this.#metrics.countCall(call.rpc, reason, ms);
    const line = { ...call.facts, rpc: call.rpc, reason, ms: Math.round(ms * 10) / 10 };
    if (reason === 'internal') this.#log.error({ ...line, err: cause }, 'call failed');
    else this.#log[call.quiet && reason === 'ok' ? 'debug' : 'info'](line, 'call');
  }
}

/** Ends a call whose request never became whole: without its token even being looked at, it would hold its bytes for ever. */
function giveUp(exchange: Exchange): void {
  breakOff(exchange, refuse('deadline-exceeded', { words: 'the request was not sent in time' }));
}

/** Answers a call whose request is not read to its end. */
function breakOff(exchange: Exchange, refusal: Refusal): void {
  exchange.end(refusal);
  exchange.stream.close(constants.NGHTTP2_NO_ERROR); // the sender's half too
}

/** Ends a call whose answer nobody takes: it would be held for ever. */
function cutOff(exchange: Exchange): void {
  exchange.stream.close(constants.NGHTTP2_CANCEL);
}

/** While something of an answer is on its way. */
interface OnItsWay {
  readonly begin: () => void;
  readonly end: () => void;
}

/** Gives each status a reason and notes it. A message behind a status would kill both, so it is dropped. */
function watchAnswer(
  transport: ServerInterceptingCallInterface,
  find: () => Exchange | undefined,
  { begin, end }: OnItsWay,
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
