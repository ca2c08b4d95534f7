import type { Metrics } from '@parley/runtime';
import type { OwnerLookup } from './rpc/listen.js';

const seconds = [0.1, 0.5, 1, 2, 3, 5, 8, 13, 30, 60];

const owners: readonly OwnerLookup['how'][] = ['kept', 'placed', 'recovered'];

/** Seats by how their channel came to its owner; and how long a channel was without one after a lease had lapsed. */
export function countFound(metrics: Metrics): (found: OwnerLookup) => void {
  const help = 'seats given, by how the channel came to its owner';
  const seats = metrics.counter('parley_listens_total', help, ['owner'], owners);
  const recovery = metrics.histogram(
    'parley_recovery_seconds',
    "from the end of an owner's lease until somebody asked for the channel and got another one",
    [],
    seconds,
  );
  return (found) => {
    seats.inc({ owner: found.how });
    if (found.how === 'recovered') recovery.observe(found.afterMs / 1_000);
  };
}
