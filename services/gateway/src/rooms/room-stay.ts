import { type Goodbye, type RelayDown, Resume, type Welcome } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import { encodeInboxEvent } from '../inbox/event-frames.js';
import type { Feed } from '../inbox/feed.js';
import { type CursorReader, FeedCursor } from '../inbox/feed-cursor.js';
import type { InboxReader } from '../inbox/reader.js';
import type { PostRoute } from '../posting/post-route.js';
import type { RelayLink } from '../relay/relay-link.js';

/** The users whom a chat server names at the start of a follow. */
type Here = NonNullable<RelayDown['following']>['presence'];

/** The goodbye of a stay, without the position to resume from, which the stay adds. */
export type RoomFarewell = Omit<Goodbye, 'log' | 'seq'>;

/** A seat in a room that the gateway has taken at a chat server. */
export interface TakenSeat {
  readonly link: RelayLink;
  readonly handle: number;
  readonly welcome: Welcome;
  /** Seq before the first entry for the device. */
  readonly seq: number;
}

/** A stay of one device in a room: its seat at the chat server, and its place in the log. */
export class RoomStay implements PostRoute, CursorReader {
  readonly channelId: number;
  readonly feed: Feed;
  readonly handle: number;
  readonly #reader: InboxReader;
  readonly #welcome: Welcome;
  readonly #firstSeq: number;
  readonly #onEnd: (stay: RoomStay) => void;
  /** Functions to call when posts take another way from now on. */
  readonly #listeners = new Set<() => void>();
  readonly #beganAtMs = performance.now();
  #link: RelayLink;
  #cursor: FeedCursor | undefined;
  /** Monotonic time when the relay broke; undefined if it is not broken. */
  #brokeAtMs: number | undefined;
  #hasEnded = false;

  /** Calls `onEnd` once, however the stay ends. */
  constructor(seat: TakenSeat, feed: Feed, reader: InboxReader, onEnd: (stay: RoomStay) => void) {
    this.channelId = feed.channelId;
    this.feed = feed;
    this.handle = seat.handle;
    this.#link = seat.link;
    this.#welcome = seat.welcome;
    this.#firstSeq = seat.seq;
    this.#reader = reader;
    this.#onEnd = onEnd;
  }

  get link(): RelayLink {
    return this.#link;
  }

  /**
   * Sends the device a welcome with the users who are here. The first welcome begins the frames of
   * the room.
   */
  show(here?: Here): void {
    if (this.#hasEnded) return;
    this.#reader.send(encodeInboxEvent({ message: { channelId: this.channelId, welcome: this.#welcomeNow(here) } }));
    if (this.#cursor !== undefined) return;
    this.#cursor = new FeedCursor(this.feed, this, { sinceSeq: this.#firstSeq, hiddenUpTo: 0 }, this.#firstSeq);
    this.#cursor.start();
  }

  #welcomeNow(here: Here): Parameters<typeof Welcome.fromPartial>[0] {
    const { channel, ...rest } = this.#welcome;
    const people = here === undefined ? {} : { users: here.came, userCount: here.here };
    const place = this.#cursor && { log: this.feed.log, lastSeq: this.#cursor.seq, resume: Resume.WHOLE };
    return { ...rest, here: here?.here ?? rest.here, channel: { ...channel, ...people }, ...place };
  }

  /** Whether the stay is over although the chat server has not said so. */
  isLost(nowMs: number): boolean {
    if (this.#brokeAtMs !== undefined) return nowMs - this.#brokeAtMs > limits.relayGraceMs;
    return this.#cursor === undefined && nowMs - this.#beganAtMs > limits.relayGraceMs;
  }

  /** Notes that the relay broke. The chat server keeps the seat for a while. */
  noteBreak(): void {
    this.#brokeAtMs ??= performance.now();
  }

  /** Notes that the same seat is at another relay of its chat server. */
  noteReturn(link: RelayLink): void {
    this.#link = link;
    this.#brokeAtMs = undefined;
    this.#tellChange();
    if (this.#hasEnded) link.send({ detach: this.handle });
  }

  /** Gives the seat back, and sends the device the goodbye after everything that was shown. */
  end(farewell?: RoomFarewell): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#link.send({ detach: this.handle });
    this.#tellChange();
    this.#cursor?.wake();
    this.#reader.flush();
    const { log } = this.feed;
    const seq = this.#cursor?.seq ?? this.#firstSeq;
    this.#cursor?.endAt(seq);
    this.#cursor?.stop();
    this.#onEnd(this);
    if (farewell !== undefined) this.#tell({ ...farewell, log, seq });
  }

  #tell(goodbye: Goodbye): void {
    const { channelId } = this;
    const hasBegun = this.#cursor !== undefined;
    const told = hasBegun ? { message: { channelId, goodbye } } : { roomRefused: { channelId, refusal: goodbye } };
    this.#reader.send(encodeInboxEvent(told));
  }

  async find(): Promise<RelayLink> {
    if (this.#hasEnded) throw refuse('seat-gone');
    if (this.#brokeAtMs !== undefined) throw refuse('unreachable');
    return this.#link;
  }

  attach(): number {
    return this.handle;
  }

  notTaken(): void {}

  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #tellChange(): void {
    for (const changed of this.#listeners) changed();
  }

  async hasMoved(): Promise<boolean> {
    return false;
  }

  async keepsHistory(): Promise<boolean> {
    return this.feed.isStored;
  }

  get userId(): string {
    return this.#reader.userId;
  }

  get framing(): InboxReader['framing'] {
    return this.#reader.framing;
  }

  wake(cursor: FeedCursor): void {
    this.#reader.wake(cursor);
  }

  send(event: Uint8Array): void {
    this.#reader.send(event);
  }

  left(): void {}

  missed(cursor: FeedCursor, from: number, to: number): void {
    this.#reader.missed(cursor, from, to);
  }

  restarted(cursor: FeedCursor): void {
    this.#reader.restarted(cursor);
  }

  fellBehind(): void {
    this.#reader.fellBehind();
  }
}
