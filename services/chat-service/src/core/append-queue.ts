import type { AppendQueueOptions } from './append-queue-options.js';
import { type AppendOutcome, type BatchOutcome, type Candidate, costOf, type LogEntry, type Track } from './entry.js';

/** Called once with the outcome of the entry. */
type Settle = (outcome: AppendOutcome) => void;

interface QueuedEntry {
  readonly entry: Candidate;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly done: Settle[];
}

/**
 * Waiting entries of one channel. Each sender's entries keep their order, and senders take turns.
 */
class TurnQueue {
  readonly #senders = new Map<string, QueuedEntry[]>();
  #size = 0;
  /** Bytes of unsettled entries, including those in flight. */
  bytes = 0;
  /**
   * True while a batch holds entries of this channel, or its members are being loaded. The other
   * entries wait.
   */
  held = false;

  get size(): number {
    return this.#size;
  }

  push(waiting: QueuedEntry): void {
    const own = this.#senders.get(waiting.entry.senderId);
    if (own === undefined) this.#senders.set(waiting.entry.senderId, [waiting]);
    else own.push(waiting);
    this.#size += 1;
  }

  /** Bytes of the entry that `take` returns next. */
  get nextBytes(): number {
    for (const [first] of this.#senders.values()) return first?.bytes ?? 0;
    return 0;
  }

  /**
   * Removes and returns the next entry, if there is one, and passes the turn to the next sender.
   */
  take(): QueuedEntry[] {
    for (const [sender, own] of this.#senders) {
      this.#senders.delete(sender);
      const first = own.splice(0, 1);
      if (own.length > 0) this.#senders.set(sender, own);
      this.#size -= 1;
      return first;
    }
    return [];
  }

  /** Puts entries that were not written back to the front. */
  putBack(taken: readonly QueuedEntry[]): void {
    const rest = [...this.#senders.values()].flat();
    this.#senders.clear();
    this.#size = 0;
    for (const waiting of [...taken, ...rest]) this.push(waiting);
  }
}

const firstPauseMs = 20;
const longestPauseMs = 500;
const paused: AppendOutcome = { is: 'paused' };
const refused: AppendOutcome = { is: 'refused' };
/** Milliseconds for which a channel that was locked is written separately from the others. */
const asideMs = 5_000;
/** Maximum number of channels that are written separately at the same time. */
export const asideAtOnce = 2;

/**
 * Returns a key for the client id within its channel and sender. The case of a UUID does not
 * matter.
 */
function identityOf({ channelId, senderId, clientId }: LogEntry): string {
  return `${channelId} ${senderId} ${clientId.toLowerCase()}`;
}

function addTo(sums: Map<string, number>, key: string, bytes: number): void {
  const sum = (sums.get(key) ?? 0) + bytes;
  if (sum > 0) sums.set(key, sum);
  else sums.delete(key);
}

/**
 * Queue of all durable writes of one process. At most one batch of all channels is in flight, and
 * entries that arrive meanwhile form the next one, so nothing waits for a timer. Channels, and the
 * senders of a channel, take turns. A batch is sent again until its outcome is known. A channel
 * that was locked is written separately, so that the others do not wait for it.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  /** Queues of channels with unsettled entries. The channel that was served last is at the end. */
  readonly #queues = new Map<number, TurnQueue>();
  /**
   * Channels that were locked, with the monotonic time in ms until which they are written
   * separately.
   */
  readonly #asideUntilMs = new Map<number, number>();
  readonly #bytesOfUsers = new Map<string, number>();
  /** Unsettled entries, the oldest first, each with its number. */
  readonly #unsettled = new Map<QueuedEntry, number>();
  /** Monotonic times, in ms, at which the batches in flight were first sent. */
  readonly #sentAtMs = new Set<{ readonly ms: number }>();
  #bytes = 0;
  #inFlight = false;
  #asideInFlight = 0;
  #accepted = 0;
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** Bytes of entries that wait or are in flight. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds since the oldest batch in flight was first sent; 0 if none is in flight. */
  get inFlightForMs(): number {
    const [oldest] = this.#sentAtMs;
    return oldest === undefined ? 0 : this.#options.now() - oldest.ms;
  }

  /**
   * Queues an entry. Returns false, and queues nothing, if too many bytes wait. Otherwise `done` is
   * called exactly once.
   */
  offer(entry: Candidate, done: Settle): boolean {
    const waiting: QueuedEntry = { entry, bytes: costOf(entry), sinceMs: this.#options.now(), done: [done] };
    if (!this.#hasRoom(waiting)) return false;
    this.#queueOf(entry.channelId).push(waiting);
    this.#unsettled.set(waiting, ++this.#accepted);
    this.#count(waiting, waiting.bytes);
    this.#schedule();
    return true;
  }

  /** Resolves when every entry queued so far is settled. */
  flushed(): Promise<void> {
    if (this.#unsettled.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushes.push({ upTo: this.#accepted, resolve }));
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

  #schedule(): void {
    if (this.#inFlight) return;
    this.#inFlight = true;
    this.#options.atTurnEnd(() => void this.#writeBatches());
  }

  async #writeBatches(): Promise<void> {
    this.#writeAside();
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      await this.#write(batch, 'main');
      this.#writeAside();
    }
    this.#inFlight = false;
  }

  #nextBatch(): QueuedEntry[] {
    return this.#batchOf(this.#ready('main'));
  }

  #writeAside(): void {
    for (const [channelId, queue] of this.#ready('aside')) {
      if (this.#asideInFlight === asideAtOnce) return;
      this.#asideInFlight += 1;
      void this.#write(this.#batchOf([[channelId, queue]]), 'aside').then(() => {
        this.#asideInFlight -= 1;
        this.#schedule();
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

  /** Takes one entry of each channel in turn, until the batch is full. */
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

  /** Holds a channel until its batch is over, and moves it to the end of the order. */
  #hold(channelId: number, queue: TurnQueue): void {
    queue.held = true;
    this.#queues.delete(channelId);
    this.#queues.set(channelId, queue);
  }

  async #write(batch: readonly QueuedEntry[], track: Track): Promise<void> {
    const folded = this.#fold(batch);
    for (const { entry } of folded) entry.judge();
    const outcomes = this.#options.mayWrite() ? await this.#untilKnown(folded, track) : folded.map(() => paused);
    const revisions = new Map<number, number>();
    const retried = folded.filter((waiting, at) => !this.#settled(waiting, outcomes[at] ?? refused, track, revisions));
    for (const channelId of new Set(batch.map(({ entry }) => entry.channelId))) {
      this.#release(
        channelId,
        retried.filter(({ entry }) => entry.channelId === channelId),
        revisions.get(channelId),
      );
    }
  }

  /** Sends a batch until its outcome is known. Returns one outcome per entry. */
  async #untilKnown(batch: readonly QueuedEntry[], track: Track): Promise<readonly BatchOutcome[]> {
    const { append, now, onBatch, onDoubt, onFailed, pause } = this.#options;
    const entries = batch.map(({ entry }) => entry);
    const sentMs = now();
    const sentAt = { ms: sentMs };
    this.#sentAtMs.add(sentAt);
    const waitedMs = batch.reduce((longest, { sinceMs }) => Math.max(longest, sentMs - sinceMs), 0);
    for (let tries = 1, pauseMs = firstPauseMs; ; tries++, pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const outcomes = await append(entries, { isRetry: tries > 1, track });
        const rows = outcomes.filter(({ is }) => is !== 'busy' && is !== 'failed').length;
        this.#sentAtMs.delete(sentAt);
        const failed = outcomes.find((outcome) => outcome.is === 'failed');
        if (failed !== undefined) onFailed(failed.cause);
        if (rows > 0) onBatch({ rows, tries, waitedMs, tookMs: now() - sentMs });
        return outcomes;
      } catch (cause) {
        onDoubt(cause);
        await pause(pauseMs);
      }
    }
  }

