import type { Receipts, UnsavedReceipt } from '../core/receipts.js';
import { encodeReceipt } from '../session/frames.js';
import type { Sessions } from '../session/sessions.js';
import type { ReceiptStore, SavedReceipt } from '../store/receipts.js';

interface ReceiptSaverDeps {
  readonly receipts: Receipts;
  readonly receiptStore: ReceiptStore;
  readonly sessions: Sessions;
}

/** Maximum rows that one statement writes, so that no lock is held for long. */
const rowsAtOnce = 1_000;

const placeOf = ({ channelId, userId }: Pick<SavedReceipt, 'channelId' | 'userId'>) => `${channelId} ${userId}`;

/**
 * Saves the receipts of clients. After a watermark has moved, shows it to the users who may see it.
 */
export class ReceiptSaver {
  readonly #deps: ReceiptSaverDeps;

  constructor(deps: ReceiptSaverDeps) {
    this.#deps = deps;
  }

  /** Saves the receipts that were noted since the last run. */
  async run(): Promise<void> {
    const { receipts } = this.#deps;
    await receipts.save(async (unsaved) => {
      for (let done = 0; done < unsaved.length; done += rowsAtOnce) {
        await this.#save(unsaved.slice(done, done + rowsAtOnce));
      }
    });
  }

  async #save(unsaved: readonly UnsavedReceipt[]): Promise<void> {
    const channelOf = new Map(unsaved.map(({ channel }) => [channel.facts.id, channel]));
    const own = new Map<string, Uint8Array>();
    for (const saved of await this.#deps.receiptStore.save(unsaved)) {
      const { channelId, userId, deliveredSeq, readSeq, told } = saved;
      const channel = channelOf.get(channelId);
      if (channel === undefined) continue;
      const frame = encodeReceipt({ userId, deliveredSeq, readSeq, log: channel.facts.log, updatedAt: 0 });
      if (told) channel.publishLossy(frame);
      else own.set(placeOf(saved), frame.bytes);
    }
    if (own.size > 0) this.#tellOwn(own);
  }

  /** Shows users their own watermarks. One pass over the sessions serves all of them. */
  #tellOwn(frames: ReadonlyMap<string, Uint8Array>): void {
    for (const session of this.#deps.sessions.find()) {
      const frame = frames.get(placeOf(session.key));
      if (frame !== undefined) session.tell(frame);
    }
  }
}
