import { type AppendOutcome, type BatchOutcome, type Candidate, costOf, type LogEntry, type Track } from './entry.js';
import { type QueuedEntry, type Settle, TurnQueue } from './fair-queue.js';
import { type FlightOptions, untilKnown } from './flight.js';

export interface AppendQueueBounds {
  readonly rows: number;
  /** Bytes of one batch. */
  readonly batchBytes: number;
  /** Bytes that may wait, of all, of one channel and of one user. */
  readonly waitingBytes: number;
  readonly channelBytes: number;
  readonly userBytes: number;
}

export interface AppendQueueOptions extends FlightOptions {
  readonly bounds: AppendQueueBounds;
  /** Asked for each batch. False: what waits is answered with `paused`; what was sent before is still brought to its end. */
  readonly mayWrite: () => boolean;
  /** Runs at the end of this turn of the loop: `setImmediate`, or what a test steps by hand. */
  readonly atTurnEnd: (run: () => void) => void;
}

const paused: AppendOutcome = { is: 'paused' };
const refused: AppendOutcome = { is: 'refused' };
/** A channel that was locked is written apart from the others for so long. */
const asideMs = 5_000;
/** Channels that are written apart at the same time. */
export const asideAtOnce = 2;

/** A UUID is the same one in either case, as for the database. */
function identityOf({ channelId, senderId, clientId }: LogEntry): string {
  return `${channelId} ${senderId} ${clientId.toLowerCase()}`;
}

function addTo(sums: Map<string, number>, key: string, bytes: number): void {
  const sum = (sums.get(key) ?? 0) + bytes;
  if (sum > 0) sums.set(key, sum);
  else sums.delete(key);
}

