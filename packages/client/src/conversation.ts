import { type Channel, Kind, type Message, type User, type Welcome } from '@parley/contract';
import { type Refusal, refusalFrom, refuse } from '@parley/runtime/refusal';
import { onAbort } from './abort.js';
import { Attendance } from './attendance.js';
import type { ListenOptions, SendOptions } from './conversation-options.js';
import type { LogPosition } from './core/bookmark.js';
import { type QueuedSend, SendExchange, type Step } from './core/exchange.js';
import { EventQueue } from './event-queue.js';
import { type ConversationEvent, entryEvent, passingEvent } from './events.js';
import { changeFrame, laneOf, lossyFrame, type MessageOptions, messageOf, typingOf } from './frames.js';
import { type FetchAfter, GapFiller } from './gap-filler.js';
import type { HistoryPage } from './history.js';
import { StreamLink } from './link.js';
import { openingOf } from './opening.js';
import { Pending, type Sent } from './pending.js';
import type { Transport } from './transport.js';
import { randomUuid } from './uuid.js';
import { holdOf, refusalOf } from './verdict.js';

export interface ConversationDeps {
  readonly transport: Transport;
  readonly channelId: number;
  readonly token: () => string | undefined;
  readonly history: (range: Parameters<FetchAfter>[0] & { readonly signal?: AbortSignal }) => Promise<HistoryPage>;
  /** Called once, when it is over. */
  readonly onEnd: () => void;
}

interface Received extends QueuedSend {
  readonly message: Message;
}

type Steps = Step<Message, Received, Refusal>[];

/** Finer than milliseconds, and not moved when somebody sets the clock. */
const nowMs = () => performance.now();

/**
 * Being in one channel, whatever happens to its connection: an async iterable of typed events, with one reader.
 * Made by `ParleyClient.listen`. Each send is retried with the same client id until it is answered.
 */
export class Conversation implements AsyncIterable<ConversationEvent> {
  readonly #deps: ConversationDeps;
  readonly #options: ListenOptions;
  readonly #exchange: SendExchange<Message, Received, Refusal>;
  readonly #link: StreamLink;
  readonly #queue = new EventQueue();
  readonly #pending = new Pending();
  readonly #attendance = new Attendance();
  readonly #over: Promise<void>;
  #ended: Refusal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #welcome: Welcome | undefined;
  /** The log that the events read so far are of. */
  #readLog: string | undefined;
  #onWelcome: () => void = () => {};

