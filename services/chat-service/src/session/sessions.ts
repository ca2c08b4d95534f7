import type { ChatSession } from './session.js';

export interface SessionFilter {
  readonly channelId?: number;
  readonly userId?: string;
  readonly seat?: string;
}

/** Every stream of this chat server by its seat, those that are still being joined too. */
export class Sessions {
  readonly #bySeat = new Map<string, ChatSession | 'joining'>();
  #empty: (() => void)[] = [];

  get size(): number {
    return this.#bySeat.size;
  }

  /** Before the seat is taken, so that no sweep takes it for one without a stream. False: it is here already. */
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

  /** The open sessions that fit all that the filter names. */
  find({ channelId, userId, seat }: SessionFilter = {}): ChatSession[] {
    const candidates = seat === undefined ? [...this.#bySeat.values()] : [this.#bySeat.get(seat)];
    return candidates.filter(
      (session): session is ChatSession =>
        typeof session === 'object' &&
        (channelId === undefined || session.key.channelId === channelId) &&
        (userId === undefined || session.key.userId === userId),
    );
  }

  /** Resolves when no stream is left. */
  empty(): Promise<void> {
    if (this.#bySeat.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }
}
