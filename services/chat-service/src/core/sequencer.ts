import type { EncodedMessage } from '@parley/fanout';

/** An entry of a log, as a frame. */
export interface SequencedEntry {
  readonly seq: number;
  readonly frame: EncodedMessage;
  /** A change of members: who may read on is looked up before the next entry is shown. */
  readonly changesRoster: boolean;
}

/** What a look at members and settings found. */
export interface Roster {
  /** Grows with every change. */
  readonly number: number;
  /** The nearest seq behind which somebody who is here may not read on; infinite where nobody leaves. */
  readonly partAfter: number;
}

export interface SequencerOptions {
  /** The last seq that was shown. */
  readonly lastSeq: () => number;
  /** Shows an entry; its seq is the one behind the last. */
  readonly show: (entry: SequencedEntry) => void;
  /** Entries behind a seq, oldest first; more follow while there are any. */
  readonly readAfter: (seq: number) => Promise<readonly SequencedEntry[]>;
  /** Looks at members and settings, and parts from those whose last entry was shown. */
  readonly reload: () => Promise<Roster>;
  readonly pause: (ms: number) => Promise<void>;
  readonly onDoubt: (cause: unknown) => void;
}

interface Ahead {
  readonly entry: SequencedEntry;
  readonly roster: number;
}

const retryMs = 200;

/**
 * The order in which entries are shown. The table is the truth and the ring a cache that checks continuity: what other
 * processes wrote in between is read before anything behind it is shown, and a new roster before anybody reads on.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  /** Committed here, waiting for those before them; by seq. */
  readonly #ahead = new Map<number, Ahead>();
  #roster: Roster;
  readonly #wanted: { seq: number; roster: number };
  #catching = false;
  #looking = false;
  #caughtUp: (() => void)[] = [];

  constructor(options: SequencerOptions, roster: number) {
    this.#options = options;
    this.#roster = { number: roster, partAfter: Number.POSITIVE_INFINITY };
    this.#wanted = { seq: options.lastSeq(), roster };
  }

  /** Takes an entry that this process committed, with the roster number of that moment. */
  take(entry: SequencedEntry, roster: number): void {
    if (entry.seq <= this.#options.lastSeq()) return;
    if (!this.#catching && entry.seq === this.#options.lastSeq() + 1 && this.#mayShow(entry.seq, roster)) {
      this.#options.show(entry);
    } else {
      this.#ahead.set(entry.seq, { entry, roster });
      this.expect(entry.seq, roster);
    }
  }

  /** The table has entries up to `seq`, and the roster this number: shows what is missing. */
  expect(seq: number, roster: number): void {
    this.#wanted.seq = Math.max(this.#wanted.seq, seq);
    this.#wanted.roster = Math.max(this.#wanted.roster, roster);
    if (this.#catching || !this.#isBehind()) return;
    this.#catching = true;
    void this.#catchUp();
  }

  /** False: members or settings have changed since they had this number, or are being looked at. */
  isCurrent(roster: number): boolean {
    return !this.#looking && roster >= Math.max(this.#roster.number, this.#wanted.roster);
  }

  #mayShow(seq: number, roster: number): boolean {
    return roster <= this.#roster.number && seq <= this.#roster.partAfter;
  }

  #isBehind(): boolean {
    return this.#wanted.seq > this.#options.lastSeq() || this.#wanted.roster > this.#roster.number;
  }

  async #catchUp(): Promise<void> {
    while (this.#isBehind()) {
      try {
        await this.#step();
      } catch (cause) {
        this.#options.onDoubt(cause);
        await this.#options.pause(retryMs);
      }
    }
    this.#catching = false;
    for (const resolve of this.#caughtUp.splice(0)) resolve();
  }

  /** Resolves once all that was expected is shown, and the members were looked at. */
  caughtUp(): Promise<void> {
    if (!this.#catching) return Promise.resolve();
    return new Promise((resolve) => this.#caughtUp.push(resolve));
  }

  async #step(): Promise<void> {
    const next = this.#ahead.get(this.#options.lastSeq() + 1);
    if (next !== undefined) await this.#showOne(next.entry, next.roster);
    else if (this.#wanted.seq > this.#options.lastSeq()) await this.#readOn();
    else await this.#reload();
  }

  async #readOn(): Promise<void> {
    const entries = await this.#options.readAfter(this.#options.lastSeq());
    if (entries.length === 0) this.#wanted.seq = this.#options.lastSeq(); // another log by now: the sweep parts from everybody
    for (const entry of entries) await this.#showOne(entry, this.#roster.number);
  }

  async #showOne(entry: SequencedEntry, roster: number): Promise<void> {
    this.#ahead.delete(entry.seq);
    if (!this.#mayShow(entry.seq, roster)) await this.#reload(roster);
    this.#options.show(entry);
    if (entry.changesRoster) await this.#reload();
  }

  /** A look may be older than the commit that named `atLeast`: then it counts as new as that. */
  async #reload(atLeast = this.#wanted.roster): Promise<void> {
    this.#looking = true;
    try {
      const { number, partAfter } = await this.#options.reload();
      this.#roster = { number: Math.max(number, atLeast), partAfter };
    } finally {
      this.#looking = false;
    }
  }
}
