import { Resume } from '@parley/contract';
import { Subscriber } from '@parley/fanout';
import type { Reason } from '@parley/runtime';
import type { ChannelFollower, LiveChannel } from '../core/live-channel.js';
import { framingOf } from './relay-frames.js';
import type { RelayOutbox } from './relay-outbox.js';

export interface FollowOptions {
  /** Id of the request, which every frame repeats. */
  readonly id: number;
  readonly channel: LiveChannel;
  readonly outbox: RelayOutbox;
  /** Cursor in the ring. Absent: the end of the ring. */
  readonly cursor: number | undefined;
  readonly now: () => number;
  readonly onWrite: (frames: number) => void;
  /** Called once when the follow ends without a request of the gateway. */
  readonly onEnd: (follow: Follow, why: Reason) => void;
}

/** One channel that a relay follows. */
export class Follow implements ChannelFollower {
  readonly id: number;
  readonly channel: LiveChannel;
  readonly #options: FollowOptions;
  readonly #reader: Subscriber;

  constructor(options: FollowOptions) {
    const { id, channel, outbox, cursor, onWrite } = options;
    this.id = id;
    this.channel = channel;
    this.#options = options;
    this.#reader = new Subscriber({
      rings: channel.rings,
      sink: outbox.sink(framingOf(id, channel.facts.id)),
      cursor,
      events: true,
      maxOwnBytes: 0,
      onWrite,
      onSlow: () => this.#end('behind'),
    });
  }

  start(): void {
    this.channel.addFollower(this);
    this.#reader.flush();
  }

  flush(): void {
    this.#reader.flush();
  }

  /** Ends the follow after the waiting frames. */
  close(why: Reason): void {
    this.#reader.finish(undefined, () => this.#end(why));
  }

  onChannelEnd(why: 'moved' | 'draining'): void {
    this.close(why);
  }

  /** Ends the follow without telling the gateway. */
  leave(): void {
    this.#reader.leave();
    this.channel.removeFollower(this, this.#options.now());
  }

  #end(why: Reason): void {
    this.leave();
    this.#options.onEnd(this, why);
  }
}

/** Position from which a gateway follows a channel. */
export interface FollowPosition {
  readonly log: string;
  readonly afterSeq: number;
}

/** Start of a follow, and the fields of `Following`. */
export interface FollowStart {
  readonly resume: Resume;
  readonly firstSeq: number;
  readonly cursor: number | undefined;
}

/**
 * Returns whether a position is beyond the entries that this server has shown. Only the table can
 * say whether it exists.
 */
export function isAhead({ facts, lastSeq }: LiveChannel, { log, afterSeq }: FollowPosition): boolean {
  return facts.hasHistory && log === facts.log && afterSeq > lastSeq;
}

/**
 * Returns where a follow starts in the ring. `storedTo` is the last seq in the table, if that is
 * known. If a channel has no history and the position is in another log, the follow starts at the
 * beginning of this log, because no table has its entries.
 */
export function followStart(
  channel: LiveChannel,
  { log, afterSeq }: FollowPosition,
  storedTo = channel.lastSeq,
): FollowStart {
  const atEnd = (resume: Resume) => ({ resume, firstSeq: channel.lastSeq + 1, cursor: undefined });
  if (log === '') return atEnd(Resume.UNSPECIFIED);
  const firstCursor = channel.facts.hasHistory || log === channel.facts.log ? undefined : channel.cursorAfter(0);
  if (firstCursor !== undefined) return { resume: Resume.RESET, firstSeq: 1, cursor: firstCursor };
  if (log !== channel.facts.log || afterSeq > Math.max(storedTo, channel.lastSeq)) return atEnd(Resume.RESET);
  if (afterSeq >= channel.lastSeq) return atEnd(Resume.WHOLE);
  const cursor = channel.cursorAfter(afterSeq);
  return cursor === undefined ? atEnd(Resume.GAP) : { resume: Resume.WHOLE, firstSeq: afterSeq + 1, cursor };
}
