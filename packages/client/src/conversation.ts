import { type Channel, Kind, type Message, type User, type Welcome } from '@parley/contract';
import { type Refusal, refusalFrom, refusalFromFrame, refuse } from '@parley/runtime/refusal';
import { onAbort } from './abort.js';
import { Attendance } from './attendance.js';
import type { ChatSummary } from './calls/chat-summary.js';
import type { ListenOptions, SendOptions } from './conversation-options.js';
import { conversationQueue } from './conversation-queue.js';
import type { LogPosition } from './core/bookmark.js';
import { type QueuedSend, SendExchange, type Step } from './core/exchange.js';
import { type ConversationEvent, entryEvent, passingEvent } from './events.js';
import { farewellOf } from './farewell.js';
import { changeFrame, checkFrame, laneOf, lossyFrame, type MessageOptions, messageOf, typingOf } from './frames.js';
import { GapFiller } from './gap-filler.js';
import type { HistoryPage } from './history.js';
import { StreamLink } from './link.js';
import { openingOf } from './opening.js';
import { pause } from './pause.js';
import { Pending, type Sent } from './pending.js';
import { ReceiptBook } from './receipt-book.js';
import type { MemberReceipt, ReceiptSeqs } from './receipt-seqs.js';
import type { Transport } from './transport.js';
import { randomUuid } from './uuid.js';
import { holdOf } from './verdict.js';

/** The parts of a client that a conversation uses. */
export interface ConversationDeps {
  readonly transport: Transport;
  readonly channelId: number;
  readonly token: () => string | undefined;
  readonly history: (range: { after?: number; size?: number; signal?: AbortSignal }) => Promise<HistoryPage>;
  /** Fetches the chat as this user sees it. */
  readonly chat: (signal?: AbortSignal) => Promise<ChatSummary>;
  /** Called once, when the conversation has ended. */
  readonly onEnd: () => void;
}

interface Received extends QueuedSend {
  readonly message: Message;
}

type Steps = Step<Message, Received, Refusal>[];

/** Milliseconds of a monotonic clock, which ignores changes of the system clock. */
const nowMs = () => performance.now();

/**
 * One channel that stays joined across reconnects: an async iterable of typed events with a single
 * reader. `ParleyClient.listen` creates it. It retries each send with the same client id until the
 * server answers it.
 * @example
 * ```ts
 * import { type Conversation, textOf } from '@parley/client';
 *
 * export async function greet(channel: Conversation): Promise<void> {
 *   for await (const event of channel) {
 *     if (event.type !== 'message' || event.sender === channel.me.id) continue;
 *     if (textOf(event) === 'hi') await channel.send('hello', { replyTo: event.seq });
 *   }
 * }
 * ```
 */
export class Conversation implements AsyncIterable<ConversationEvent> {
  readonly #deps: ConversationDeps;
  readonly #options: ListenOptions;
  readonly #exchange: SendExchange<Message, Received, Refusal>;
  readonly #link: StreamLink;
  readonly #queue = conversationQueue();
  readonly #pending = new Pending();
  readonly #attendance = new Attendance();
  readonly #receipts: ReceiptBook;
  readonly #over: Promise<void>;
  #ended: Refusal | undefined;
  #lastPlace: LogPosition | undefined; // A removal sets it.
  #timer: ReturnType<typeof setTimeout> | undefined;
  #welcome: Welcome | undefined;
  /** The log of the event that was read last. */
  #readLog: string | undefined;
  #onWelcome: () => void = () => {};

