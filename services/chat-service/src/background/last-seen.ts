import type { Sessions } from '../session/sessions.js';
import type { ReceiptStore } from '../store/receipts.js';

const rowsAtOnce = 1_000;

/** Records when users were last connected. */
export class LastSeen {
  readonly #sessions: Sessions;
  readonly #store: ReceiptStore;
  readonly #gone = new Set<string>();

  constructor(sessions: Sessions, store: ReceiptStore) {
    this.#sessions = sessions;
    this.#store = store;
  }

  /** Notes that a stream of this user has ended. */
  left(userId: string): void {
    this.#gone.add(userId);
  }

  /** Records that users whose streams have ended since the last save were seen now. */
  saveGone(): Promise<void> {
    return this.#save([...this.#gone]);
  }

  /**
   * Records that connected users, and users whose streams have ended since the last save, were seen
   * now.
   */
  saveAll(): Promise<void> {
    const here = this.#sessions.find().map(({ person }) => person.id);
    return this.#save([...new Set([...here, ...this.#gone])]);
  }

  async #save(seen: readonly string[]): Promise<void> {
    for (let done = 0; done < seen.length; done += rowsAtOnce) {
      const some = seen.slice(done, done + rowsAtOnce);
      await this.#store.saveLastSeen(some);
      for (const userId of some) this.#gone.delete(userId);
    }
  }
}
