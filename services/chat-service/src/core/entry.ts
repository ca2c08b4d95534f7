/** Why an entry may not be written; each is a reason of the table of refusals. */
export interface Denial {
  readonly reason:
    | 'muted'
    | 'removed'
    | 'moved'
    | 'slow-mode'
    | 'message-not-found'
    | 'not-your-message'
    | 'not-owner'
    | 'too-many-reactions'
    | 'quota-exceeded';
  readonly retryAfterMs?: number;
}

/** A message on its way into the log of a channel that keeps something. */
export interface LogEntry {
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
  /** The number of the members and settings by which it was judged: nothing is written where the head has another one. */
  readonly roster: number;
  /** Its sender is the owner or an administrator of the channel. */
  readonly isHost: boolean;
  /** Why it may not be written. It is looked up all the same: an earlier try may have been stored. */
  readonly denial: Denial | undefined;
}

/** An entry that is judged right before it is written. */
export interface Candidate extends LogEntry {
  /** Brings `roster`, `isHost` and `denial` up to date. */
  judge(): void;
  /** Resolves when members and settings of this number were looked at. */
  lookAgain(roster: number): Promise<void>;
}

/** What became of an entry. */
export type AppendOutcome =
  /** Committed just now. */
  | { readonly is: 'stored'; readonly seq: number; readonly sentAtMs: number; readonly roster: number }
  /** Committed before, by an earlier try. */
  | { readonly is: 'known'; readonly seq: number; readonly sentAtMs: number }
  /** Not stored by an earlier try, and it may not be written now. */
  | { readonly is: 'denied'; readonly denial: Denial }
  /** Another message has that client id. */
  | { readonly is: 'reused' }
  /** The channel is not this server's any more. */
  | { readonly is: 'moved' }
  /** The lease lapsed before it was written. */
  | { readonly is: 'paused' }
  /** What it needs was locked for too long; nothing was written. */
  | { readonly is: 'busy' }
  /** The database will never take it. */
  | { readonly is: 'refused' };

/** What became of an entry of a batch. */
export type BatchOutcome =
  | AppendOutcome /** Members or settings have this number by now; nothing was written. */
  | Stale;

export interface Stale {
  readonly is: 'stale';
  readonly roster: number;
}

/** The two connections for writing: of the batch of all channels, and of channels that were locked. */
export type Track = 'main' | 'aside';

/** Writes a batch. Resolves with one outcome per entry; rejects where the outcome is not known. */
export type Append = (
  batch: readonly LogEntry[],
  how: { readonly again: boolean; readonly track: Track },
) => Promise<readonly BatchOutcome[]>;

/** Bytes that an entry holds in the database and that count for a quota: what `chat.stored_bytes` answers once it is written. */
export function weightOf({ data, contentType, mentions }: LogEntry): number {
  const words = data.length + Buffer.byteLength(contentType);
  return mentions.reduce((sum, id) => sum + Buffer.byteLength(id), words);
}

const overheadBytes = 512;

/** Bytes that an entry holds in memory while it waits. */
export function costOf({ data, contentType, mentions }: LogEntry): number {
  return mentions.reduce((sum, id) => sum + id.length + 16, overheadBytes + data.length + contentType.length);
}