/**
 * The path of durable writes of one process: at most one batch of all channels in flight, and what arrives meanwhile is
 * the next one, so nothing waits for a timer. Channels and their senders take turns. A batch once sent is sent again until
 * its outcome is a fact. A channel that was locked is written apart, so that the others do not wait for it.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  /** Those with something unanswered; who was served last comes last. */
  readonly #queues = new Map<number, TurnQueue>();
  /** Channels that were locked: monotonic, ms. */
  readonly #asideUntilMs = new Map<number, number>();
  readonly #bytesOfUsers = new Map<string, number>();
  /** The oldest first. */
  readonly #unanswered = new Map<QueuedEntry, number>();
  #bytes = 0;
  #flying = false;
  #flyingAside = 0;
  #taken = 0;
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** Bytes that wait or are in flight. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False: too much waits, and nothing was taken. Otherwise `done` is called exactly once. */
  offer(entry: Candidate, done: Settle): boolean {
    const waiting: QueuedEntry = { entry, bytes: costOf(entry), sinceMs: this.#options.now(), done: [done] };
    if (!this.#hasRoom(waiting)) return false;
    this.#queueOf(entry.channelId).push(waiting);
    this.#unanswered.set(waiting, ++this.#taken);
    this.#count(waiting, waiting.bytes);
    this.#takeOff();
    return true;
  }

  /** Resolves when all that was taken so far has been answered. */
  flushed(): Promise<void> {
    if (this.#unanswered.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushes.push({ upTo: this.#taken, resolve }));
  }

  #hasRoom({ entry, bytes }: QueuedEntry): boolean {
    const { waitingBytes, channelBytes, userBytes } = this.#options.bounds;
    return (
      this.#bytes + bytes <= waitingBytes &&
      (this.#queues.get(entry.channelId)?.bytes ?? 0) + bytes <= channelBytes &&
      (this.#bytesOfUsers.get(entry.senderId) ?? 0) + bytes <= userBytes
    );
  }

  #queueOf(channelId: number): TurnQueue {
    const known = this.#queues.get(channelId);
    if (known !== undefined) return known;
    const fresh = new TurnQueue();
    this.#queues.set(channelId, fresh);
    return fresh;
  }

  #count({ entry }: QueuedEntry, bytes: number): void {
    this.#bytes += bytes;
    this.#queueOf(entry.channelId).bytes += bytes;
    addTo(this.#bytesOfUsers, entry.senderId, bytes);
  }

  #takeOff(): void {
    if (this.#flying) return;
    this.#flying = true;
    this.#options.atTurnEnd(() => void this.#fly());
  }

  async #fly(): Promise<void> {
    this.#flyAside();
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      await this.#write(batch, 'main');
      this.#flyAside();
    }
    this.#flying = false;
  }

  #next(): QueuedEntry[] {
    return this.#batchOf(this.#ready('main'));
  }

  #flyAside(): void {
    for (const [channelId, queue] of this.#ready('aside')) {
      if (this.#flyingAside === asideAtOnce) return;
      this.#flyingAside += 1;
      void this.#write(this.#batchOf([[channelId, queue]]), 'aside').then(() => {
        this.#flyingAside -= 1;
        this.#takeOff();
      });
    }
  }

  #ready(track: Track): [number, TurnQueue][] {
    return [...this.#queues].filter(
      ([channelId, { size, held }]) => size > 0 && !held && this.#isAside(channelId) === (track === 'aside'),
    );
  }

  #isAside(channelId: number): boolean {
    const untilMs = this.#asideUntilMs.get(channelId);
    if (untilMs === undefined) return false;
    if (untilMs > this.#options.now()) return true;
    this.#asideUntilMs.delete(channelId);
    return false;
  }

  /** One of each channel in turn, until the batch is full. */
  #batchOf(queues: readonly (readonly [number, TurnQueue])[]): QueuedEntry[] {
    const { rows, batchBytes } = this.#options.bounds;
    const batch: QueuedEntry[] = [];
    let bytes = 0;
    for (let turn = queues; turn.length > 0; turn = turn.filter(([, { size }]) => size > 0)) {
      for (const [channelId, queue] of turn) {
        bytes += queue.nextBytes;
        if (batch.length === rows || (batch.length > 0 && bytes > batchBytes)) return batch;
        batch.push(...queue.take());
        if (!queue.held) this.#hold(channelId, queue);
      }
    }
    return batch;
  }

  /** Until its batch is over; it comes last from now on. */
  #hold(channelId: number, queue: TurnQueue): void {
    queue.held = true;
    this.#queues.delete(channelId);
    this.#queues.set(channelId, queue);
  }

  async #write(batch: readonly QueuedEntry[], track: Track): Promise<void> {
    const folded = this.#fold(batch);
    for (const { entry } of folded) entry.judge();
    const outcomes = this.#options.mayWrite()
      ? await untilKnown(folded, track, this.#options)
      : folded.map(() => paused);
    const rosters = new Map<number, number>();
    const back = folded.filter((waiting, at) => !this.#isOver(waiting, outcomes[at] ?? refused, track, rosters));
    for (const channelId of new Set(batch.map(({ entry }) => entry.channelId))) {
      this.#release(
        channelId,
        back.filter(({ entry }) => entry.channelId === channelId),
        rosters.get(channelId),
      );
    }
  }

  /** Answers it; false: it is to be tried once more. */
  #isOver(waiting: QueuedEntry, outcome: BatchOutcome, track: Track, rosters: Map<number, number>): boolean {
    const { channelId } = waiting.entry;
    if (outcome.is === 'stale') {
      rosters.set(channelId, outcome.roster);
      return false;
    }
    if (outcome.is === 'busy') {
      this.#asideUntilMs.set(channelId, this.#options.now() + asideMs);
      if (track === 'main') return false;
    }
    this.#answer(waiting, outcome);
    return true;
  }

  /** The channel may be in a batch again, where its members have changed not before they were looked at. */
  #release(channelId: number, back: readonly QueuedEntry[], roster: number | undefined): void {
    const queue = this.#queueOf(channelId);
    if (back.length > 0) queue.putBack(back);
    const free = () => {
      queue.held = false;
      if (queue.size === 0) this.#queues.delete(channelId);
    };
    const [first] = back;
    if (roster === undefined || first === undefined) free();
    else
      void first.entry.lookAgain(roster).then(() => {
        free();
        this.#takeOff();
      });
  }

  #answer(waiting: QueuedEntry, outcome: AppendOutcome): void {
    this.#settle(waiting);
    for (const one of waiting.done) this.#tell(one, outcome);
  }

  #settle(waiting: QueuedEntry): void {
    this.#unanswered.delete(waiting);
    this.#count(waiting, -waiting.bytes);
    if (this.#flushes.length === 0) return;
    const [oldest = Number.POSITIVE_INFINITY] = this.#unanswered.values();
    while (this.#flushes[0] !== undefined && this.#flushes[0].upTo < oldest) this.#flushes.shift()?.resolve();
  }

  /** Somebody who throws when told keeps nobody else waiting. */
  #tell(done: Settle, outcome: AppendOutcome): void {
    try {
      done(outcome);
    } catch (cause) {
      this.#options.onDoubt(cause);
    }
  }

  /** A double-click over two streams: the same message is written once, and both are told. */
  #fold(batch: readonly QueuedEntry[]): QueuedEntry[] {
    const first = new Map<string, QueuedEntry>();
    for (const waiting of batch) {
      const identity = identityOf(waiting.entry);
      const before = first.get(identity);
      if (before === undefined) first.set(identity, waiting);
      else if (!sameBytes(before.entry.digest, waiting.entry.digest)) this.#answer(waiting, { is: 'reused' });
      else {
        before.done.push(...waiting.done);
        this.#settle(waiting);
      }
    }
    return [...first.values()];
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
