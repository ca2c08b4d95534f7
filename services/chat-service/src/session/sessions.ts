import type { ChatSession } from './session.js';

export interface SessionFilter {
  readonly channelId?: number;
  readonly userId?: string;
  readonly seat?: string;
}

/** Sessions of this chat server by seat, including seats whose session is still opening. */
export class Sessions {
  readonly #bySeat = new Map<string, ChatSession | 'joining'>();
  #empty: (() => void)[] = [];

  get size(): number {
    return this.#bySeat.size;
  }

  /**
   * Registers a seat before it is claimed, so that the reconciler does not delete it. Returns false
   * if it is already registered.
   */
  expect(seat: string): boolean {
    if (this.#bySeat.has(seat)) return false;
    this.#bySeat.set(seat, 'joining');
    return true;
  }

  add(session: ChatSession): void {
    this.#bySeat.set(session.key.seat, session);
  }

  remove(seat: string): void {
    this.#bySeat.delete(seat);
    if (this.#bySeat.size > 0) return;
    for (const resolve of this.#empty.splice(0)) resolve();
  }

  has(seat: string): boolean {
    return this.#bySeat.has(seat);
  }

  /** Returns the open sessions that match every field of the filter. */
  find({ channelId, userId, seat }: SessionFilter = {}): ChatSession[] {
    const candidates = seat === undefined ? [...this.#bySeat.values()] : [this.#bySeat.get(seat)];
    return candidates.filter(
      (session): session is ChatSession =>
        typeof session === 'object' &&
        (channelId === undefined || session.key.channelId === channelId) &&
        (userId === undefined || session.key.userId === userId),
    );
  }

  /** Number of different users with an open session. */
  get users(): number {
    return new Set(this.find().map(({ key }) => key.userId)).size;
  }

  /** Resolves when no stream is left. */
  empty(): Promise<void> {
    if (this.#bySeat.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }
}