  constructor(deps: ConversationDeps, options: ListenOptions) {
    const { signal, after, inFlight = 1, patient = true, waitWhenFull = false } = options;
    this.#deps = deps;
    this.#options = options;
    this.#exchange = new SendExchange({ inFlight, holdOf, after });
    this.#readLog = after?.log;
    this.#link = new StreamLink({
      ...deps,
      patient,
      waitWhenFull,
      place: () => this.place,
      onFrame: (frame) => this.#receive(frame),
      onLost: () => this.#exchange.lost(),
      onWait: (why, inMs) => this.#wait(why, inMs),
    });
    const forget = onAbort(signal, () => this.#link.leave());
    this.#over = this.#run().finally(forget);
  }

  /** Resolves with the first welcome. Rejects with the Refusal or the signal's reason that was there before it. */
  async entered(): Promise<void> {
    const welcomed = new Promise<void>((resolve) => {
      this.#onWelcome = resolve;
    });
    await Promise.race([welcomed, this.#over]);
    if (this.#welcome !== undefined) return;
    this.#options.signal?.throwIfAborted();
    throw this.#ended;
  }

  /** The channel as it was at the last welcome. */
  get channel(): Channel {
    return this.#facts.channel as Channel;
  }

  get me(): User {
    return this.#facts.me as User;
  }

  /** Who is here now, oneself too; in large channels not everybody is named. */
  get presence(): readonly User[] {
    return this.#attendance.users;
  }

  /** How many are here now. */
  get here(): number {
    return this.#attendance.count;
  }

  /** How many bytes a message may have here; undefined before the first welcome. */
  get maxBytes(): number | undefined {
    return this.#welcome?.maxBytes || undefined;
  }

  /** How far this conversation has received the log; `listen` can read on from it. */
  get place(): LogPosition | undefined {
    return this.#exchange.place;
  }

  /** Says something. Rejects with a Refusal, or with the signal's reason. */
  send(data: string | Uint8Array, options: SendOptions = {}): Promise<Sent> {
    return this.#post(messageOf(data, options), options.signal, options.clientId);
  }

  /** Says something to those who are here now: not kept, not acked, first to be dropped. */
  sendLossy(data: string | Uint8Array, options: MessageOptions = {}): void {
    this.#link.send(lossyFrame(data, options));
  }

  /** Replaces what was said. Rejects like `send`. */
  edit(seq: number, data: string | Uint8Array, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.EDIT, seq, data), signal);
  }

  /** Deletes what was said. Rejects like `send`. */
  remove(seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.DELETE, seq), signal);
  }

  /** Adds a reaction. Rejects like `send`. */
  react(seq: number, emoji: string, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.REACT, seq, emoji), signal);
  }

  /** Takes a reaction back. Rejects like `send`. */
  unreact(seq: number, emoji: string, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.UNREACT, seq, emoji), signal);
  }

  /** Pins a message. Rejects like `send`. */
  pin(seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.PIN, seq), signal);
  }

  /** Takes a pin off. Rejects like `send`. */
  unpin(seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.UNPIN, seq), signal);
  }

  /** Shows the others that this user types, or has stopped; lossy. */
  typing(stopped = false): void {
    this.#link.send(typingOf(stopped));
  }

  /** Connects anew, now: the network is known to have changed, or the user does not want to wait. */
  reconnect(): void {
    this.#link.reconnect();
  }

  /** Leaves the channel; sends without an answer reject. Resolves when the seat is free. */
  async leave(): Promise<void> {
    this.#link.leave();
    await this.#over;
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConversationEvent, void> {
    return this.events();
  }

  /** The events until `ended`, which is the last. Rejects with the signal's reason; the conversation goes on then. */
  async *events(signal?: AbortSignal): AsyncGenerator<ConversationEvent, void> {
    for (;;) {
      const event = await this.#queue.next(signal);
      if (event.type === 'reset') this.#readLog = event.place.log;
      if (event.type === 'gap' && this.#fills) yield* this.#filler(signal).fill(event, this.#readLog ?? '');
      else yield event;
      if (event.type === 'ended') return;
    }
  }

  get #fills(): boolean {
    return this.#options.fillGaps !== false && this.channel.keep?.nothing !== true;
  }

  #filler(signal: AbortSignal | undefined): GapFiller {
    return new GapFiller({
      fetchAfter: (range) => this.#deps.history({ ...range, ...(signal && { signal }) }),
      pause: async (ms) => {
        await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), this.#over]);
        return this.#ended === undefined;
      },
    });
  }

  get #facts(): Welcome {
    if (this.#welcome === undefined) throw new Error('the conversation has not begun');
    return this.#welcome;
  }

  async #run(): Promise<void> {
    const refusal = await this.#link.run().catch(refusalFrom);
    clearTimeout(this.#timer);
    this.#ended = refusal ?? refuse('cancelled', { words: 'the channel was left' });
    this.#pending.rejectAll(this.#ended);
    this.#queue.push({ type: 'ended', reason: refusal?.reason ?? 'left', message: this.#ended.message });
    this.#deps.onEnd();
  }

  async #post(frame: Message, signal: AbortSignal | undefined, clientId = randomUuid()): Promise<Sent> {
    signal?.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    if (frame.data.length > (this.#welcome?.maxBytes || Number.POSITIVE_INFINITY)) throw refuse('message-too-large');
    const bytes = frame.data.length;
    const outgoing = { clientId, bytes, frame: { ...frame, clientId }, lane: laneOf(frame) };
    const steps = this.#exchange.send(outgoing, nowMs());
    if (steps === undefined) throw refuse('too-busy', { words: 'too many sends wait for their answers' });
    const sent = this.#pending.wait(clientId, signal, () => this.#take(this.#exchange.abandon(clientId, nowMs())));
    this.#take(steps);
    return sent;
  }

  #wait(why: Refusal, inMs: number): void {
    const { reason, message } = why;
    if (this.#welcome === undefined && this.#options.onWait !== undefined) this.#options.onWait(why, inMs);
    else this.#queue.push({ type: 'reconnecting', reason, message, inMs });
  }

  #receive(frame: Message): void {
    if (frame.welcome !== undefined) this.#enter(frame.welcome);
    else if (frame.ack !== undefined) {
      const { clientId, seq, timestamp, refusal } = frame.ack;
      this.#take(this.#exchange.answer({ clientId, seq, timestamp, refusal: refusal && refusalOf(refusal) }, nowMs()));
    } else if (frame.seq > 0) {
      const { seq, timestamp, clientId } = frame;
      const own = frame.sender === this.me.id;
      this.#take(this.#exchange.entry({ seq, timestamp, clientId, own, message: frame }, nowMs()));
    } else this.#pass(frame);
  }

  #enter(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#readLog ??= welcome.log;
    this.#attendance.enter(welcome);
    const { place } = openingOf(welcome);
    const { channel, me, here } = this;
    this.#queue.push({ type: 'welcome', channel, me, place, now: welcome.now, here });
    this.#take(this.#exchange.open(openingOf(welcome), nowMs()));
    this.#onWelcome();
  }

  #pass(frame: Message): void {
    if (frame.presence !== undefined) this.#attendance.change(frame.presence);
    const event = passingEvent(frame);
    if (event !== undefined) this.#queue.push(event);
  }

  #take(steps: Steps): void {
    for (const step of steps) this.#do(step);
    this.#wakeWhenDue();
  }

  #do(step: Steps[number]): void {
    if (step.do === 'write') this.#link.send(step.frame);
    else if (step.do === 'resolve') this.#pending.resolve(step.clientId, { seq: step.seq, timestamp: step.timestamp });
    else if (step.do === 'reject') this.#pending.reject(step.clientId, step.refusal);
    else if (step.do === 'hold') this.#hold(step.clientId, step.refusal);
    else if (step.do === 'notify') {
      const { notice } = step;
      this.#queue.push(notice.type === 'gap' ? { ...notice, filled: false } : notice);
    } else {
      const event = entryEvent(step.entry.message);
      if (event !== undefined) this.#queue.push(event);
    }
  }

  #hold(clientId: string, refusal: Refusal): void {
    if (!this.#pending.hold(clientId, refusal)) return;
    const { reason, message, retryAfterMs: inMs } = refusal;
    this.#queue.push({ type: 'held', clientId, reason, message, inMs });
  }

  /** Also where the time came while something else was done: the timer that was set for it is gone. */
  #wakeWhenDue(): void {
    const dueAtMs = this.#exchange.dueAtMs;
    clearTimeout(this.#timer);
    if (dueAtMs === undefined) return;
    const inMs = Math.max(0, Math.ceil(dueAtMs - nowMs()));
    this.#timer = setTimeout(() => this.#take(this.#exchange.tick(nowMs())), inMs);
  }
}
