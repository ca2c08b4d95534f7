import type { Metrics } from '@parley/runtime';
import { TurnQueue } from '@parley/service-kit';
import type { Inbox } from './inbox.js';

/** Overviews that run at once, and those that run beside inboxes that start. */
const atOnce = { usually: 8, besideStarts: 1 } as const;
const bounds = { mostWaiting: 1_000, longestMs: 8_000 } as const;

/** Creates the queue of Overviews. They read far more than an inbox that resumes, which goes first. */
export function overviewTurns(inbox: Pick<Inbox, 'starting'>, metrics: Metrics): TurnQueue {
  const turns = new TurnQueue({ ...bounds, atOnce: () => (inbox.starting > 0 ? atOnce.besideStarts : atOnce.usually) });
  metrics.gauge('parley_overviews_waiting', 'calls of Overview that wait for their turn', () => turns.waiting);
  return turns;
}
