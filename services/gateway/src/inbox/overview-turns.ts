import type { Metrics } from '@parley/runtime';
import { TurnQueue } from '@parley/service-kit';
import type { Inbox } from './inbox.js';
import { mostPerRound } from './start-queue.js';

/** Overviews that run at once: usually, and while inboxes wait for more than one round. */
const atOnce = { usually: 8, besideCrowd: 1 } as const;
const bounds = { mostWaiting: 1_000, longestMs: 8_000 } as const;

/**
 * Creates the queue of Overviews. They read far more than an inbox that resumes, so a crowd of inboxes
 * goes first. A few inboxes do not hold Overviews up, because every client opens its inbox right after
 * its Overview.
 */
export function overviewTurns(inbox: Pick<Inbox, 'starting'>, metrics: Metrics): TurnQueue {
  const now = () => (inbox.starting > mostPerRound ? atOnce.besideCrowd : atOnce.usually);
  const turns = new TurnQueue({ ...bounds, atOnce: now });
  metrics.gauge('parley_overviews_waiting', 'calls of Overview that wait for their turn', () => turns.waiting);
  return turns;
}