  constructor(deps: ConversationDeps, options: ListenOptions) {
    const { signal, after, inFlight = 1, patient = true, waitWhenFull = false, reportDelivered = true } = options;
    this.#deps = deps;
    this.#options = options;
    this.#exchange = new SendExchange({ inFlight, holdOf, after });
    this.#readLog = after?.log;
    const onMissed = (receipt: MemberReceipt) => this.#queue.push({ type: 'receipt', ...receipt });
    this.#receipts = new ReceiptBook({ ...deps, send: (frame) => this.#link.send(frame), onMissed }, reportDelivered);
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

  /** Resolves after the first welcome or a removal. Rejects with a refusal or the signal's reason. */
  async entered(): Promise<void> {
    const welcomed = new Promise<void>((resolve) => {
      this.#onWelcome = resolve;
    });
    await Promise.race([welcomed, this.#over]);
    if (this.#welcome !== undefined) return;
    this.#options.signal?.throwIfAborted();
    throw this.#ended;
  }

  /**
   * The channel as of the last welcome.
   * @throws {Error} before the first welcome
   */
  get channel(): Channel {
    return this.#lastWelcome.channel as Channel;
  }

  /**
   * This user, as of the last welcome.
   * @throws {Error} before the first welcome
   */
  get me(): User {
    return this.#lastWelcome.me as User;
  }

  /** The users who are here now, including this one. A large channel names only some of them. */
  get presence(): readonly User[] {
    return this.#attendance.users;
  }

  /** Number of users who are here now. */
  get here(): number {
    return this.#attendance.count;
  }

  /** Maximum message size in bytes; undefined before the first welcome. */
  get maxBytes(): number | undefined {
    return this.#welcome?.maxBytes || undefined;
  }

  /**
   * Position in the log up to which entries were received. Pass it to `listen` as `after` to resume
   * later.
   */
  get place(): LogPosition | undefined {
    return this.#lastPlace ?? this.#exchange.place;
  }

  /**
   * Sends a message. Resolves when the server has accepted it: stored, or relayed in a channel that
   * stores nothing. Rejects with the signal's reason if the signal aborts.
   * @throws {Refusal} `empty-message`, `message-too-large`, `mention-not-found` or `muted`;
   * `too-busy` if 1,000 sends or 8 MiB are unanswered; or the reason for which the conversation
   * ended
   * @example
   * ```ts
   * import type { Conversation, Sent } from '@parley/client';
   *
   * export async function answer(channel: Conversation, seq: number): Promise<Sent> {
   *   const signal = AbortSignal.timeout(30_000);
   *   return channel.send('Thank you!', { replyTo: seq, mentions: ['ann'], signal });
   * }
   * ```
   */
  send(data: string | Uint8Array, options: SendOptions = {}): Promise<Sent> {
    return this.#post(messageOf(data, options), options.signal, options.clientId);
  }

  /**
   * Sends a message to the users who are here now. It is never stored or acknowledged, and is
   * dropped first under load.
   * @throws {Refusal} `empty-message` or `message-too-large`
   */
  sendLossy(data: string | Uint8Array, options: MessageOptions = {}): void {
    const frame = lossyFrame(data, options);
    checkFrame(frame, this.maxBytes);
    this.#link.send(frame);
  }

  /**
   * Replaces the data of a message.
   * @throws {Refusal} `not-your-message`, or as `send` does
   */
  edit(seq: number, data: string | Uint8Array, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.EDIT, seq, data), signal);
  }

  /**
   * Deletes a message.
   * @throws {Refusal} `not-your-message`, or as `send` does
   */
  remove(seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.DELETE, seq), signal);
  }

