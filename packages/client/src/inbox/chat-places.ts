import type { SeenChat } from '@parley/contract';

interface ChatPlace {
  log: string;
  /** Seq of the last entry; undefined if none is known. */
  seq: number | undefined;
  /** Whether the next entry may have any higher seq, because the user has joined again. */
  mayJump: boolean;
}

/** A range of seqs. */
interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The log of each chat, and its last received entry. Finds duplicates and holes. In chats without
 * history, whose log is empty, it finds neither.
 */
export class ChatPlaces {
  readonly #chats = new Map<number, ChatPlace>();

  /** Returns the log of a chat; empty if it has no history or is unknown. */
  logOf(channelId: number): string {
    return this.#chats.get(channelId)?.log ?? '';
  }

  /** Sets the log and the last entry of a chat. */
  set(channelId: number, log: string, seq: number | undefined): void {
    this.#chats.set(channelId, { log, seq, mayJump: false });
  }

  /**
   * Records that the user has joined a chat. It may be known already, because a resume repeats the
   * event.
   */
  join(channelId: number, log: string): void {
    const known = this.#chats.get(channelId);
    const seq = known?.log === log ? known.seq : undefined;
    this.#chats.set(channelId, { log, seq, mayJump: true });
  }

  /** Replaces everything by the ends of the logs of all chats. */
  replace(chats: readonly SeenChat[]): void {
    this.#chats.clear();
    for (const { channelId, log, seq } of chats) this.set(channelId, log, seq);
  }

  /** Forgets a chat that the user has left. */
  leave(channelId: number): void {
    this.#chats.delete(channelId);
  }

  /**
   * Records an entry. Returns undefined for a duplicate, else the range of seqs that are missing
   * before it, which is empty as a rule.
   */
  take(channelId: number, seq: number): SeqRange | undefined {
    const chat = this.#chats.get(channelId);
    if (chat === undefined || chat.log === '') return { from: seq, to: seq - 1 };
    const { seq: known = seq - 1, mayJump } = chat;
    if (seq <= known) return undefined;
    chat.seq = seq;
    chat.mayJump = false;
    return { from: mayJump ? seq : known + 1, to: seq - 1 };
  }

  /** Records that entries are missing. Returns those of them that had not arrived or been missed. */
  miss(channelId: number, { from, to }: SeqRange): SeqRange {
    const log = this.logOf(channelId);
    const known = this.#chats.get(channelId)?.seq ?? 0;
    this.set(channelId, log, Math.max(known, to));
    return { from: Math.max(from, known + 1), to };
  }

  /**
   * Sets the log of a chat. Returns whether the chat had another one, so that its earlier seqs are
   * void.
   */
  restart(channelId: number, log: string): boolean {
    const known = this.#chats.get(channelId);
    if (known === undefined || known.log === '') {
      this.set(channelId, log, undefined);
      return false;
    }
    if (known.log === log) return false;
    this.set(channelId, log, 0);
    return true;
  }
}
