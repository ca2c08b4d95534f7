import { Ack, InboxEvent, type Message } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime/refusal';
import type { InboxConnection, WatchOptions } from '../transport.js';
import { worthAnotherListen } from '../verdict.js';
import { webMethods } from './stream-methods.js';
import type { WebCaller } from './web-caller.js';

const leaveWithinMs = 2_000;
/** Shortest wait before a post with an unknown outcome is repeated, in milliseconds. */
const againMs = 1_000;
/** Maximum number of calls for frames that may be lost. Beyond it, such frames are dropped. */
const maxPassing = 20;

/** Merges two receipts of the same chat into one. */
function merged(earlier: Message | undefined, frame: Message): Message {
  const [before, receipt] = [earlier?.receipt, frame.receipt];
  if (before === undefined || receipt === undefined || before.log !== receipt.log) return frame;
  return { ...frame, receipt: { ...receipt, readSeq: Math.max(before.readSeq, receipt.readSeq) } };
}

/**
 * A Watch stream, with a call for each post. Receipts have one call at a time, so that a busy server
 * gets fewer of them.
 */
export class WebInbox implements InboxConnection {
  readonly #caller: WebCaller;
  readonly #options: WatchOptions;
  readonly #cancel: () => void;
  readonly #posting = new Set<Promise<void>>();
  /** Receipts that wait for the call of another one, by chat. */
  readonly #receipts = new Map<number, Message>();
  #isReporting = false;
  #ended = false;

  constructor(options: WatchOptions, caller: WebCaller) {
    const { token, watch, onEvent } = options;
    this.#options = options;
    this.#caller = caller;
    this.#cancel = caller.open(
      webMethods.watch,
      watch,
      { token },
      { onMessage: onEvent, onEnd: (why) => this.#end(why) },
    );
  }

  /** Posts a frame. The ack arrives as an event. */
  post(frame: Message): void {
    if (this.#ended) return;
    if (frame.receipt !== undefined) this.#report(frame);
    else if (frame.clientId !== '' || this.#posting.size < maxPassing) this.#track(this.#post(frame));
  }

  /** Does nothing: a page has no way to answer a ping. */
  pong(): void {}

  /** Waits at most two seconds for the responses to posts, then ends the stream. */
  leave(): void {
    const timer = setTimeout(() => this.#close(undefined), leaveWithinMs);
    void Promise.all(this.#posting).then(() => {
      clearTimeout(timer);
      this.#close(undefined);
    });
  }

  /** Cancels the Watch call. */
  cut(): void {
    this.#close(refuse('cancelled'));
  }

  #track(work: Promise<void>): void {
    const posting = work.finally(() => this.#posting.delete(posting));
    this.#posting.add(posting);
  }

  #report(frame: Message): void {
    this.#receipts.set(frame.channelId, merged(this.#receipts.get(frame.channelId), frame));
    if (!this.#isReporting) this.#track(this.#sendReceipts());
  }

  async #sendReceipts(): Promise<void> {
    this.#isReporting = true;
    for (const [channelId, frame] of this.#receipts) {
      if (this.#ended) break;
      this.#receipts.delete(channelId);
      await this.#ack(frame);
    }
    this.#isReporting = false;
  }

  async #post(frame: Message): Promise<void> {
    const ack = await this.#ack(frame);
    if (frame.clientId !== '' && !this.#ended) this.#options.onEvent(InboxEvent.fromPartial({ ack }));
  }

  /** Returns the ack of a post. If the call failed, the ack has its refusal. */
  async #ack(frame: Message): Promise<Ack> {
    try {
      return await this.#caller.one(webMethods.post, frame, { token: this.#options.token });
    } catch (thrown) {
      const refusal = thrown instanceof Refusal ? thrown : refuse('internal', { cause: thrown });
      const { reason, message } = refusal;
      const retryAfterMs = worthAnotherListen(refusal) ? Math.max(againMs, refusal.retryAfterMs) : 0;
      return Ack.fromPartial({ clientId: frame.clientId, refusal: { reason, message, retryAfterMs } });
    }
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
