import { onAbort } from '../abort.js';
import type { ChatSummary, ChatsNow } from '../calls/chat-summary.js';
import type { LogPosition } from '../core/bookmark.js';
import type { EventQueue } from '../event-queue.js';
import { type FetchAfter, GapFiller, type GapFillerOptions } from '../gap-filler.js';
import type { InboxGap, UserInboxEvent } from './inbox-events.js';
import { type InboxPlace, PlaceTracker } from './inbox-place.js';
import type { LostEvents, QueuedEvent } from './inbox-queue.js';

/** The parts of an inbox that `InboxReading` uses. */
export interface InboxReadingDeps {
  readonly queue: EventQueue<QueuedEvent>;
  readonly history: (channelId: number, ...range: Parameters<FetchAfter>) => ReturnType<FetchAfter>;
  /** Fetches all chats. Resolves with undefined if the inbox has ended. */
  readonly overview: () => Promise<ChatsNow | undefined>;
  readonly pause: GapFillerOptions['pause'];
  /** Whether to fill gaps. */
  readonly fillsGaps: boolean;
}

type Work = AsyncGenerator<UserInboxEvent, undefined>;

/** Settles as `step` does, unless the signal aborts first. */
async function orAborted<T>(step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return step;
  let forget = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    forget = onAbort(signal, () => reject(signal.reason));
  });
  return Promise.race([step, aborted]).finally(forget);
}

/**
 * Yields the unread events of an inbox. Fills gaps, and fetches all chats again if events were
 * lost. Keeps the position up to which the user has read.
 */
export class InboxReading {
  readonly #deps: InboxReadingDeps;
  readonly #tracker: PlaceTracker;
  readonly #places = new Map<number, LogPosition>();
  /** Events that replace one event of the queue. */
  #work: Work | undefined;
  #step: ReturnType<Work['next']> | undefined;

  constructor(deps: InboxReadingDeps, after: InboxPlace | undefined) {
    this.#deps = deps;
    this.#tracker = new PlaceTracker(after);
    for (const { channelId, log, seq } of after?.seen ?? []) this.#places.set(channelId, { log, seq });
  }

  /** Position after the event that was read last. */
  get place(): InboxPlace {
    return this.#tracker.place;
  }

  /** Last place that was read in a chat. */
  placeOf(channelId: number): LogPosition | undefined {
    return this.#places.get(channelId);
  }

  /** Resolves with the next event. Rejects with the signal's reason. */
  async next(signal?: AbortSignal): Promise<UserInboxEvent> {
    for (;;) {
      const event = (await this.#nextOfWork(signal)) ?? this.#take(await this.#deps.queue.next(signal));
      if (event !== undefined) return event;
    }
  }

  async #nextOfWork(signal: AbortSignal | undefined): Promise<UserInboxEvent | undefined> {
    if (this.#work === undefined) return undefined;
    this.#step ??= this.#work.next();
    const { value } = await orAborted(this.#step, signal);
    this.#step = undefined;
    if (value === undefined) this.#work = undefined;
    return value;
  }

  /**
   * Handles an event of the queue. Returns undefined if the event is not for the user, or if other
   * events replace it.
   */
  #take(event: QueuedEvent): UserInboxEvent | undefined {
    if (event.type === 'position') this.#tracker.passed(event.id);
    else if (event.type === 'began') this.#learn(event.chats.map((place) => [place.channelId, place]));
    else if (event.type === 'lost') this.#work = this.#reset(event);
    else if (event.type === 'gap') this.#work = this.#gap(event);
    else return this.#isOld(event) ? undefined : this.#read(event);
    return undefined;
  }

  /** Returns whether an entry was in the state of all chats, or in a gap that was filled. */
  #isOld(event: UserInboxEvent): boolean {
    if (!('seq' in event) || event.log === '') return false;
    const place = this.#places.get(event.channelId);
    return place?.log === event.log && event.seq <= place.seq;
  }

  #read(event: UserInboxEvent): UserInboxEvent {
    if ('seq' in event) this.#reach(event.channelId, event);
    else if (event.type === 'gap') this.#reach(event.channelId, { log: event.log, seq: event.to });
    else if (event.type === 'chat-reset') this.#reach(event.channelId, { log: event.log, seq: 0 });
    else if (event.type === 'removed') this.#places.delete(event.channelId);
    return event;
  }

  #reach(channelId: number, { log, seq }: LogPosition): void {
    if (log === '') return;
    this.#places.set(channelId, { log, seq });
    this.#tracker.reached(channelId, { log, seq });
  }

  /** Sets the places of chats whose place is not known. */
  #learn(places: Iterable<readonly [channelId: number, place: LogPosition]>): void {
    for (const [channelId, { log, seq }] of places)
      if (!this.#places.has(channelId)) this.#places.set(channelId, { log, seq });
  }

  /** Yields the entries of a gap that were not read yet, each page after its own gap event. */
  async *#gap({ channelId, log, from, to }: InboxGap): Work {
    const place = this.#places.get(channelId);
    const first = place?.log === log ? Math.max(from, place.seq + 1) : from;
    if (first > to) return;
    const gap = { type: 'gap', from: first, to, filled: false } as const;
    if (!this.#deps.fillsGaps) yield this.#read({ ...gap, channelId, log });
    else {
      const fetchAfter: FetchAfter = (range) => this.#deps.history(channelId, range);
      const filler = new GapFiller({ fetchAfter, pause: this.#deps.pause });
      for await (const event of filler.fill(gap, log)) yield this.#read({ ...event, channelId, log });
    }
  }

  /** Yields the state of all chats, then the entries that were missed. */
  async *#reset({ before, isStart }: LostEvents): Work {
    this.#learn(before);
    const now = await this.#deps.overview();
    if (now === undefined) return;
    for (const { channel, log } of now.chats) {
      const place = this.#places.get(channel.id);
      if (place !== undefined) this.#tracker.reached(channel.id, place);
      else if (isStart) this.#reach(channel.id, { log, seq: channel.lastSeq });
    }
    this.#tracker.passed(now.position);
    yield { type: 'reset', chats: now.chats };
    for (const chat of now.chats) yield* this.#missedIn(chat);
  }

  /**
   * Yields the entries that were missed in a chat; none if the inbox did not know the chat before.
   */
  async *#missedIn({ channel: { id: channelId, lastSeq: to }, log }: ChatSummary): Work {
    const place = this.#places.get(channelId);
    if (place === undefined || log === '') return;
    if (place.log !== log) yield this.#read({ type: 'chat-reset', channelId, log });
    yield* this.#gap({ type: 'gap', channelId, log, from: 1, to, filled: false });
  }
}
