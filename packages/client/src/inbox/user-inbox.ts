import { type InboxEvent, type InboxWelcome, Kind, type Message, type User } from '@parley/contract';
import { type Refusal, refusalFrom, refuse } from '@parley/runtime/refusal';
import { onAbort } from '../abort.js';
import type { ChatsNow } from '../calls/chat-summary.js';
import type { SendOptions } from '../conversation-options.js';
import { Backoff } from '../core/backoff.js';
import { changeFrame, checkFrame, lossyFrame, type MessageOptions, messageOf, typingOf } from '../frames.js';
import { pause } from '../pause.js';
import type { Sent } from '../pending.js';
import type { Transport } from '../transport.js';
import { randomUuid } from '../uuid.js';
import { serverDelayMs, worthAnotherListen } from '../verdict.js';
import type { UserInboxEvent } from './inbox-events.js';
import { InboxLink } from './inbox-link.js';
import type { InboxOptions } from './inbox-options.js';
import type { InboxPlace } from './inbox-place.js';
import { inboxQueue } from './inbox-queue.js';
import { InboxReading, type InboxReadingDeps } from './inbox-reading.js';
import { InboxReceipts } from './inbox-receipts.js';
import { InboxReceiver } from './inbox-receiver.js';
import { Posts } from './posts.js';

/** The parts of a client that an inbox uses. */
export interface InboxDeps {
  readonly open: NonNullable<Transport['watch']>;
  readonly token: () => string | undefined;
  readonly history: InboxReadingDeps['history'];
  readonly overview: () => Promise<ChatsNow>;
  /** Called once, when the inbox has ended. */
  readonly onEnd: () => void;
}

/** Default of the option `inFlight`. */
const postsInFlight = 10;

/**
 * All chats of the user on one stream that stays connected: an async iterable of typed events with
 * a single reader. `ParleyClient.inbox` creates it. It retries each post with the same client id
 * until the server answers it.
 * @example
 * ```ts
 * import { type ParleyClient, textOf } from '@parley/client';
 *
 * export async function echo(client: ParleyClient, me: string): Promise<void> {
 *   const inbox = client.inbox();
 *   for await (const event of inbox) {
 *     if (event.type !== 'message' || event.sender === me) continue;
 *     await inbox.post(event.channelId, textOf(event) ?? '?', { replyTo: event.seq });
 *   }
 * }
 * ```
 */
export class UserInbox implements AsyncIterable<UserInboxEvent> {
  readonly #deps: InboxDeps;
  readonly #options: InboxOptions;
  readonly #queue = inboxQueue();
  readonly #receiver: InboxReceiver;
  readonly #reading: InboxReading;
  readonly #receipts = new InboxReceipts((frame) => this.#link.post(frame));
  readonly #posts: Posts;
  readonly #link: InboxLink;
  readonly #over: Promise<void>;
  #welcome: InboxWelcome | undefined;
  /**
   * Whether `connected` was yielded since the last lost connection. A stream that replaces one at
   * its size limit yields no second `connected`.
   */
  #isConnected = false;
  #ended: Refusal | undefined;
  /** The refusal of a call without which the inbox cannot continue. */
  #failed: Refusal | undefined;

