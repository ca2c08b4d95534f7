/** Reason why an entry may not be written, from the table of refusals. */
export interface Denial {
  readonly reason:
    | 'muted'
    | 'removed'
    | 'moved'
    | 'slow-mode'
    | 'message-not-found'
    | 'mention-not-found'
    | 'not-your-message'
    | 'not-channel-admin'
    | 'too-many-reactions'
    | 'quota-exceeded';
  readonly retryAfterMs?: number;
}

/** A message to be written into the log of a channel with history. */
export interface LogEntry {
  readonly channelId: number;
  /** Epoch of the ownership under which it is written. */
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
  /**
   * Revision of the members and settings by which it was judged. Nothing is written if the head has
   * another one.
   */
  readonly revision: number;
  /** True if its sender is the owner or an admin of the channel. */
  readonly isHost: boolean;
  /**
   * Why it may not be written. It is looked up nevertheless, as an earlier try may have been
   * stored.
   */
  readonly denial: Denial | undefined;
}

/** An entry that is judged right before it is written. */
export interface Candidate extends LogEntry {
  /** Brings `revision`, `isHost` and `denial` up to date. */
  judge(): void;
  /** Resolves when the members and settings of this revision, or a later one, are loaded. */
  reloadMembers(revision: number): Promise<void>;
}

/** Outcome of an entry. */
export type AppendOutcome =
  /** Committed now. */
  | { readonly is: 'stored'; readonly seq: number; readonly sentAtMs: number; readonly revision: number }
  /** Committed before, by an earlier try. */
  | { readonly is: 'duplicate'; readonly seq: number; readonly sentAtMs: number }
  /** Not stored by an earlier try, and not allowed now. */
  | { readonly is: 'denied'; readonly denial: Denial }
  /** Another message has this client id. */
  | { readonly is: 'reused' }
  /** This server no longer owns the channel. */
  | { readonly is: 'moved' }
  /** The lease lapsed before it was written. */
  | { readonly is: 'paused' }
  /** A row that it needs was locked for too long. Nothing was written. */
  | { readonly is: 'busy' }
  /** The database will never accept it. */
  | { readonly is: 'refused' };

/** Outcome of an entry of one batch. */
export type BatchOutcome =
  | AppendOutcome /** Members or settings have changed, and have this revision now. Nothing was written. */
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
 * Returns the bytes of an entry that count for a quota, as `chat.stored_bytes` does once it is
 * written.
 */
export function weightOf({ data, contentType, mentions }: LogEntry): number {
  const text = data.length + Buffer.byteLength(contentType);
  return mentions.reduce((sum, id) => sum + Buffer.byteLength(id), text);
}

const overheadBytes = 512;

/** Returns the bytes that an entry holds in memory while it waits. */
export function costOf({ data, contentType, mentions }: LogEntry): number {
  return mentions.reduce((sum, id) => sum + id.length + 16, overheadBytes + data.length + contentType.length);
}
