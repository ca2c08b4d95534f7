import type { Ack, Message } from '@parley/contract';
import { type Refusal, refusalFromFrame, refuse } from '@parley/runtime/refusal';
import type { Hold, SendStep } from '../core/send-queue.js';
import { SendQueue } from '../core/send-queue.js';
import { laneOf } from '../frames.js';
import { Pending, type Sent } from '../pending.js';
import { holdOf } from '../verdict.js';

/** Options of `Posts`. */
export interface PostsOptions {
  /** Maximum number of unacknowledged posts on the wire. */
  readonly inFlight: number;
  readonly write: (frame: Message) => void;
  /** Called when a post was refused for now; once for each post and reason. */
  readonly onHold: (frame: Message, refusal: Refusal) => void;
}

const nowMs = () => performance.now();

/** Returns the lane of a post. Posts of a lane keep their order. */
function chatLaneOf(frame: Message): string {
  return `${frame.channelId} ${laneOf(frame)}`;
}

/**
 * Returns the wait after a temporary refusal. Only if the refusal is due to a limit of the user do
 * posts in other chats wait too.
 */
function chatHoldOf(refusal: Refusal): Hold | undefined {
  const hold = holdOf(refusal);
  return hold && { ...hold, laneOnly: refusal.reason !== 'send-too-fast' };
}

/** Posts of an inbox. Each is sent until it is acknowledged, over as many streams as needed. */
export class Posts {
  readonly #options: PostsOptions;
  readonly #queue: SendQueue<Message, Refusal>;
  readonly #pending = new Pending();
  readonly #frames = new Map<string, Message>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PostsOptions) {
    this.#options = options;
    this.#queue = new SendQueue({ inFlight: options.inFlight, inLane: 1, holdOf: chatHoldOf });
  }

  /**
   * Sends a frame that has a client id. Resolves with the ack.
   * @throws {Refusal} `too-busy` if too many posts are unacknowledged, or the final refusal
   */
  async send(frame: Message, signal: AbortSignal | undefined): Promise<Sent> {
    signal?.throwIfAborted();
    const { clientId } = frame;
    if (this.#frames.has(clientId)) {
      throw refuse('client-id-reused', { message: 'A post with that client id is unacknowledged. Wait for it.' });
    }
    const item = { clientId, bytes: frame.data.length, frame, lane: chatLaneOf(frame) };
    const steps = this.#queue.send(item, nowMs());
    if (steps === undefined)
      throw refuse('too-busy', { message: 'Too many posts are unacknowledged. Wait for some of them.' });
    this.#frames.set(clientId, frame);
    const sent = this.#pending.wait(clientId, signal, () => this.#perform(this.#queue.abandon(clientId, nowMs())));
    this.#perform(steps);
    return sent.finally(() => this.#frames.delete(clientId));
  }

  /** Starts a stream: sends everything that has no ack, in order. */
  open(): void {
    this.#perform(this.#queue.open(nowMs()));
  }

  /** Ends the stream. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#queue.lost();
  }

  /** Records an ack. */
  answer({ clientId, seq, timestamp, refusal }: Ack): void {
    const answer = { clientId, seq, timestamp, refusal: refusal && refusalFromFrame(refusal) };
    this.#perform(this.#queue.answer(answer, nowMs()));
  }

  /** Records that the entry of a post has arrived, which also acknowledges it. */
  echo({ clientId, seq, timestamp }: Message): void {
    if (this.#frames.has(clientId)) {
      this.#perform(this.#queue.answer({ clientId, seq, timestamp, refusal: undefined }, nowMs()));
    }
  }

  /** Rejects all posts that have no ack yet. */
  close(refusal: Refusal): void {
    this.lost();
    this.#pending.rejectAll(refusal);
  }

  #perform(steps: readonly SendStep<Message, Refusal>[]): void {
    for (const step of steps) this.#performStep(step);
    this.#wakeWhenDue();
  }

  #performStep(step: SendStep<Message, Refusal>): void {
    if (step.do === 'write') this.#options.write(step.frame);
    else if (step.do === 'resolve') this.#pending.resolve(step.clientId, { seq: step.seq, timestamp: step.timestamp });
    else if (step.do === 'reject') this.#pending.reject(step.clientId, step.refusal);
    else {
      const frame = this.#frames.get(step.clientId);
      if (frame !== undefined && this.#pending.hold(step.clientId, step.refusal)) {
        this.#options.onHold(frame, step.refusal);
      }
    }
  }

  #wakeWhenDue(): void {
    const { dueAtMs } = this.#queue;
    clearTimeout(this.#timer);
    if (dueAtMs === undefined) return;
    const inMs = Math.max(0, Math.ceil(dueAtMs - nowMs()));
    this.#timer = setTimeout(() => this.#perform(this.#queue.tick(nowMs())), inMs);
  }
}
