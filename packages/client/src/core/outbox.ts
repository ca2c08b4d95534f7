/** How much waits for an ack at most; what is beyond is refused at once. */
export const outboxLimits = { messages: 1_000, bytes: 8_388_608 } as const;

/** Something to be sent until it is acked. */
export interface OutboxEntry<F> {
  /** A UUID, the same one for each try. */
  readonly clientId: string;
  readonly bytes: number;
  readonly frame: F;
  /** Frames of one lane keep their order; a lane can be held while others go on. */
  readonly lane: string;
}

interface Slot<F> extends OutboxEntry<F> {
  written: boolean;
}

/**
 * What was sent and has no answer yet, in the order of the sends. Frames leave in that order, at most `inFlight` ahead of their acks,
 * and pass only those of a lane that is held.
 */
export class Outbox<F> {
  readonly #slots = new Map<string, Slot<F>>();
  readonly #inFlight: number;
  readonly #heldLanes = new Map<string, number>();
  #bytes = 0;
  #written = 0;
  #holdUntilMs = 0;

  constructor(inFlight: number) {
    this.#inFlight = inFlight;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** False: there is no room. */
  add(item: OutboxEntry<F>): boolean {
    const full = this.#slots.size >= outboxLimits.messages || this.#bytes + item.bytes > outboxLimits.bytes;
    if (full) return false;
    this.#slots.set(item.clientId, { ...item, written: false });
    this.#bytes += item.bytes;
    return true;
  }

  has(clientId: string): boolean {
    return this.#slots.has(clientId);
  }

  /** The frames to write now; they count as written until `lost` or `postpone`. */
  take(nowMs: number): F[] {
    if (nowMs < this.#holdUntilMs) return [];
    const frames: F[] = [];
    for (const slot of this.#slots.values()) {
      if (this.#written >= this.#inFlight) break;
      if (slot.written || nowMs < this.#heldUntil(slot)) continue;
      slot.written = true;
      this.#written += 1;
      frames.push(slot.frame);
    }
    return frames;
  }

  /** When `take` has something again, in the time that it is given, maybe by now; undefined: not by the passing of time. */
  get heldUntilMs(): number | undefined {
    if (this.#written >= this.#inFlight) return undefined;
    let soonest: number | undefined;
    for (const slot of this.#slots.values()) {
      if (slot.written) continue;
      soonest = Math.min(soonest ?? Number.POSITIVE_INFINITY, this.#heldUntil(slot));
      if (soonest <= this.#holdUntilMs) break;
    }
    return soonest;
  }

  #heldUntil({ lane }: Slot<F>): number {
    return Math.max(this.#holdUntilMs, this.#heldLanes.get(lane) ?? 0);
  }

  /** It was answered, or is given up. False: it was not here. */
  remove(clientId: string): boolean {
    const slot = this.#slots.get(clientId);
    if (slot === undefined) return false;
    this.#slots.delete(clientId);
    this.#bytes -= slot.bytes;
    if (slot.written) this.#written -= 1;
    return true;
  }

  /** It was refused for now: again, and before that time nothing, or nothing of its lane. */
  postpone(clientId: string, untilMs: number, laneOnly: boolean): void {
    const slot = this.#slots.get(clientId);
    if (slot?.written !== true) return;
    slot.written = false;
    this.#written -= 1;
    if (laneOnly) this.#heldLanes.set(slot.lane, untilMs);
    else this.#holdUntilMs = Math.max(this.#holdUntilMs, untilMs);
  }

  /** The stream is gone: all that has no answer goes out again on the next one. */
  lost(): void {
    for (const slot of this.#slots.values()) slot.written = false;
    this.#written = 0;
  }
}
