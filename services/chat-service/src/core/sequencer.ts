import type { EncodedMessage } from '@parley/fanout';

/** An entry of a log, encoded for clients. */
export interface SequencedEntry {
  readonly seq: number;
  readonly frame: EncodedMessage;
  /** True for a change of members: the sequencer reloads them before it shows the next entry. */
  readonly changesMembers: boolean;
}

/** Result of loading the members and settings of a channel. */
export interface LoadedMembers {
  /** Counts their changes. */
  readonly revision: number;
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
  readonly reload: () => Promise<LoadedMembers>;
  readonly pause: (ms: number) => Promise<void>;
  readonly onDoubt: (cause: unknown) => void;
}

interface Ahead {
  readonly entry: SequencedEntry;
  readonly revision: number;
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
  #loaded: LoadedMembers;
  readonly #wanted: { seq: number; revision: number };
  #isCatchingUp = false;
  #isLoading = false;
  /** True from a shown change of members until they are loaded. Nothing may be shown meanwhile. */
  #areMembersOld = false;
  #caughtUp: (() => void)[] = [];

  constructor(options: SequencerOptions, revision: number) {
    this.#options = options;
    this.#loaded = { revision, partAfter: Number.POSITIVE_INFINITY };
    this.#wanted = { seq: options.lastSeq(), revision };
  }

  /** Adds an entry that this process committed, with the revision at the commit. */
  take(entry: SequencedEntry, revision: number): void {
    if (entry.seq <= this.#options.lastSeq()) return;
    if (!this.#isCatchingUp && entry.seq === this.#options.lastSeq() + 1 && this.#mayShow(entry.seq, revision)) {
      this.#options.show(entry);
    } else {
      this.#ahead.set(entry.seq, { entry, revision });
      this.expect(entry.seq, revision);
    }
  }

  /**
   * Call this to say that the table has entries up to `seq`, and members and settings of this
   * revision. Shows missing entries.
   */
  expect(seq: number, revision: number): void {
    this.#wanted.seq = Math.max(this.#wanted.seq, seq);
    this.#wanted.revision = Math.max(this.#wanted.revision, revision);
    if (this.#isCatchingUp || !this.#isBehind()) return;
    this.#isCatchingUp = true;
    void this.#catchUp();
  }

  /** Returns false if members or settings have changed since this revision, or are being loaded. */
  isCurrent(revision: number): boolean {
    return (
      !this.#isLoading && !this.#areMembersOld && revision >= Math.max(this.#loaded.revision, this.#wanted.revision)
    );
  }

  #mayShow(seq: number, revision: number): boolean {
    return revision <= this.#loaded.revision && seq <= this.#loaded.partAfter;
  }

  #isBehind(): boolean {
    const areMembersBehind = this.#areMembersOld || this.#wanted.revision > this.#loaded.revision;
    return areMembersBehind || this.#wanted.seq > this.#options.lastSeq();
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
    if (this.#areMembersOld) return this.#reload();
    const next = this.#ahead.get(this.#options.lastSeq() + 1);
    if (next !== undefined) await this.#showOne(next.entry, next.revision);
    else if (this.#wanted.seq > this.#options.lastSeq()) await this.#readOn();
    else await this.#reload();
  }

  async #readOn(): Promise<void> {
    const entries = await this.#options.readAfter(this.#options.lastSeq());
    if (entries.length === 0) this.#wanted.seq = this.#options.lastSeq(); // another log now: the reconciler ends the streams
    for (const entry of entries) await this.#showOne(entry, this.#wanted.revision);
  }

  async #showOne(entry: SequencedEntry, revision: number): Promise<void> {
    this.#ahead.delete(entry.seq);
    if (!this.#mayShow(entry.seq, revision)) await this.#reload(revision);
    this.#options.show(entry);
    this.#areMembersOld = entry.changesMembers;
    if (this.#areMembersOld) await this.#reload();
  }

  /**
   * Loads members and settings. They may be older than the commit that named the revision `atLeast`,
   * and then count as that revision.
   */
  async #reload(atLeast = this.#wanted.revision): Promise<void> {
    this.#isLoading = true;
    try {
      const { revision, partAfter } = await this.#options.reload();
      this.#loaded = { revision: Math.max(revision, atLeast), partAfter };
      this.#areMembersOld = false;
    } finally {
      this.#isLoading = false;
    }
  }
}
