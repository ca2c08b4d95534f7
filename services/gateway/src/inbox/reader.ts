import type { Flushable, FlushQueue } from '@parley/fanout';
import { limits, type MemoryHolding, type Refusal, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { encodeInboxEvent, removedEvent } from './event-frames.js';
import type { Feed } from './feed.js';
import { type CursorReader, FeedCursor, type Stay } from './feed-cursor.js';
import { type LogPlace, maxPlaces, shortLog } from './position.js';
import type { InboxStream } from './stream.js';

/** Maximum bytes of events that wait for one reader alone. A reader with more is cut off. */
const maxOwnBytes = 2_097_152;
/** Interval of pings if something was written since the last one. */
const newsEveryMs = 5_000;
/** Interval of pings otherwise. */
export const pingEveryMs = 25_000;

const nothing = Buffer.alloc(0);

/** A chat to enter once the last entry of the earlier stay in it has been written. */
interface NextStay {
  readonly feed: Feed;
  readonly stay: Stay;
  /** Seq of the last entry of a stay that is over. */
  readonly untilSeq?: number | undefined;
  readonly added: Buffer;
}

/** Last entry of a chat that the user has left, with the Unix ms of the last entry of the chat. */
export type LeftPlace = LogPlace & { readonly atMs: number };

function isSameStay(one: NextStay, other: NextStay): boolean {
  return one.feed === other.feed && one.stay.sinceSeq === other.stay.sinceSeq;
}

export interface ReaderOptions {
  readonly me: UserCaller;
  readonly stream: InboxStream;
  /** Writes everything that became ready, once per turn. */
  readonly queue: FlushQueue;
  readonly unread: MemoryHolding;
  /** Number of bytes after which the stream ends, so that the client resumes. */
  readonly mostBytes: number;
}

/** One device: its chats, and the events that only it receives. It writes once per turn. */
export class InboxReader implements CursorReader, Flushable {
  // The fields that every write reads come first, so that they share few cache lines.
  readonly #stream: InboxStream;
  readonly #queue: FlushQueue;
  /** The first of the awake cursors, and the others. Most often there is only one. */
  #awake: FeedCursor | undefined;
  #alsoAwake: FeedCursor[] | undefined;
  #ownBytes = 0;
  #leftBytes: number;
  /** Whether the welcome is written. Earlier events wait for it. */
  #hasStarted = false;
  #isBlocked = false;
  #hasNews = true;
  /** The first ping follows the start at once, so that every client can resume. */
  #pingedAtMs = Number.NEGATIVE_INFINITY;
  /** The user and the session. When that session ends, the stream ends. */
  me: UserCaller;
  readonly #unread: MemoryHolding;
  /**
   * The cursors, in no particular order. Lookups are rare, so this is an array, which takes less
   * memory than a map.
   */
  #follows: FeedCursor[] = [];
  #nextStays: NextStay[] = [];
  /** The last entry of each chat that the user has left recently, with its time. */
  #leftPlaces: LeftPlace[] = [];
  #own: Uint8Array[] = [];

  constructor({ me, stream, queue, unread, mostBytes }: ReaderOptions) {
    this.me = me;
    this.#stream = stream;
    this.#queue = queue;
    this.#unread = unread;
    this.#leftBytes = mostBytes;
  }

  get userId(): string {
    return this.me.id;
  }

  get framing(): InboxStream['framing'] {
    return this.#stream.framing;
  }

  /** Queues an event for this reader alone. */
  send(event: Uint8Array): void {
    if (this.#stream.ended) return;
    this.#own.push(event);
    this.#ownBytes += event.length;
    this.#unread.set(this.#ownBytes);
    if (this.#ownBytes > maxOwnBytes) this.fellBehind();
    else this.#queue.add(this);
  }

  /**
   * Writes the welcome. Events that were sent before the start follow it. Does not write another
   * welcome if the reader starts again.
   */
  start(welcome: Uint8Array): void {
    if (this.#hasStarted) return;
    this.#own.unshift(welcome);
    this.#ownBytes += welcome.length;
    this.#hasStarted = true;
  }

  /** Starts to follow a chat, from the entry after `seq` on, and until `untilSeq` if the stay is over. */
  follow(feed: Feed, stay: Stay, seq: number, untilSeq?: number): void {
    const follow = new FeedCursor(feed, this, stay, seq);
    this.#forgetLeft(feed.channelId);
    this.#follows.push(follow);
    follow.start(untilSeq);
  }

  /**
   * Starts to follow a chat that the user has joined. If the last entry of an earlier stay has not
   * been written yet, waits for that. If the reader already follows this stay, only updates it.
   * Does nothing for a stay that the reader has left.
   */
  enter(next: NextStay): void {
    const { feed, stay, untilSeq, added } = next;
    const present = this.#find(feed.channelId);
    if (present?.sinceSeq === stay.sinceSeq) present.changeStay(stay);
    else if (this.knows(feed, stay.sinceSeq)) return;
    else if (present === undefined) {
      this.send(added);
      this.follow(feed, stay, feed.isStored ? stay.sinceSeq : feed.seq, untilSeq);
    } else this.#nextStays = [...this.#nextStays.filter((one) => !isSameStay(one, next)), next];
  }

  /** Whether the reader is in the stay after this seq or in a later one, or has left it. */
  knows(feed: Feed, sinceSeq: number): boolean {
    if (!feed.isStored) return feed.removalAfter(this.userId, sinceSeq) !== undefined;
    const { channelId, log } = feed;
    const left = this.#leftPlaces.find((one) => one.channelId === channelId && one.log === shortLog(log));
    return (left?.seq ?? 0) > sinceSeq || (this.#find(channelId)?.sinceSeq ?? -1) >= sinceSeq;
  }

  /** Notes the place up to which the reader got a chat that the user has left. */
  noteLeft(place: LeftPlace): void {
    this.#forgetLeft(place.channelId);
    this.#leftPlaces = [...this.#leftPlaces, place].slice(-maxPlaces);
  }

  #forgetLeft(channelId: number): void {
    this.#leftPlaces = this.#leftPlaces.filter((one) => one.channelId !== channelId);
  }

  /** The feeds of all chats that the reader follows. */
  get feeds(): Feed[] {
    return this.#follows.map(({ feed }) => feed);
  }

  /** Whether the reader follows this chat. */
  isIn(channelId: number): boolean {
    return this.#find(channelId) !== undefined;
  }

  #find(channelId: number): FeedCursor | undefined {
    return this.#follows.find(({ feed }) => feed.channelId === channelId);
  }

  wake(follow: FeedCursor): void {
    if (this.#awake === undefined) this.#awake = follow;
    else {
      this.#alsoAwake ??= [];
      this.#alsoAwake.push(follow);
    }
    this.#queue.add(this);
  }

  left(follow: FeedCursor): void {
    const { channelId, log, lastAtMs: atMs } = follow.feed;
    this.#follows = this.#follows.filter((one) => one !== follow);
    if (log !== '') this.noteLeft({ channelId, seq: follow.seq, log: shortLog(log), atMs });
    this.send(removedEvent(channelId));
    const next = this.#nextStays.find(({ feed }) => feed.channelId === channelId);
    this.#nextStays = this.#nextStays.filter((one) => one !== next);
    if (next !== undefined) this.enter(next);
  }

  missed({ feed: { channelId, log } }: FeedCursor, from: number, to: number): void {
    this.send(encodeInboxEvent({ gap: { channelId, log, from, to } }));
  }

  restarted({ feed: { channelId, log } }: FeedCursor): void {
    this.send(encodeInboxEvent({ chatReset: { channelId, log } }));
  }

  fellBehind(): void {
    if (!this.#stream.ended) this.#stream.reset();
  }

  /** Writes everything that is ready, as far as the stream accepts it. */
  flush(): void {
    while (
      this.#hasStarted &&
      !this.#isBlocked &&
      !this.#stream.ended &&
      (this.#ownBytes > 0 || this.#awake !== undefined)
    ) {
      this.#write(this.#takeNext());
    }
  }

  /**
   * Sends a ping with a position if it is time for one and nothing else waits for this reader.
   * `positionOf` encodes the position, or returns undefined if there is none yet.
   */
  ping(nowMs: number, positionOf: (reader: InboxReader) => string | undefined): void {
    const dueMs = this.#pingedAtMs + (this.#hasNews ? newsEveryMs : pingEveryMs);
    if (nowMs < dueMs || this.#isBlocked || this.#ownBytes > 0 || this.#awake !== undefined) return;
    // If the client resumed from a position taken now, it would not learn of the end of such a
    // stay.
    if (this.#nextStays.length > 0 || this.#follows.some(({ isEnding }) => isEnding)) return;
    const id = positionOf(this);
    if (id === undefined) return;
    this.#pingedAtMs = nowMs;
    this.send(encodeInboxEvent({ id, ping: { sentAt: Date.now() } }));
    this.flush();
    this.#hasNews = false;
  }

  /**
   * Returns the time in microseconds up to which everything was shown, or `now` if there are no
   * chats.
   */
  shownUntil(now: number): number {
    let until = now;
    for (const { feed } of this.#follows) until = Math.min(until, feed.shownUntil);
    return until;
  }

  /** Returns the last shown entries of channels whose last entry is from `sinceMs` or later. */
  places(sinceMs: number): LogPlace[] {
    const places: LogPlace[] = this.#leftPlaces.filter(({ atMs }) => atMs >= sinceMs);
    for (const { feed, seq } of this.#follows) {
      if (feed.log === '' || feed.lastAtMs < sinceMs || places.length === maxPlaces) continue;
      places.push({ channelId: feed.channelId, seq, log: shortLog(feed.log) });
    }
    return places;
  }

  /** Leaves all chats, without an event for the user. The device stays in its room. */
  leaveAll(): void {
    const left = new Set(this.#follows);
    for (const follow of left) follow.stop();
    const awake = [this.#awake, ...(this.#alsoAwake ?? [])].filter((one) => one !== undefined && !left.has(one));
    this.#follows = [];
    this.#nextStays = [];
    this.#awake = awake.shift();
    this.#alsoAwake = awake.filter((one) => one !== undefined);
  }

  /** Leaves all chats. Nothing more is written. */
  close(): void {
    this.leaveAll();
    this.#awake = undefined;
    this.#alsoAwake = undefined;
    this.#own = [];
    this.#ownBytes = 0;
    this.#unread.set(0);
  }

  get hasEnded(): boolean {
    return this.#stream.ended;
  }

  /** Tells the client that the stream ends soon, because the gateway drains. */
  announceEnd(inMs: number): void {
    this.send(encodeInboxEvent({ draining: { endsInMs: Math.ceil(inMs) } }));
  }

  /** Ends the stream after everything that was written. */
  end(refusal: Refusal): void {
    this.#stream.end(refusal);
  }

  #takeNext(): Buffer {
    if (this.#ownBytes > 0) return this.#takeOwn();
    const first = this.#takeAwake();
    if (first.length >= limits.writeBytes || this.#awake === undefined) return first;
    const parts = [first];
    let bytes = first.length;
    // The end of a stay queues events that must precede the entries of the next stay.
    while (bytes < limits.writeBytes && this.#awake !== undefined && this.#ownBytes === 0) {
      const part = this.#takeAwake();
      parts.push(part);
      bytes += part.length;
    }
    return Buffer.concat(parts, bytes);
  }

  /** Takes the bytes that the first awake cursor has ready; there may be none. */
  #takeAwake(): Buffer {
    const follow = this.#awake;
    const joined = follow?.next();
    if (follow?.isAwake !== true) this.#awake = this.#alsoAwake?.shift();
    return joined?.bytes ?? nothing;
  }

  #takeOwn(): Buffer {
    const own = this.framing.join(this.#own, this.#ownBytes);
    this.#own = [];
    this.#ownBytes = 0;
    this.#unread.set(0);
    return own;
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#hasNews = true;
    this.#leftBytes -= bytes.length;
    if (this.#leftBytes < 0) this.end(refuse('long-stream'));
    else if (!this.#stream.write(bytes)) this.#waitForDrain();
  }

  #waitForDrain(): void {
    this.#isBlocked = true;
    this.#stream.onDrain(() => {
      this.#isBlocked = false;
      this.flush();
    });
  }
}
