import type { Reason } from '@parley/runtime/refusals';

/** Reason why an entry must not be written, from the table of refusals. */
export interface Denial {
  readonly reason: Reason;
  readonly retryAfterMs?: number;
}

/** A message to be written into the log of a channel with history. */
export interface LogEntry {
  readonly channelId: number;
  /** Epoch in which this server owns the channel. */
  readonly epoch: number;
  readonly senderId: string;
  /** UUID, made by the server if the sender gave none. */
  readonly clientId: string;
  readonly kind: number;
  readonly targetSeq: number;
  readonly contentType: string;
  readonly data: Uint8Array;
  /** SHA-256 of the sent message. The same client id with another digest is another message. */
  readonly digest: Uint8Array;
  readonly mentions: readonly string[];
  /** Files of the sender, in the order of the message. */
  readonly fileIds: readonly string[];
  /**
   * Revision of the members and settings against which it was checked. Nothing is written if the
   * head has another revision.
   */
  readonly revision: number;
  /** Whether the sender is the owner or an admin of the channel. */
  readonly isHost: boolean;
  /**
   * Reason why the entry must not be written, if there is one. The entry is looked up all the same,
   * because an earlier attempt may have been stored.
   */
  readonly denial: Denial | undefined;
}

/** An entry that is checked right before it is written. */
export interface Candidate extends LogEntry {
  /** Brings `revision`, `isHost` and `denial` up to date. */
  judge(): void;
  /** Resolves when the members and settings of this revision, or a later one, are loaded. */
  reloadMembers(revision: number): Promise<void>;
}

/** Outcome of an entry. */
export type AppendOutcome =
  /** The entry was committed now. */
  | { readonly is: 'stored'; readonly seq: number; readonly sentAtMs: number; readonly revision: number }
  /** An earlier attempt has committed the entry. */
  | { readonly is: 'duplicate'; readonly seq: number; readonly sentAtMs: number }
  /** No earlier attempt has stored the entry, and the entry is not allowed now. */
  | { readonly is: 'denied'; readonly denial: Denial }
  /** Another message has this client id. */
  | { readonly is: 'reused' }
  /** This server no longer owns the channel. */
  | { readonly is: 'moved' }
  /** The lease lapsed before the entry was written. */
  | { readonly is: 'paused' }
  /** A row that the entry needs was locked for too long. Nothing was written. */
  | { readonly is: 'busy' }
  /** The database could not write the entry now, and rolled it back. */
  | { readonly is: 'failed'; readonly cause: unknown }
  /** The database will never accept the entry. */
  | { readonly is: 'refused' };

/** Outcome of one entry of a batch. */
export type BatchOutcome =
  | AppendOutcome /** The members or settings have changed, so nothing was written. Contains the new revision. */
  | Stale;

export interface Stale {
  readonly is: 'stale';
  readonly revision: number;
}

/**
 * Connections for writing: `main` for the batch of all channels, `aside` for channels that were
 * locked.
 */
export type Track = 'main' | 'aside';

/** Writes a batch. Resolves with one outcome per entry, and rejects if the outcome is not known. */
export type Append = (
  batch: readonly LogEntry[],
  how: { readonly isRetry: boolean; readonly track: Track },
) => Promise<readonly BatchOutcome[]>;

/**
 * Returns the number of bytes by which an entry will count towards a quota once it is written: the
 * result of `chat.stored_bytes`.
 */
export function weightOf({ data, contentType, mentions }: LogEntry): number {
  const text = data.length + Buffer.byteLength(contentType);
  return mentions.reduce((sum, id) => sum + Buffer.byteLength(id), text);
}

const overheadBytes = 512;

/** Returns the bytes that an entry holds in memory while it waits. */
export function costOf({ data, contentType, mentions, fileIds }: LogEntry): number {
  return [...mentions, ...fileIds].reduce(
    (sum, id) => sum + id.length + 16,
    overheadBytes + data.length + contentType.length,
  );
}
