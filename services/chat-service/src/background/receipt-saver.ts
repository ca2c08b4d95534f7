import type { Receipt } from '@parley/contract';
import type { LiveChannel } from '../core/live-channel.js';
import type { Receipts } from '../core/receipts.js';
import { encodeReceipt } from '../session/frames.js';
import type { Sessions } from '../session/sessions.js';
import type { ReceiptPlace, ReceiptStore, SavedReceipt } from '../store/receipts.js';

interface ReceiptSaverDeps {
  readonly receipts: Receipts;
  readonly receiptStore: ReceiptStore;
  readonly sessions: Sessions;
}

/** Maximum rows that one statement writes, so that no lock is held for long. */
const rowsAtOnce = 1_000;

const placeOf = ({ channelId, userId }: Pick<SavedReceipt, 'channelId' | 'userId'>) => `${channelId} ${userId}`;

/**
 * Saves the receipts of clients. After a receipt has moved, shows it to the users who may see it.
 */
export class ReceiptSaver {
  /** Called with each receipt that only its user may see. */
  readonly ownWatchers = new Set<(channelId: number, receipt: Receipt) => void>();
  readonly #deps: ReceiptSaverDeps;
  /** Receipts that managers have moved and that are not shown yet. */
  readonly #moved = new Map<string, ReceiptPlace>();

  constructor(deps: ReceiptSaverDeps) {
    this.#deps = deps;
  }

  /** Notes that a manager has moved the receipt of a member. The next run shows it. */
  noteMoved(channel: LiveChannel, userId: string): void {
    this.#moved.set(placeOf({ channelId: channel.facts.id, userId }), { channel, userId });
  }

  /**
   * Saves and shows the receipts that were noted since the last run. A receipt that fails waits for
   * the next run.
   */
  async run(): Promise<void> {
    const { receipts, receiptStore } = this.#deps;
    await receipts.save(async (unsaved) => {
      for (const some of slicesOf(unsaved)) this.#show(some, await receiptStore.save(some));
    });
    for (const some of slicesOf([...this.#moved.values()])) {
      this.#show(some, await receiptStore.read(some));
      for (const place of some) this.#forget(place);
    }
  }

  /** Forgets a moved receipt, unless it has moved again meanwhile. */
  #forget(shown: ReceiptPlace): void {
    const key = placeOf({ channelId: shown.channel.facts.id, userId: shown.userId });
    if (this.#moved.get(key) === shown) this.#moved.delete(key);
  }

  #show(places: readonly ReceiptPlace[], saved: readonly SavedReceipt[]): void {
    const channelOf = new Map(places.map(({ channel }) => [channel.facts.id, channel]));
    const own = new Map<string, Uint8Array>();
    for (const { channelId, userId, deliveredSeq, readSeq, told } of saved) {
      const channel = channelOf.get(channelId);
      if (channel === undefined) continue;
      const receipt = { userId, deliveredSeq, readSeq, log: channel.facts.log, updatedAt: 0 };
      const frame = encodeReceipt(receipt);
      if (told) channel.publishLossy(frame);
      else {
        own.set(placeOf({ channelId, userId }), frame.bytes);
        for (const tell of this.ownWatchers) tell(channelId, receipt);
      }
    }
    if (own.size > 0) this.#tellOwn(own);
  }

  /** Shows users their own receipt in a channel. One pass over the sessions serves all of them. */
  #tellOwn(frames: ReadonlyMap<string, Uint8Array>): void {
    for (const session of this.#deps.sessions.find()) {
      const frame = frames.get(placeOf(session.key));
      if (frame !== undefined) session.tell(frame);
    }
  }
}

function* slicesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let done = 0; done < items.length; done += rowsAtOnce) yield items.slice(done, done + rowsAtOnce);
}
