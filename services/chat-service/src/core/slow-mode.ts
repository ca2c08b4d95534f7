/** Nobody waits for longer than this between two messages. */
const longestMs = 21_600_000;
const never = Number.NEGATIVE_INFINITY;

interface Turn {
  readonly atMs: number;
  readonly of: object | undefined;
  readonly beforeMs: number;
}

/** When each user spoke last in a channel, so that slow mode counts from there even where it was switched on later. */
export class SlowMode {
  /** The oldest first. */
  readonly #turns = new Map<string, Turn>();

  /** 0: it is the turn of this message, asked again too. Else the milliseconds until its user may speak. */
  take(userId: string, message: object, slowMs: number, nowMs: number): number {
    const last = this.#turns.get(userId);
    const beforeMs = (last?.of === message ? last.beforeMs : last?.atMs) ?? never;
    const waitMs = Math.ceil(beforeMs + slowMs - nowMs);
    if (waitMs > 0) return waitMs;
    this.#set(userId, { atMs: nowMs, of: message, beforeMs });
    this.#forget(nowMs);
    return 0;
  }

  /** The message was not taken after all. */
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
