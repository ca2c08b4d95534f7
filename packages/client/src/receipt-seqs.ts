/**
 * Position up to which a user has received and read a chat. A message that was read counts as
 * received.
 */
export interface ReceiptSeqs {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** Receipt of one member of a chat. */
export interface MemberReceipt extends ReceiptSeqs {
  readonly userId: string;
}

/** The receipt of a user who has received nothing. */
export const noReceipt: ReceiptSeqs = { deliveredSeq: 0, readSeq: 0 };

/** Returns the later seqs of two receipts. */
export function later(one: ReceiptSeqs, other: ReceiptSeqs): ReceiptSeqs {
  return {
    deliveredSeq: Math.max(one.deliveredSeq, other.deliveredSeq),
    readSeq: Math.max(one.readSeq, other.readSeq),
  };
}

/** Returns whether a receipt has a later seq than another. */
export function isLater(one: ReceiptSeqs, other: ReceiptSeqs): boolean {
  return one.deliveredSeq > other.deliveredSeq || one.readSeq > other.readSeq;
}