  /** Adds a reaction to a message. Rejects as `send` does. */
  react(seq: number, emoji: string, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.REACT, seq, emoji), signal);
  }

  /** Removes this user's reaction from a message. Rejects as `send` does. */
  unreact(seq: number, emoji: string, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.UNREACT, seq, emoji), signal);
  }

  /** Pins a message. Rejects as `send` does. */
  pin(seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.PIN, seq), signal);
  }

  /** Unpins a message. Rejects as `send` does. */
  unpin(seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#post(changeFrame(Kind.UNPIN, seq), signal);
  }

  /** Tells the others that this user is typing or has stopped. Lossy; at most one a second shows. */
  typing(stopped = false): void {
    this.#link.send(typingOf(stopped));
  }

  /**
   * Tells the others that this user has read everything up to `seq`; by default, everything that
   * has arrived. Also removes the mark "unread", if the receipt of this user moves; otherwise
   * `Chats.markUnread` does. Sends a receipt at most once a second, and again after a lost
   * connection. Does nothing in a room, or without history.
   */
  markRead(seq = this.place?.seq ?? 0): void {
    this.#receipts.read(seq);
  }

  /**
   * Fetches the receipts of the other members, by user id. Chats of more than 100 members have
   * none, and members who read in private are left out. The map stays up to date. After this call,
   * receipts that moved while the connection was lost arrive as events after the reconnect.
   * @throws {Refusal} `not-a-member` or `wrong-kind`, as in a room
   */
  receipts(signal?: AbortSignal): Promise<ReadonlyMap<string, ReceiptSeqs>> {
    return this.#receipts.fetch(signal);
  }

  /** Reconnects immediately, for example because the network has changed. */
  reconnect(): void {
    this.#link.reconnect();
  }

  /** Leaves the channel. Unanswered sends reject. Resolves when the seat is free. */
  async leave(): Promise<void> {
    this.#receipts.flush();
    this.#link.leave();
    await this.#over;
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConversationEvent, void> {
    return this.events();
  }

  /**
   * Yields events up to and including `ended`. If the signal aborts, rejects with its reason; the
   * conversation itself continues, and another reader can take over.
   */
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
    return this.#options.fillGaps !== false && this.#welcome?.channel?.retention?.nothing !== true;
  }

  #filler(signal: AbortSignal | undefined): GapFiller {
    return new GapFiller({
      fetchAfter: (range) => this.#deps.history({ ...range, ...(signal && { signal }) }),
      pause: async (ms) => {
        await pause(ms, this.#over);
        return this.#ended === undefined;
      },
    });
  }

  get #lastWelcome(): Welcome {
    if (this.#welcome === undefined)
      throw new Error('The conversation has no welcome yet. Wait for the `welcome` event.');
    return this.#welcome;
  }

  async #run(): Promise<void> {
    const verdict = await this.#link.run().catch(refusalFrom);
    clearTimeout(this.#timer);
    this.#receipts.close();
    const { refusal, missed, place, welcome } = await farewellOf(verdict, this.place, this.#deps);
    this.#ended = refusal ?? refuse('cancelled', { message: 'You left the channel.' });
    this.#welcome ??= welcome;
    this.#pending.rejectAll(this.#ended);
    this.#lastPlace = place;
    if (missed !== undefined) this.#queue.push(missed);
    const { message, retryAfterMs } = this.#ended;
    this.#queue.push({ type: 'ended', reason: refusal?.reason ?? 'left', message, retryAfterMs });
    this.#deps.onEnd();
  }

  async #post(frame: Message, signal: AbortSignal | undefined, clientId = randomUuid()): Promise<Sent> {
    signal?.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    checkFrame(frame, this.maxBytes);
    const bytes = frame.data.length;
    const outgoing = { clientId, bytes, frame: { ...frame, clientId }, lane: laneOf(frame) };
    const steps = this.#exchange.send(outgoing, nowMs());
    if (steps === undefined)
      throw refuse('too-busy', { message: 'Too many sends are unacknowledged. Wait for some of them.' });
    const sent = this.#pending.wait(clientId, signal, () => this.#perform(this.#exchange.abandon(clientId, nowMs())));
    this.#perform(steps);
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
      this.#perform(
        this.#exchange.answer({ clientId, seq, timestamp, refusal: refusal && refusalFromFrame(refusal) }, nowMs()),
      );
    } else if (frame.seq > 0) {
      const { seq, timestamp, clientId } = frame;
      const own = frame.sender === this.me.id;
      this.#perform(this.#exchange.entry({ seq, timestamp, clientId, own, message: frame }, nowMs()));
    } else this.#pass(frame);
  }

  #enter(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#readLog ??= welcome.log;
    this.#attendance.enter(welcome);
    const { place } = openingOf(welcome);
    const { channel, me, here } = this;
    this.#queue.push({ type: 'welcome', channel, me, place, now: welcome.now, here });
    this.#receipts.enter(welcome);
    this.#perform(this.#exchange.open(openingOf(welcome), nowMs()));
    this.#onWelcome();
  }

  #pass(frame: Message): void {
    if (frame.presence !== undefined) this.#attendance.change(frame.presence);
    if (frame.receipt !== undefined) this.#receipts.learn(frame.receipt);
    const event = passingEvent(frame);
    if (event !== undefined) this.#queue.push(event);
  }

  #perform(steps: Steps): void {
    for (const step of steps) this.#performStep(step);
    this.#wakeWhenDue();
  }

  #performStep(step: Steps[number]): void {
    if (step.do === 'write') this.#link.send(step.frame);
    else if (step.do === 'resolve') this.#pending.resolve(step.clientId, { seq: step.seq, timestamp: step.timestamp });
    else if (step.do === 'reject') this.#pending.reject(step.clientId, step.refusal);
    else if (step.do === 'hold') this.#hold(step.clientId, step.refusal);
    else if (step.do === 'notify') {
      const { notice } = step;
      this.#queue.push(notice.type === 'gap' ? { ...notice, filled: false } : notice);
    } else {
      this.#receipts.received(step.entry.seq);
      const event = entryEvent(step.entry.message);
      if (event !== undefined) this.#queue.push(event);
    }
  }

  #hold(clientId: string, refusal: Refusal): void {
    if (!this.#pending.hold(clientId, refusal)) return;
    const { reason, message, retryAfterMs: inMs } = refusal;
    this.#queue.push({ type: 'held', clientId, reason, message, inMs });
  }

  /** Sets the timer for the next tick. If that time has already passed, the tick is immediate. */
  #wakeWhenDue(): void {
    const dueAtMs = this.#exchange.dueAtMs;
    clearTimeout(this.#timer);
    if (dueAtMs === undefined) return;
    const inMs = Math.max(0, Math.ceil(dueAtMs - nowMs()));
    this.#timer = setTimeout(() => this.#perform(this.#exchange.tick(nowMs())), inMs);
  }
}
