import { type Ack, Message } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime/refusal';
import { refusals } from '@parley/runtime/refusals';
import type { ConnectOptions, ConnectStream } from '../transport.js';
import { webMethods } from './stream-methods.js';
import type { WebCaller } from './web-caller.js';

const leaveWithinMs = 2_000;
/** Maximum number of queued frames; beyond it, lossy frames are dropped. */
const maxQueued = 20;

/** Returns whether the refused frame can be sent again later on the same stream. */
function isTemporary({ reason, retryAfterMs }: Refusal): boolean {
  return retryAfterMs > 0 && refusals[reason].status === 'RESOURCE_EXHAUSTED';
}

/**
 * Maps a refused join token to `seat-gone`. The proxy does not say why it refused the token, and a
 * new Listen helps in every case.
 */
function asSeatRefusal(refusal: Refusal): Refusal {
  return refusal.reason === 'invalid-token' || refusal.reason === 'expired-token' ? refuse('seat-gone') : refusal;
}

/** A Subscribe stream with unary Sends, one at a time to keep their order. */
export class GrpcWebStream implements ConnectStream {
  readonly #caller: WebCaller;
  readonly #options: ConnectOptions;
  readonly #cancel: () => void;
  #sending: Promise<void> = Promise.resolve();
  #queued = 0;
  #ended = false;

  constructor(options: ConnectOptions, caller: WebCaller) {
    const { seat, resume, onFrame } = options;
    this.#options = options;
    this.#caller = caller;
    const request = { log: resume?.log ?? '', afterSeq: resume?.seq ?? 0 };
    this.#cancel = caller.open(webMethods.subscribe, request, seat, {
      onMessage: onFrame,
      onEnd: (refusal) => this.#end(refusal && asSeatRefusal(refusal)),
    });
  }

  /** Queues a frame after earlier ones; drops lossy frames if the queue is long. */
  send(frame: Message): void {
    const mayBeLost = frame.lossy || frame.typing !== undefined;
    if (this.#ended || (mayBeLost && this.#queued >= maxQueued)) return;
    this.#queued += 1;
    this.#sending = this.#sending
      .then(() => this.#post(frame))
      .finally(() => {
        this.#queued -= 1;
      });
  }

  /** Waits at most two seconds for queued sends, then ends the stream. */
  leave(): void {
    const timer = setTimeout(() => this.#close(undefined), leaveWithinMs);
    this.#sending.then(() => {
      clearTimeout(timer);
      this.#close(undefined);
    });
  }

  /** Cancels the Subscribe call. */
  cut(): void {
    this.#close(refuse('cancelled'));
  }

  async #post(frame: Message): Promise<void> {
    if (this.#ended) return;
    try {
      this.#answer(await this.#caller.one(webMethods.send, frame, this.#options.seat));
    } catch (thrown) {
      this.#fail(frame, thrown instanceof Refusal ? asSeatRefusal(thrown) : refuse('internal', { cause: thrown }));
    }
  }

  #answer(ack: Ack): void {
    const isAnswer = ack.refusal !== undefined || ack.seq > 0;
    if (isAnswer && !this.#ended) this.#options.onFrame(Message.fromPartial({ ack }));
  }

  /**
   * Handles a failed Send, whose outcome is unknown. Unless the refusal is temporary, the stream
   * ends and the next one shows whether the message arrived.
   */
  #fail({ clientId }: Message, refusal: Refusal): void {
    const { reason, message, retryAfterMs } = refusal;
    if (isTemporary(refusal))
      this.#answer({ clientId, seq: 0, timestamp: 0, refusal: { reason, message, retryAfterMs } });
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
