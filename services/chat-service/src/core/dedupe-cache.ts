/** What was answered to a sent message. */
export interface SentMessage {
  readonly seq: number;
  readonly timestamp: number;
  /** Of what was sent: the same client id with another digest is another message. */
  readonly digest: string;
}

export interface DedupeBounds {
  /** How long a client id is remembered. */
  readonly ms: number;
  /** Client ids of one sender in one channel. */
  readonly ofSender: number;
  /** Of all channels of this process. */
  readonly ofAll: number;
}

/** How many client ids all channels of a process remember, and for how many senders. */
export class DedupeMemory {
  readonly bounds: DedupeBounds;
  ids = 0;
  senders = 0;

  constructor(bounds: DedupeBounds) {
    this.bounds = bounds;
  }

  /** Where all that may be remembered is, a sender with less than an equal share of it has room left. */
  hasRoomFor(idsOfSender: number): boolean {
    const { ofSender, ofAll } = this.bounds;
    return idsOfSender < ofSender && (this.ids < ofAll || idsOfSender < ofAll / this.senders);
  }
}

interface Remembered extends SentMessage {
  readonly atMs: number;
}

/** A UUID is the same one in either case; 16 characters of one byte each. */
function compact(clientId: string): string {
  return Buffer.from(clientId.replaceAll('-', ''), 'hex').toString('latin1');
}

/** What was sent lately in a channel, by sender and client id, so that a retry is answered like the first try. */
export class DedupeCache {
  readonly #memory: DedupeMemory;
  /** Who sent last is last; so are the ids of each. */
  readonly #senders = new Map<string, Map<string, Remembered>>();
  #over = false;

  constructor(memory: DedupeMemory) {
    this.#memory = memory;
  }

  find(sender: string, clientId: string): SentMessage | undefined {
    return this.#senders.get(sender)?.get(compact(clientId));
  }

  /** 0, or the milliseconds until one more of this sender can be remembered. */
  fullForMs(sender: string, nowMs: number): number {
    this.#forgetOld(nowMs);
    const own = this.#senders.get(sender);
    if (own === undefined || this.#memory.hasRoomFor(own.size)) return 0;
    const [oldest] = own.values();
    return Math.max(1, Math.ceil((oldest?.atMs ?? nowMs) + this.#memory.bounds.ms - nowMs));
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

  /** Makes room by forgetting the oldest of this sender: for channels whose log remembers too. */
  makeRoom(sender: string): void {
    const own = this.#senders.get(sender);
    const [oldest] = own?.keys() ?? [];
    if (own !== undefined && oldest !== undefined) this.#forget(sender, own, oldest);
  }

  /** Nothing is remembered any more: this process has the channel no longer. */
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
      if (atMs + this.#memory.bounds.ms > nowMs) return;
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
