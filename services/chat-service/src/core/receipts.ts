import type { LiveChannel } from './live-channel.js';

/**
 * The seqs of a receipt: that of the last entry that was delivered to a user, and that of the last
 * entry that the user has read.
 */
interface ReceiptSeqs {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** A receipt that a client reports. An empty log means the log of the stream. */
export interface ReportedReceipt extends ReceiptSeqs {
  readonly log: string;
}

/** The receipt of one user in one channel that is not saved yet. */
export interface UnsavedReceipt extends ReceiptSeqs {
  readonly channel: LiveChannel;
  readonly userId: string;
}

type Save<Saved> = (receipts: readonly UnsavedReceipt[]) => Promise<Saved>;

function later(one: ReceiptSeqs | undefined, other: ReceiptSeqs): ReceiptSeqs {
  return {
    deliveredSeq: Math.max(one?.deliveredSeq ?? 0, other.deliveredSeq),
    readSeq: Math.max(one?.readSeq ?? 0, other.readSeq),
  };
}

/**
 * Collects the receipts of clients. It holds only the latest receipt of each user and channel, so
 * thousands of receipts cost one row per user and save.
 */
export class Receipts {
  /**
   * Unsaved receipts by user and log. A channel that is opened again keeps its log, so each member
   * has one row.
   */
  #unsaved = new Map<string, UnsavedReceipt>();

  /**
   * Notes a receipt. Seqs beyond the end of the log count as the end, and everything that is read
   * counts as delivered too. Ignores seqs of another log, and channels without members or history.
   */
  note(channel: LiveChannel, userId: string, { deliveredSeq, readSeq, log }: ReportedReceipt): void {
    const { facts, lastSeq } = channel;
    if (!facts.hasHistory || facts.kind === 'room' || (log !== '' && log !== facts.log)) return;
    const read = Math.min(readSeq, lastSeq);
    const delivered = Math.max(Math.min(deliveredSeq, lastSeq), read);
    if (delivered > 0) this.#note({ channel, userId, deliveredSeq: delivered, readSeq: read });
  }

  #note(receipt: UnsavedReceipt): void {
    const key = `${receipt.userId} ${receipt.channel.facts.log}`;
    this.#unsaved.set(key, { ...receipt, ...later(this.#unsaved.get(key), receipt) });
  }

  /**
   * Saves everything that was noted. Resolves with the result of `save`, or with undefined if there
   * is nothing to save. Rejects if `save` does; the next call saves the same receipts.
   */
  async save<Saved>(save: Save<Saved>): Promise<Saved | undefined> {
    if (this.#unsaved.size === 0) return undefined;
    const receipts = [...this.#unsaved.values()];
    this.#unsaved = new Map();
    try {
      return await save(receipts);
    } catch (thrown) {
      for (const receipt of receipts) this.#note(receipt);
      throw thrown;
    }
  }
}
