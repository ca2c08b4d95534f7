import { type Ack, ChatService, Message } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime/refusal';
import { refusals } from '@parley/runtime/refusals';
import type { ConnectOptions, ConnectStream } from '../transport.js';
import type { WebCaller } from './web-caller.js';

const leaveWithinMs = 2_000;
/** Frames that may be lost are, where more than so many wait to be sent. */
const mostWaiting = 20;

/** It was too much for now: the frame may be sent again, and the stream goes on. */
function isForNow({ reason, retryAfterMs }: Refusal): boolean {
  return retryAfterMs > 0 && refusals[reason].status === 'RESOURCE_EXHAUSTED';
}

/** The proxy does not say what is wrong with a join token; another Listen mends it. */
function ofSeat(refusal: Refusal): Refusal {
  return refusal.reason === 'invalid-token' || refusal.reason === 'expired-token' ? refuse('seat-gone') : refusal;
}

/** A Subscribe and the Sends beside it: one after the other, so that what is said keeps its order. */
export class GrpcWebStream implements ConnectStream {
  readonly #caller: WebCaller;
  readonly #options: ConnectOptions;
  readonly #cancel: () => void;
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  #ended = false;

  constructor(options: ConnectOptions, caller: WebCaller) {
    const { seat, resume, onFrame } = options;
    this.#options = options;
    this.#caller = caller;
    const request = { log: resume?.log ?? '', afterSeq: resume?.seq ?? 0 };
    this.#cancel = caller.open(ChatService.subscribe, request, seat, {
      onMessage: onFrame,
      onEnd: (refusal) => this.#end(refusal && ofSeat(refusal)),
    });
  }

  send(frame: Message): void {
    const mayBeLost = frame.lossy || frame.typing !== undefined;
    if (this.#ended || (mayBeLost && this.#waiting >= mostWaiting)) return;
    this.#waiting += 1;
    this.#sending = this.#sending
      .then(() => this.#post(frame))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** What was sent has two seconds to be answered. */
  leave(): void {
    const patience = setTimeout(() => this.#close(undefined), leaveWithinMs);
    this.#sending.then(() => {
      clearTimeout(patience);
      this.#close(undefined);
    });
  }

  cut(): void {
    this.#close(refuse('cancelled'));
  }

  async #post(frame: Message): Promise<void> {
    if (this.#ended) return;
    try {
      this.#answer(await this.#caller.one(ChatService.send, frame, this.#options.seat));
    } catch (thrown) {
      this.#fail(frame, thrown instanceof Refusal ? ofSeat(thrown) : refuse('internal', { cause: thrown }));
    }
  }

  #answer(ack: Ack): void {
    const says = ack.refusal !== undefined || ack.seq > 0;
    if (says && !this.#ended) this.#options.onFrame(Message.fromPartial({ ack }));
  }

  /** Nobody knows whether it was said: the next stream tells. */
  #fail({ clientId }: Message, refusal: Refusal): void {
    const { reason, message, retryAfterMs } = refusal;
    if (isForNow(refusal)) this.#answer({ clientId, seq: 0, timestamp: 0, refusal: { reason, message, retryAfterMs } });
    else this.#close(refusal);
  }

  #close(refusal: Refusal | undefined): void {
    this.#cancel();
    this.#end(refusal);
  }

  #end(refusal: Refusal | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(refusal);
  }
}
