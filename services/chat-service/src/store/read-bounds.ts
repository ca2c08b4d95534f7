import { limits } from '@parley/runtime';

/**
 * Bounds of reads for relays: concurrent statements, questions that share one, and questions that
 * wait.
 */
export const readBounds = { atOnce: 2, mostInBatch: 500, mostWaiting: limits.relayWaiting };
