import type { Sessions } from '../session/sessions.js';
import type { ReceiptStore } from '../store/receipts.js';

const rowsAtOnce = 1_000;

/** Records once a minute which users are here, and which have left since the last record. */
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

  async run(): Promise<void> {
    const here = this.#sessions.find().map(({ person }) => person.id);
    const seen = [...new Set([...here, ...this.#gone])];
    for (let done = 0; done < seen.length; done += rowsAtOnce) {
      const some = seen.slice(done, done + rowsAtOnce);
      await this.#store.saveLastSeen(some);
      for (const userId of some) this.#gone.delete(userId);
    }
  }
}
