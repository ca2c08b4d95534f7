import type { Message } from '@parley/contract';
import type { LogPosition } from '../core/bookmark.js';
import { OwnReceipt } from '../own-receipt.js';
import type { ReceiptSeqs } from '../receipt-seqs.js';

/** Minimum time between two rounds of receipts, in milliseconds. */
const intervalMs = 1_000;
/** Maximum number of receipts in one round. The others wait for the next one. */
const perRound = 10;

/**
 * This user's receipts in all chats. Sends the receipts that the server does not know yet, a few
 * each second.
 */
export class InboxReceipts {
  readonly #send: (frame: Message) => void;
  readonly #receipts = new Map<number, OwnReceipt>();
  /** Chats that may have something to send, the one that has waited longest first. */
  readonly #waiting = new Set<number>();
  #isOpen = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (frame: Message) => void) {
    this.#send = send;
  }

  /** Starts a stream. Sends everything again that the server has not confirmed. */
  open(): void {
    this.#isOpen = true;
    for (const [channelId, receipt] of this.#receipts) {
      receipt.reopen();
      this.#waiting.add(channelId);
    }
    this.#report();
  }

  /** Ends the stream. */
  lost(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Records that all entries of a chat up to a place have arrived. */
  received(channelId: number, { log, seq }: LogPosition): void {
    this.#change(channelId, log, (receipt) => receipt.received(seq));
  }

  /** Records that the user has read everything in a chat up to a place. */
  read(channelId: number, { log, seq }: LogPosition): void {
    this.#change(channelId, log, (receipt) => receipt.read(seq));
  }

  /** Records a receipt of this user that the server sent. */
  confirm(channelId: number, seqs: ReceiptSeqs): void {
    this.#receipts.get(channelId)?.confirm(seqs);
  }

  /** Forgets a chat that the user has left. */
  leave(channelId: number): void {
    this.#receipts.delete(channelId);
    this.#waiting.delete(channelId);
  }

  /** Sends the receipts that wait for the next round. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#report();
  }

  #change(channelId: number, log: string, change: (receipt: OwnReceipt) => void): void {
    if (log === '') return; // Without history, there are no receipts.
    const known = this.#receipts.get(channelId);
    const receipt = known?.log === log ? known : new OwnReceipt(log);
    this.#receipts.set(channelId, receipt);
    change(receipt);
    this.#waiting.add(channelId);
    this.#report();
  }

  #report(): void {
    if (!this.#isOpen || this.#timer !== undefined || this.#waiting.size === 0) return;
    let sent = 0;
    for (const channelId of this.#waiting) {
      if (sent === perRound) break;
      this.#waiting.delete(channelId);
      const frame = this.#receipts.get(channelId)?.takeFrame();
      if (frame === undefined) continue;
      this.#send({ ...frame, channelId });
      sent += 1;
    }
    if (sent > 0) this.#timer = setTimeout(() => this.flush(), intervalMs);
  }
}
