import type { Rate } from '@parley/database';

/** Limits the creations, rotations and resumptions of one user: each adds a line to the audit. */
export const secretRate: Rate = { key: 'webhook', secondsPerCall: 60, burst: 30 };
