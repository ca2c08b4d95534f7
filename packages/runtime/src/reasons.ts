import { type Reason, refusals } from './refusals.js';

const reasonByCode: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'message-too-large'],
  [12, 'not-implemented'],
  [14, 'unreachable'],
]);

/**
 * Returns the reason for a gRPC status code that came without a reason. Such codes come from the
 * transport.
 */
export function reasonOfCode(code: number): Reason {
  return reasonByCode.get(code) ?? 'internal';
}

/** Tests whether a word is a reason of the table. */
export function isReason(word: unknown): word is Reason {
  return typeof word === 'string' && Object.hasOwn(refusals, word);
}
