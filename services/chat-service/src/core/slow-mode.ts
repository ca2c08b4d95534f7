/** Longest interval between two messages in slow mode, in milliseconds. */
const longestMs = 21_600_000;
const never = Number.NEGATIVE_INFINITY;

interface Turn {
  readonly atMs: number;
  readonly of: object | undefined;
  readonly beforeMs: number;
}

/**
 * Time of each user's last message in a channel. Recorded always, so that slow mode can be switched
 * on later.
 */
export class SlowMode {
  /** Last messages, the oldest first. */
  readonly #turns = new Map<string, Turn>();

  /**
   * Returns 0 if this message may be sent, also if called again for it. Otherwise the milliseconds
   * until its user may send.
   */
  take(userId: string, message: object, slowMs: number, nowMs: number): number {
    const last = this.#turns.get(userId);
    const beforeMs = (last?.of === message ? last.beforeMs : last?.atMs) ?? never;
    const waitMs = Math.ceil(beforeMs + slowMs - nowMs);
    if (waitMs > 0) return waitMs;
    this.#set(userId, { atMs: nowMs, of: message, beforeMs });
    this.#forget(nowMs);
    return 0;
  }

  /** Undoes `take` for a message that was not accepted after all. */
  giveBack(userId: string, message: object): void {
    const turn = this.#turns.get(userId);
    if (turn?.of !== message) return;
    this.#turns.set(userId, { atMs: turn.beforeMs, of: undefined, beforeMs: never });
  }

  #set(userId: string, turn: Turn): void {
    this.#turns.delete(userId);
    this.#turns.set(userId, turn);
  }

  #forget(nowMs: number): void {
    for (const [userId, { atMs }] of this.#turns) {
      if (atMs + longestMs > nowMs) return;
      this.#turns.delete(userId);
    }
  }
}
