/** The ack of a sent message, and its digest. */
export interface SentMessage {
  readonly seq: number;
  readonly timestamp: number;
  /** Digest of the sent message. The same client id with another digest is another message. */
  readonly digest: string;
}

export interface DedupeBounds {
  /** Milliseconds for which a channel without history remembers a client id. */
  readonly ms: number;
  /** Milliseconds for which a channel with history does, whose log remembers the id too. */
  readonly storedMs: number;
  /** Maximum number of client ids of one sender in one channel. */
  readonly ofSender: number;
  /** Maximum number of client ids in all channels of this process. */
  readonly ofAll: number;
}

/** Number of client ids, and of senders, that all channels of a process remember. */
export class DedupeMemory {
  readonly bounds: DedupeBounds;
  ids = 0;
  senders = 0;

  constructor(bounds: DedupeBounds) {
    this.bounds = bounds;
  }

  /**
   * Returns whether one more id of a sender fits. Once the total is reached, a sender below an
   * equal share still gets space.
   */
  hasRoomFor(idsOfSender: number): boolean {
    const { ofSender, ofAll } = this.bounds;
    return idsOfSender < ofSender && (this.ids < ofAll || idsOfSender < ofAll / this.senders);
  }
}

interface Remembered extends SentMessage {
  readonly atMs: number;
}

/** Packs a UUID, in upper or lower case, into 16 one-byte characters. */
function compact(clientId: string): string {
  return Buffer.from(clientId.replaceAll('-', ''), 'hex').toString('latin1');
}

/**
 * Recent acks of a channel by sender and client id, so that a retry gets the ack of the first
 * attempt.
 */
export class DedupeCache {
  readonly #memory: DedupeMemory;
  readonly #ms: number;
  /** Senders and their ids. The most recent sender is last, and so is its most recent id. */
  readonly #senders = new Map<string, Map<string, Remembered>>();
  #over = false;

  constructor(memory: DedupeMemory, hasHistory: boolean) {
    this.#memory = memory;
    this.#ms = hasHistory ? memory.bounds.storedMs : memory.bounds.ms;
  }

  find(sender: string, clientId: string): SentMessage | undefined {
    return this.#senders.get(sender)?.get(compact(clientId));
  }

  /** Returns 0, or the milliseconds until one more id of this sender can be remembered. */
  fullForMs(sender: string, nowMs: number): number {
    this.#forgetOld(nowMs);
    const own = this.#senders.get(sender);
    if (own === undefined || this.#memory.hasRoomFor(own.size)) return 0;
    const [oldest] = own.values();
    return Math.max(1, Math.ceil((oldest?.atMs ?? nowMs) + this.#ms - nowMs));
  }

  add(sender: string, clientId: string, sent: SentMessage, nowMs: number): void {
    if (this.#over) return;
    const own = this.#senders.get(sender) ?? new Map<string, Remembered>();
    if (own.size === 0) this.#memory.senders += 1;
    this.#senders.delete(sender);
    this.#senders.set(sender, own);
    const { seq, timestamp, digest } = sent;
    const before = own.size;
    own.set(compact(clientId), { seq, timestamp, digest, atMs: nowMs });
    this.#memory.ids += own.size - before;
    this.#forgetOldOf(sender, own, nowMs);
  }

  /**
   * Forgets the oldest id of this sender. Use it only for channels with history, whose log
   * remembers the id too.
   */
  makeRoom(sender: string): void {
    const own = this.#senders.get(sender);
    const [oldest] = own?.keys() ?? [];
    if (own !== undefined && oldest !== undefined) this.#forget(sender, own, oldest);
  }

  /** Forgets everything for good. Call it when this process gives the channel up. */
  end(): void {
    this.#over = true;
    for (const [sender, own] of this.#senders) for (const id of own.keys()) this.#forget(sender, own, id);
  }

  #forgetOld(nowMs: number): void {
    for (const [sender, own] of this.#senders) {
      this.#forgetOldOf(sender, own, nowMs);
      if (own.size > 0) return;
    }
  }

  #forgetOldOf(sender: string, own: Map<string, Remembered>, nowMs: number): void {
    for (const [id, { atMs }] of own) {
      if (atMs + this.#ms > nowMs) return;
      this.#forget(sender, own, id);
    }
  }

  #forget(sender: string, own: Map<string, Remembered>, id: string): void {
    own.delete(id);
    this.#memory.ids -= 1;
    if (own.size > 0) return;
    this.#senders.delete(sender);
    this.#memory.senders -= 1;
  }
}
