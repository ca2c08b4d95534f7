import type { EncodedMessage } from '@parley/fanout';

/** An entry of a log, encoded for clients. */
export interface SequencedEntry {
  readonly seq: number;
  readonly frame: EncodedMessage;
  /**
   * Whether the entry changes the members: the sequencer reloads them before it shows the next
   * entry.
   */
  readonly changesMembers: boolean;
}

/** Result of loading the members and settings of a channel. */
export interface LoadedMembers {
  /** Number that grows with each change of members and settings. */
  readonly revision: number;
  /**
   * Lowest of the last seqs that removed but still connected users may see; infinite if there are
   * none.
   */
  readonly partAfter: number;
}

/** The part of a live channel in which a sequencer shows entries. */
export interface ShownLog {
  readonly lastSeq: number;
  show(frame: EncodedMessage): void;
}

export interface SequencerOptions {
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
