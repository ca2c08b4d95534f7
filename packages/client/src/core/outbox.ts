/** Limits of the outbox. A send beyond them is refused immediately. */
const outboxLimits = { messages: 1_000, bytes: 8_388_608 } as const;

/** A frame that is sent until it is acknowledged. */
export interface OutboxEntry<F> {
  /** A UUID, the same in every attempt. */
  readonly clientId: string;
  /** Payload size, for the limit. */
  readonly bytes: number;
  readonly frame: F;
  /**
   * Name of the lane. The frames of a lane keep their order, and one lane can be held while the
   * others continue.
   */
  readonly lane: string;
}

/** Limits of the frames on the wire. */
export interface OutboxLimits {
  /**
   * Maximum number of unacknowledged frames on the wire. With 1, each lane keeps its order no matter
   * what is refused.
   */
  readonly inFlight: number;
  /** Maximum number of unacknowledged frames in each lane. Default: `inFlight`. */
  readonly inLane?: number;
}

interface Slot<F> extends OutboxEntry<F> {
  written: boolean;
}

/**
 * Unanswered sends in the order of their calls. Frames leave in that order, with at most `inFlight`
 * unacknowledged. A frame overtakes another one only if that one is postponed, or its lane is held
 * or full.
 */
export class Outbox<F> {
  readonly #slots = new Map<string, Slot<F>>();
  readonly #inFlight: number;
  readonly #inLane: number;
  readonly #writtenInLane = new Map<string, number>();
  readonly #heldLanes = new Map<string, number>();
  #bytes = 0;
  #written = 0;
  #holdUntilMs = 0;

  constructor({ inFlight, inLane = inFlight }: OutboxLimits) {
    this.#inFlight = inFlight;
    this.#inLane = inLane;
  }

  /** Number of unanswered sends. */
  get size(): number {
    return this.#slots.size;
  }

  /** Adds a send. Returns false if a limit is reached. */
  add(item: OutboxEntry<F>): boolean {
    const full = this.#slots.size >= outboxLimits.messages || this.#bytes + item.bytes > outboxLimits.bytes;
    if (full) return false;
    this.#slots.set(item.clientId, { ...item, written: false });
    this.#bytes += item.bytes;
    return true;
  }

  /** Returns whether a send with this client id is unanswered. */
  has(clientId: string): boolean {
    return this.#slots.has(clientId);
  }

  /** Returns the frames to write now. They count as written until `lost` or `postpone`. */
  take(nowMs: number): F[] {
    if (nowMs < this.#holdUntilMs) return [];
    const frames: F[] = [];
    for (const slot of this.#slots.values()) {
      if (this.#written >= this.#inFlight) break;
      if (slot.written || this.#isFull(slot) || nowMs < this.#heldUntil(slot)) continue;
      this.#mark(slot, true);
      frames.push(slot.frame);
    }
    return frames;
  }

  /**
   * Time when `take` will have frames again; it may be in the past. Undefined if only an answer can
   * make frames available.
   */
  get heldUntilMs(): number | undefined {
    if (this.#written >= this.#inFlight) return undefined;
    let soonest: number | undefined;
    for (const slot of this.#slots.values()) {
      if (slot.written || this.#isFull(slot)) continue;
      soonest = Math.min(soonest ?? Number.POSITIVE_INFINITY, this.#heldUntil(slot));
      if (soonest <= this.#holdUntilMs) break;
    }
    return soonest;
  }

  #isFull({ lane }: Slot<F>): boolean {
    return (this.#writtenInLane.get(lane) ?? 0) >= this.#inLane;
  }

  #mark(slot: Slot<F>, written: boolean): void {
    if (slot.written === written) return;
    const by = written ? 1 : -1;
    const inLane = (this.#writtenInLane.get(slot.lane) ?? 0) + by;
    slot.written = written;
    this.#written += by;
    if (inLane === 0) this.#writtenInLane.delete(slot.lane);
    else this.#writtenInLane.set(slot.lane, inLane);
  }

  #heldUntil({ lane }: Slot<F>): number {
    return Math.max(this.#holdUntilMs, this.#heldLanes.get(lane) ?? 0);
  }

  /** Removes a send that was answered or abandoned. Returns false if it is unknown. */
  remove(clientId: string): boolean {
    const slot = this.#slots.get(clientId);
    if (slot === undefined) return false;
    this.#slots.delete(clientId);
    this.#bytes -= slot.bytes;
    this.#mark(slot, false);
    return true;
  }

  /**
   * Schedules another attempt of a refused send. Until `untilMs`, every frame waits; with
   * `laneOnly`, only the frames of its lane do.
   */
  postpone(clientId: string, untilMs: number, laneOnly: boolean): void {
    const slot = this.#slots.get(clientId);
    if (slot?.written !== true) return;
    this.#mark(slot, false);
    if (laneOnly) this.#heldLanes.set(slot.lane, untilMs);
    else this.#holdUntilMs = Math.max(this.#holdUntilMs, untilMs);
  }

  /** Marks every unanswered send as unwritten, to go out on the next stream. */
  lost(): void {
    for (const slot of this.#slots.values()) this.#mark(slot, false);
  }
}
