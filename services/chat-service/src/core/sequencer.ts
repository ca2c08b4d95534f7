import type { EncodedMessage } from '@parley/fanout';

/** An entry of a log, encoded for clients. */
export interface SequencedEntry {
  readonly seq: number;
  readonly frame: EncodedMessage;
  /** True for a change of members: the sequencer reloads them before it shows the next entry. */
  readonly changesRoster: boolean;
}

/** Result of loading the members and settings of a channel. */
export interface Roster {
  /** Grows with every change. */
  readonly number: number;
  /** Lowest last seq of a connected user who has been removed; infinite if there is none. */
  readonly partAfter: number;
}

export interface SequencerOptions {
  /** Returns the last seq that was shown. */
  readonly lastSeq: () => number;
  /** Shows an entry. Its seq is the last one plus 1. */
  readonly show: (entry: SequencedEntry) => void;
  /** Reads a page of entries after a seq, oldest first. Empty if there are none. */
  readonly readAfter: (seq: number) => Promise<readonly SequencedEntry[]>;
  /**
   * Loads members and settings, and ends the streams of removed users who have seen their last
   * entry.
   */
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
 * Shows the entries of a channel in the order of their seq. The table is the truth. Before it shows
 * an entry, the sequencer reads from the table what other processes wrote before it, and loads the
 * members if they have changed.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  /** Entries committed here that wait for earlier ones, by seq. */
  readonly #ahead = new Map<number, Ahead>();
  #roster: Roster;
  readonly #wanted: { seq: number; roster: number };
  #isCatchingUp = false;
  #isLoading = false;
  #caughtUp: (() => void)[] = [];

  constructor(options: SequencerOptions, roster: number) {
    this.#options = options;
    this.#roster = { number: roster, partAfter: Number.POSITIVE_INFINITY };
    this.#wanted = { seq: options.lastSeq(), roster };
  }

  /** Adds an entry that this process committed, with the roster number at the commit. */
  take(entry: SequencedEntry, roster: number): void {
    if (entry.seq <= this.#options.lastSeq()) return;
    if (!this.#isCatchingUp && entry.seq === this.#options.lastSeq() + 1 && this.#mayShow(entry.seq, roster)) {
      this.#options.show(entry);
    } else {
      this.#ahead.set(entry.seq, { entry, roster });
      this.expect(entry.seq, roster);
    }
  }

  /**
   * Call this to say that the table has entries up to `seq` and a roster of this number. Shows
   * missing entries.
   */
  expect(seq: number, roster: number): void {
    this.#wanted.seq = Math.max(this.#wanted.seq, seq);
    this.#wanted.roster = Math.max(this.#wanted.roster, roster);
    if (this.#isCatchingUp || !this.#isBehind()) return;
    this.#isCatchingUp = true;
    void this.#catchUp();
  }

  /** Returns false if members or settings have changed since this number, or are being loaded. */
  isCurrent(roster: number): boolean {
    return !this.#isLoading && roster >= Math.max(this.#roster.number, this.#wanted.roster);
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
    this.#isCatchingUp = false;
    for (const resolve of this.#caughtUp.splice(0)) resolve();
  }

  /** Resolves when all expected entries are shown and the members are loaded. */
  caughtUp(): Promise<void> {
    if (!this.#isCatchingUp) return Promise.resolve();
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
    if (entries.length === 0) this.#wanted.seq = this.#options.lastSeq(); // another log now: the reconciler ends the streams
    for (const entry of entries) await this.#showOne(entry, this.#roster.number);
  }

  async #showOne(entry: SequencedEntry, roster: number): Promise<void> {
    this.#ahead.delete(entry.seq);
    if (!this.#mayShow(entry.seq, roster)) await this.#reload(roster);
    this.#options.show(entry);
    if (entry.changesRoster) await this.#reload();
  }

  /**
   * Loads the roster. It may be older than the commit that named `atLeast`, and then counts as that
   * number.
   */
  async #reload(atLeast = this.#wanted.roster): Promise<void> {
    this.#isLoading = true;
    try {
      const { number, partAfter } = await this.#options.reload();
      this.#roster = { number: Math.max(number, atLeast), partAfter };
    } finally {
      this.#isLoading = false;
    }
  }
}
