/** A message on its way into the log of a channel that keeps something. */
export interface Entry {
  readonly channelId: number;
  /** The ownership by which it is written. */
  readonly epoch: number;
  readonly senderId: string;
  /** A UUID; the server's where the sender gave none. */
  readonly clientId: string;
  readonly kind: number;
  readonly targetSeq: number;
  readonly contentType: string;
  readonly data: Uint8Array;
  /** SHA-256 of what was sent: the same client id with another digest is another message. */
  readonly digest: Uint8Array;
  readonly mentions: readonly string[];
}

/** What became of an entry. Every one is a fact. */
export type Outcome =
  /** Committed just now. */
  | { readonly is: 'stored'; readonly seq: number; readonly sentAtMs: number; readonly roster: number }
  /** Committed before, by an earlier try. */
  | { readonly is: 'known'; readonly seq: number; readonly sentAtMs: number }
  /** Another message has that client id. */
  | { readonly is: 'reused' }
  /** The channel is not this server's any more. */
  | { readonly is: 'moved' }
  /** The lease lapsed before it was written. */
  | { readonly is: 'paused' }
  /** The head was locked for too long; nothing was written. */
  | { readonly is: 'busy' }
  /** The database will never take it. */
  | { readonly is: 'refused' };

/** Writes a batch. Resolves with one outcome per entry; rejects where the outcome is not known. */
export type Append = (batch: readonly Entry[], again: boolean) => Promise<readonly Outcome[]>;

export interface LaneBounds {
  readonly rows: number;
  /** Data bytes of one batch. */
  readonly batchBytes: number;
  /** Data bytes that may wait. */
  readonly waitingBytes: number;
}

/** A batch that is done. */
export interface Written {
  readonly rows: number;
  /** How often it was sent. */
  readonly tries: number;
  /** How long its oldest entry waited for it to be sent, and how long its outcome took from there. */
  readonly waitedMs: number;
  readonly tookMs: number;
}

export interface LaneOptions {
  readonly bounds: LaneBounds;
  readonly append: Append;
  /** Asked for each batch. False: what waits is answered with `paused`; what was sent before is still brought to its end. */
  readonly mayWrite: () => boolean;
  /** Runs at the end of this turn of the loop: `setImmediate`, or what a test steps by hand. */
  readonly atTurnEnd: (run: () => void) => void;
  readonly pause: (ms: number) => Promise<void>;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly onBatch: (written: Written) => void;
  /** Told of each try whose outcome is not known, and of what is thrown by those who are told. */
  readonly onDoubt: (cause: unknown) => void;
}

/** Called with what became of the entry, in the order of the log. */
export type Done = (outcome: Outcome) => void;

interface Waiting {
  readonly entry: Entry;
  readonly sinceMs: number;
  readonly done: Done[];
}

const paused: Outcome = { is: 'paused' };
const firstPauseMs = 20;
const longestPauseMs = 500;

/** A UUID is the same one in either case, as for the database. */
function identityOf({ channelId, senderId, clientId }: Entry): string {
  return `${channelId} ${senderId} ${clientId.toLowerCase()}`;
}

/**
 * The path of durable writes of one process: at most one batch in flight, and what arrives meanwhile is the next one, so
 * nothing waits for a timer. A batch once sent is sent again until its outcome is a fact.
 */
export class Lane {
  readonly #options: LaneOptions;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #flying = false;
  #taken = 0;
  #answered = 0;
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Data bytes that wait or are in flight. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False: too much waits, and nothing was taken. Otherwise `done` is called exactly once. */
  offer(entry: Entry, done: Done): boolean {
    if (this.#bytes + entry.data.length > this.#options.bounds.waitingBytes) return false;
    this.#bytes += entry.data.length;
    this.#taken += 1;
    this.#waiting.push({ entry, sinceMs: this.#options.now(), done: [done] });
    if (!this.#flying) this.#takeOff();
    return true;
  }

  /** Resolves when all that was taken so far has been answered. */
  flushed(): Promise<void> {
    if (this.#answered === this.#taken) return Promise.resolve();
    return new Promise((resolve) => this.#flushes.push({ upTo: this.#taken, resolve }));
  }

  #takeOff(): void {
    this.#flying = true;
    this.#options.atTurnEnd(() => void this.#fly());
  }

  async #fly(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      await this.#write(batch);
      this.#answered += batch.length;
      while (this.#flushes[0] !== undefined && this.#flushes[0].upTo <= this.#answered)
        this.#flushes.shift()?.resolve();
    }
    this.#flying = false;
  }

  #nextBatch(): Waiting[] {
    const { rows, batchBytes } = this.#options.bounds;
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#waiting) {
      bytes += entry.data.length;
      if (count === rows || (count > 0 && bytes > batchBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { folded, reused } = fold(batch);
    for (const { done } of reused) this.#tell(done, { is: 'reused' });
    const outcomes = this.#options.mayWrite() ? await this.#untilKnown(folded) : folded.map(() => paused);
    for (const { entry } of batch) this.#bytes -= entry.data.length;
    for (const [at, { done }] of folded.entries()) this.#tell(done, outcomes[at] ?? { is: 'refused' });
  }

  /** Somebody who throws when told keeps nobody else waiting. */
  #tell(done: readonly Done[], outcome: Outcome): void {
    for (const one of done) {
      try {
        one(outcome);
      } catch (cause) {
        this.#options.onDoubt(cause);
      }
    }
  }

  async #untilKnown(batch: readonly Waiting[]): Promise<readonly Outcome[]> {
    const { append, now, onBatch } = this.#options;
    const entries = batch.map(({ entry }) => entry);
    const sentMs = now();
    const waitedMs = sentMs - (batch[0]?.sinceMs ?? sentMs);
    for (let tries = 1, pauseMs = firstPauseMs; ; tries++, pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const outcomes = await append(entries, tries > 1);
        onBatch({ rows: entries.length, tries, waitedMs, tookMs: now() - sentMs });
        return outcomes;
      } catch (cause) {
        this.#options.onDoubt(cause);
        await this.#options.pause(pauseMs);
      }
    }
  }
}

/** A double-click over two streams: the same message is written once, and both are told. */
function fold(batch: readonly Waiting[]): { folded: Waiting[]; reused: Waiting[] } {
  const first = new Map<string, Waiting>();
  const reused: Waiting[] = [];
  for (const waiting of batch) {
    const identity = identityOf(waiting.entry);
    const before = first.get(identity);
    if (before === undefined) first.set(identity, { ...waiting, done: [...waiting.done] });
    else if (sameBytes(before.entry.digest, waiting.entry.digest)) before.done.push(...waiting.done);
    else reused.push(waiting);
  }
  return { folded: [...first.values()], reused };
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
