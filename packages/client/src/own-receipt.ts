import { Message } from '@parley/contract';
import { isLater, later, noReceipt, type ReceiptSeqs } from './receipt-seqs.js';

/**
 * This user's receipt in one log: the seqs to report to the server, and the seqs that it has
 * confirmed.
 */
export class OwnReceipt {
  readonly log: string;
  #own = noReceipt;
  #sent = noReceipt;
  #confirmed = noReceipt;
  /** Whether the user has read up to the latest read seq, or further, since the last report. */
  #hasRead = false;

  constructor(log: string) {
    this.log = log;
  }

  /** Records that all entries up to `seq` have arrived. */
  received(seq: number): void {
    this.#own = later(this.#own, { deliveredSeq: seq, readSeq: 0 });
  }

  /** Records that the user has read everything up to `seq`. */
  read(seq: number): void {
    if (seq > 0 && seq >= this.#own.readSeq) this.#hasRead = true;
    this.#own = later(this.#own, { deliveredSeq: seq, readSeq: seq });
  }

  /** Records a receipt of this user that the server sent. Returns whether it is new. */
  confirm(seqs: ReceiptSeqs): boolean {
    const isNew = isLater(seqs, this.#confirmed);
    this.#confirmed = later(this.#confirmed, seqs);
    return isNew;
  }

  /** Starts a stream. Sends everything again that the server has not confirmed. */
  reopen(): void {
    this.#sent = this.#confirmed;
  }

  /**
   * Returns a frame with the new seqs, or undefined if there are none. The frame has a read seq
   * only if the user has read since the last report. A read seq that moves the receipt removes the
   * mark "unread", which the user may have set meanwhile.
   */
  takeFrame(): Message | undefined {
    const hasRead = this.#hasRead || this.#own.readSeq > this.#sent.readSeq;
    if (!hasRead && !isLater(this.#own, this.#sent)) return undefined;
    this.#sent = this.#own;
    this.#hasRead = false;
    const readSeq = hasRead ? this.#own.readSeq : 0;
    return Message.fromPartial({ receipt: { ...this.#own, readSeq, log: this.log } });
  }
}
