import type { ReceiptSeqs } from '@parley/client';

/** The members who have read a message, and those who have only received it. */
export interface Reading {
  readonly readBy: readonly string[];
  readonly deliveredTo: readonly string[];
}

/** Returns which other members have received and read the message at a seq. */
export function readingOf(receipts: Readonly<Record<string, ReceiptSeqs>>, seq: number): Reading {
  const all = Object.entries(receipts);
  const readBy = all.flatMap(([id, { readSeq }]) => (readSeq >= seq ? [id] : []));
  const deliveredTo = all.flatMap(([id, { readSeq, deliveredSeq }]) =>
    readSeq < seq && deliveredSeq >= seq ? [id] : [],
  );
  return { readBy, deliveredTo };
}