  /** Settles an entry. Returns false, and leaves it unsettled, if it has to be tried again. */
  #settled(waiting: QueuedEntry, outcome: BatchOutcome, track: Track, revisions: Map<number, number>): boolean {
    const { channelId } = waiting.entry;
    if (outcome.is === 'stale') {
      revisions.set(channelId, Math.max(outcome.revision, revisions.get(channelId) ?? 0));
      return false;
    }
    if (outcome.is === 'busy') {
      this.#asideUntilMs.set(channelId, this.#options.now() + asideMs);
      if (track === 'main') return false;
    }
    this.#settle(waiting, outcome);
    return true;
  }

  /** Lets the channel into the next batch. If its members have changed, they are loaded first. */
  #release(channelId: number, retried: readonly QueuedEntry[], revision: number | undefined): void {
    const queue = this.#queueOf(channelId);
    if (retried.length > 0) queue.putBack(retried);
    const free = () => {
      queue.held = false;
      if (queue.size === 0) this.#queues.delete(channelId);
    };
    if (revision === undefined) free();
    else
      void Promise.all(retried.map(({ entry }) => entry.reloadMembers(revision))).then(() => {
        free();
        this.#schedule();
      });
  }

  #settle(waiting: QueuedEntry, outcome: AppendOutcome): void {
    this.#remove(waiting);
    for (const done of waiting.done) this.#notify(done, outcome);
  }

  #remove(waiting: QueuedEntry): void {
    this.#unsettled.delete(waiting);
    this.#count(waiting, -waiting.bytes);
    if (this.#flushes.length === 0) return;
    const [oldest = Number.POSITIVE_INFINITY] = this.#unsettled.values();
    while (this.#flushes[0] !== undefined && this.#flushes[0].upTo < oldest) this.#flushes.shift()?.resolve();
  }

  /** Calls `done`. An error that it throws is reported and does not affect other entries. */
  #notify(done: Settle, outcome: AppendOutcome): void {
    try {
      done(outcome);
    } catch (cause) {
      this.#options.onDoubt(cause);
    }
  }

  /**
   * Merges entries with the same client id, for example from two streams of a user. The message is
   * written once, and both callers get its outcome.
   */
  #fold(batch: readonly QueuedEntry[]): QueuedEntry[] {
    const first = new Map<string, QueuedEntry>();
    for (const waiting of batch) {
      const identity = identityOf(waiting.entry);
      const before = first.get(identity);
      if (before === undefined) first.set(identity, waiting);
      else if (Buffer.compare(before.entry.digest, waiting.entry.digest) !== 0) this.#settle(waiting, { is: 'reused' });
      else {
        before.done.push(...waiting.done);
        this.#remove(waiting);
      }
    }
    return [...first.values()];
  }
}