  constructor(deps: InboxDeps, options: InboxOptions) {
    const { after, fillGaps: fillsGaps = true, inFlight = postsInFlight, overview, signal } = options;
    this.#deps = deps;
    this.#options = options;
    this.#receiver = new InboxReceiver(after, (event) => this.#queue.push(event));
    this.#reading = new InboxReading(
      {
        queue: this.#queue,
        history: deps.history,
        overview: () => this.#overview(),
        pause: (ms) => this.#pause(ms),
        fillsGaps,
      },
      after,
    );
    this.#posts = new Posts({
      inFlight,
      write: (frame) => this.#link.post(frame),
      onHold: (frame, refusal) => this.#hold(frame, refusal),
    });
    this.#link = new InboxLink({
      open: deps.open,
      token: deps.token,
      watch: () => this.#receiver.watch,
      onEvent: (event) => this.#receive(event),
      onMove: () => this.#receiver.overlap(),
      onLost: () => this.#lose(),
      onWait: (why, inMs) => this.#wait(why, inMs),
    });
    if (overview === true && after === undefined) this.#queue.push({ type: 'lost', before: new Map(), isStart: true });
    const forget = onAbort(signal, () => this.#link.leave());
    this.#over = this.#run().finally(forget);
  }

  /**
   * Position after the event that was read last. Store it when that event has been handled, and
   * pass it as `after` to continue from there in another process. Its `after` is empty until the
   * server has sent a position, a few seconds after the start.
   */
  get place(): InboxPlace {
    return this.#reading.place;
  }

  /** This user; undefined before the first event `connected`. */
  get me(): User | undefined {
    return this.#welcome?.me;
  }

  /** Maximum size of a message in bytes; undefined before the first event `connected`. */
  get maxBytes(): number | undefined {
    return this.#welcome?.maxBytes;
  }

  /**
   * Sends a message to a chat. Resolves when the server has accepted it. Without a connection, it
   * waits for the next one. Posts to the same chat keep their order.
   * @throws {Refusal} `not-a-member`, `empty-message`, `message-too-large`, `mention-not-found` or
   * `muted`; `too-busy` if 1,000 posts or 8 MiB are unanswered; or the reason for which the inbox
   * ended
   * @example
   * ```ts
   * import type { Sent, UserInbox } from '@parley/client';
   *
   * export function thank(inbox: UserInbox, channelId: number, seq: number): Promise<Sent> {
   *   return inbox.post(channelId, 'Thank you!', { replyTo: seq, mentions: ['ann'] });
   * }
   * ```
   */
  post(channelId: number, data: string | Uint8Array, options: SendOptions = {}): Promise<Sent> {
    return this.#send(channelId, messageOf(data, options), options);
  }

  /**
   * Sends a message to the users who are in the chat now. It is never stored or acknowledged, and is
   * dropped without a connection.
   * @throws {Refusal} `empty-message` or `message-too-large`
   */
  postLossy(channelId: number, data: string | Uint8Array, options: MessageOptions = {}): void {
    const frame = lossyFrame(data, options);
    checkFrame(frame, this.#welcome?.maxBytes);
    this.#link.post({ ...frame, channelId });
  }

  /**
   * Replaces the data of a message.
   * @throws {Refusal} `not-your-message`, or as `post` does
   */
  edit(channelId: number, seq: number, data: string | Uint8Array, signal?: AbortSignal): Promise<Sent> {
    return this.#send(channelId, changeFrame(Kind.EDIT, seq, data), { signal });
  }

  /**
   * Deletes a message.
   * @throws {Refusal} `not-your-message`, or as `post` does
   */
  remove(channelId: number, seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#send(channelId, changeFrame(Kind.DELETE, seq), { signal });
  }

  /** Adds a reaction to a message. Rejects as `post` does. */
  react(channelId: number, seq: number, emoji: string, signal?: AbortSignal): Promise<Sent> {
    return this.#send(channelId, changeFrame(Kind.REACT, seq, emoji), { signal });
  }

  /** Removes this user's reaction from a message. Rejects as `post` does. */
  unreact(channelId: number, seq: number, emoji: string, signal?: AbortSignal): Promise<Sent> {
    return this.#send(channelId, changeFrame(Kind.UNREACT, seq, emoji), { signal });
  }

  /** Pins a message. Rejects as `post` does. */
  pin(channelId: number, seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#send(channelId, changeFrame(Kind.PIN, seq), { signal });
  }

  /** Unpins a message. Rejects as `post` does. */
  unpin(channelId: number, seq: number, signal?: AbortSignal): Promise<Sent> {
    return this.#send(channelId, changeFrame(Kind.UNPIN, seq), { signal });
  }

  /** Tells the others in a chat that this user is typing or has stopped. Lossy. */
  typing(channelId: number, stopped = false): void {
    this.#link.post({ ...typingOf(stopped), channelId });
  }

  /**
   * Tells the others in a chat that this user has read everything up to `seq`; by default, all
   * entries that this inbox has yielded. Also removes the mark "unread", if the receipt of this user
   * moves; otherwise `Chats.markUnread` does. Receipts are sent within a few seconds, and again
   * after a lost connection. Does nothing in a chat without history.
   */
  markRead(channelId: number, seq = this.#reading.placeOf(channelId)?.seq ?? 0): void {
    const log = this.#receiver.logOf(channelId);
    this.#receipts.read(channelId, { log, seq });
  }

  /**
   * Tells the others in a chat that everything up to `seq` has arrived. The SDK reports entries of
   * this inbox automatically, unless the option `reportDelivered` is false.
   */
  markDelivered(channelId: number, seq = this.#reading.placeOf(channelId)?.seq ?? 0): void {
    const log = this.#receiver.logOf(channelId);
    this.#receipts.received(channelId, { log, seq });
  }

  /**
   * Continues with the token of another login, so that the stream does not end when the session of
   * the previous login ends. Does nothing if the token belongs to another user.
   * `ParleyClient.login` calls it.
   */
  renew(userId: string, token: string): void {
    if (userId === this.me?.id) this.#link.renew(token);
  }

  /** Reconnects immediately, for example because the network has changed. */
  reconnect(): void {
    this.#link.reconnect();
  }

  /** Closes the inbox. Unanswered posts reject. */
  async close(): Promise<void> {
    this.#receipts.flush();
    this.#link.leave();
    await this.#over;
  }

  [Symbol.asyncIterator](): AsyncGenerator<UserInboxEvent, void> {
    return this.events();
  }

  /**
   * Yields events up to and including `ended`. If the signal aborts, rejects with its reason; the
   * inbox itself continues, and another reader can take over.
   */
  async *events(signal?: AbortSignal): AsyncGenerator<UserInboxEvent, void> {
    for (;;) {
      const event = await this.#reading.next(signal);
      yield event;
      if (event.type === 'ended') return;
    }
  }

  async #run(): Promise<void> {
    const refusal = await this.#link.run().catch(refusalFrom);
    const why = this.#failed ?? refusal;
    this.#ended = why ?? refuse('cancelled', { message: 'You closed the inbox.' });
    this.#posts.close(this.#ended);
    const { message, retryAfterMs } = this.#ended;
    this.#queue.push({ type: 'ended', reason: why?.reason ?? 'closed', message, retryAfterMs });
    this.#deps.onEnd();
  }

  async #send(
    channelId: number,
    fields: Message,
    { clientId = randomUuid(), signal }: { clientId?: string; signal?: AbortSignal | undefined },
  ): Promise<Sent> {
    if (this.#ended !== undefined) throw this.#ended;
    const frame = { ...fields, channelId, clientId };
    checkFrame(frame, this.#welcome?.maxBytes);
    return this.#posts.send(frame, signal);
  }

  #wait({ reason, message }: Refusal, inMs: number): void {
    this.#isConnected = false;
    this.#queue.push({ type: 'reconnecting', reason, message, inMs });
  }

  #hold({ channelId, clientId }: Message, { reason, message, retryAfterMs: inMs }: Refusal): void {
    this.#queue.push({ type: 'held', channelId, clientId, reason, message, inMs });
  }

  #receive(event: InboxEvent): void {
    const { welcome, message, removed, ack } = event;
    if (ack !== undefined) this.#posts.answer(ack);
    this.#receiver.take(event);
    if (welcome !== undefined) this.#enter(welcome);
    if (message !== undefined) this.#note(message);
    if (removed !== undefined) this.#receipts.leave(removed.id);
  }

  #enter(welcome: InboxWelcome): void {
    this.#welcome = welcome;
    const { me, now } = welcome;
    if (!this.#isConnected) this.#queue.push({ type: 'connected', me: me as User, now });
    this.#isConnected = true;
    this.#receipts.open();
    this.#posts.open();
  }

  /** Acknowledges what a frame shows: posts of this user, receipts, and the arrival of entries. */
  #note({ channelId, seq, sender, receipt, ...message }: Message): void {
    const me = this.#welcome?.me?.id;
    if (receipt !== undefined && receipt.userId === me) this.#receipts.confirm(channelId, receipt);
    if (seq === 0) return;
    if (sender === me) this.#posts.echo({ ...message, channelId, seq, sender });
    if (this.#options.reportDelivered !== false) {
      this.#receipts.received(channelId, { log: this.#receiver.logOf(channelId), seq });
    }
  }

  #lose(): void {
    this.#receipts.lost();
    this.#posts.lost();
  }

  /** Waits. Resolves with false if the inbox has ended meanwhile. */
  async #pause(ms: number): Promise<boolean> {
    await pause(ms, this.#over);
    return this.#ended === undefined;
  }

  async #overview(): Promise<ChatsNow | undefined> {
    for (const backoff = new Backoff(); ; ) {
      try {
        return await this.#deps.overview();
      } catch (thrown) {
        const refusal = refusalFrom(thrown);
        if (!worthAnotherListen(refusal) && this.#ended === undefined) this.#fail(refusal);
        if (!(await this.#pause(backoff.next(serverDelayMs(refusal))))) return undefined;
      }
    }
  }

  #fail(refusal: Refusal): void {
    this.#failed ??= refusal;
    this.#link.leave();
  }
}
