import type { Framing, JoinedMessages, RingView } from '@parley/fanout';
import type { Feed, Follower } from './feed.js';

/** A stay of a user in a channel: from a join until the next removal. */
export interface Stay {
  /** Last seq before the stay. */
  readonly sinceSeq: number;
  /** Edits of messages up to this seq arrive without their text. */
  readonly hiddenUpTo: number;
}

/** The reader to which a cursor belongs. */
export interface CursorReader {
  readonly userId: string;
  readonly framing: Framing;
  /** Called when a cursor has something to write. */
  wake(follow: FeedCursor): void;
  send(event: Uint8Array): void;
  /** Called when a cursor has written the last entry of its stay. */
  left(follow: FeedCursor): void;
  /** Called when the entries `from` to `to` can no longer be written. */
  missed(follow: FeedCursor, from: number, to: number): void;
  /** Called when the channel has another log. */
  restarted(follow: FeedCursor): void;
  /** Called when the ring no longer has the next entry. */
  fellBehind(): void;
}

/** A cursor that no ring reaches. It is the largest number that V8 stores as a small integer. */
const noEnd = 2 ** 31 - 1;

/**
 * The position of one reader in one channel, and the last entry that this reader may see. A gateway
 * has millions of them, so they hold only small integers, and nothing that the reader or the feed
 * already holds.
 */
export class FeedCursor implements Follower {
  // The fields that every write reads come first, so that they share few cache lines.
  readonly feed: Feed;
  readonly #reader: CursorReader;
  readonly #entries: RingView;
  #cursor: number;
  #lossyCursor: number;
  /** Cursor after the last entry for this reader. */
  #end = noEnd;
  #isAwake = false;
  #sinceSeq: number;
  #hiddenUpTo: number;

  /** Creates a cursor before the entry after `seq`. */
  constructor(feed: Feed, reader: CursorReader, { sinceSeq, hiddenUpTo }: Stay, seq: number) {
    this.feed = feed;
    this.#reader = reader;
    this.#sinceSeq = sinceSeq;
    this.#hiddenUpTo = hiddenUpTo;
    this.#entries = feed.entries.view(reader.framing, false);
    this.#cursor = feed.cursorAfter(seq);
    this.#lossyCursor = feed.lossy.head;
  }

  /**
   * Starts to follow the feed, until `untilSeq` if the stay is over. Reports entries that the ring
   * does not have as missed.
   */
  start(untilSeq = Number.POSITIVE_INFINITY): void {
    const { feed } = this;
    feed.addFollower(this);
    const first = feed.seqBefore(this.#cursor) + 1;
    const last = Math.max(feed.skippedTo, feed.seqBefore(feed.entries.tail));
    if (first <= last) {
      this.#cursor = feed.cursorAfter(last);
      this.#reader.missed(this, first, Math.min(last, untilSeq));
    }
    const end = Math.min(untilSeq, feed.removalAfter(this.userId, this.sinceSeq) ?? untilSeq);
    if (end < Number.POSITIVE_INFINITY) this.endAt(end);
    this.wake();
  }

  get userId(): string {
    return this.#reader.userId;
  }

  get sinceSeq(): number {
    return this.#sinceSeq;
  }

  /** Seq of the last entry that was written. */
  get seq(): number {
    return this.feed.seqBefore(Math.min(this.#cursor, this.#end));
  }

  /** Notes the seq up to which the user may not see messages in this stay. */
  changeStay({ hiddenUpTo }: Stay): void {
    this.#hiddenUpTo = hiddenUpTo;
  }

  wake(): void {
    if (this.#cursor < this.feed.entries.tail) this.#reader.fellBehind();
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#reader.wake(this);
  }

  send(event: Uint8Array): void {
    this.#reader.send(event);
  }

  endAt(seq: number): void {
    this.#end = Math.min(this.#end, this.feed.cursorAfter(seq));
    this.wake();
  }

  /** Whether the stay has ended, but its last entry is not written yet. */
  get isEnding(): boolean {
    return this.#end !== noEnd;
  }

  /** Stops following the feed. */
  stop(): void {
    this.feed.removeFollower(this);
  }

  miss(from: number, to: number): void {
    const { head } = this.feed.entries;
    if (this.#end <= head) return;
    const first = this.seq + 1; // Entries that were not written yet must not follow the gap.
    const last = Math.min(to, this.feed.seqBefore(this.#end));
    const shifted = (cursor: number) => Math.max(head, cursor - (to - from + 1));
    this.#cursor = shifted(this.#cursor);
    this.#end = this.#end === noEnd ? noEnd : shifted(this.#end);
    if (first <= last) this.#reader.missed(this, first, last);
  }

  restart(): void {
    this.#cursor = this.feed.entries.head;
    this.#sinceSeq = 0;
    this.#hiddenUpTo = 0;
    this.#reader.restarted(this);
  }

  /** Whether `next` has to be called again. */
  get isAwake(): boolean {
    return this.#isAwake;
  }

  /**
   * Returns the next entries as one write, or else the next lossy frames, or undefined if nothing
   * is ready.
   */
  next(): JoinedMessages | undefined {
    const joined = this.#nextEntries() ?? this.#nextLossy();
    const isOver = this.#cursor >= this.#end;
    this.#isAwake = joined !== undefined && (isOver || this.#hasMore());
    if (joined !== undefined || !isOver) return joined;
    this.stop();
    this.#reader.left(this);
    return undefined;
  }

  #hasMore(): boolean {
    return this.#cursor < this.feed.entries.head || this.#lossyCursor < this.feed.lossy.head;
  }

  #nextEntries(): JoinedMessages | undefined {
    const end = Math.min(this.#end, this.feed.entries.head);
    if (this.#cursor >= end) return undefined;
    const shared = this.#end < end + 1 ? this.#entries.between(this.#cursor, end) : this.#entries.after(this.#cursor);
    const hidesNothing = shared === undefined || shared.lowestEdited === Number.POSITIVE_INFINITY;
    const isOpen = hidesNothing || shared.lowestEdited > this.#hiddenUpTo;
    const joined = isOpen ? shared : this.#entries.between(this.#cursor, end, this.#hiddenUpTo);
    this.#cursor = joined?.next ?? this.#cursor;
    return joined;
  }

  #nextLossy(): JoinedMessages | undefined {
    const { head, tail } = this.feed.lossy;
    if (this.#lossyCursor >= head || this.#cursor >= this.#end) return undefined;
    const lossy = this.feed.lossy.view(this.#reader.framing, false);
    const joined = lossy.after(Math.max(this.#lossyCursor, tail));
    this.#lossyCursor = joined?.next ?? head;
    return joined;
  }
}
