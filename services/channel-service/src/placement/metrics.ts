import type { Metrics } from '@parley/runtime';
import type { OwnerLookup } from './owners.js';

const seconds = [0.1, 0.5, 1, 2, 3, 5, 8, 13, 30, 60];

const owners: readonly OwnerLookup['how'][] = ['kept', 'placed', 'recovered'];

/** Registers the metrics of Listen and returns a function that counts one lookup. */
export function countOwnerLookups(metrics: Metrics): (lookup: OwnerLookup) => void {
  const help = 'seats reserved, by how the channel got its owning server';
  const seats = metrics.counter('parley_listens_total', help, ['owner'], owners);
  const recovery = metrics.histogram(
    'parley_recovery_seconds',
    "time from the lapse of an owning server's lease to the Listen that found a new one",
    [],
    seconds,
  );
  return (lookup) => {
    seats.inc({ owner: lookup.how });
    if (lookup.how === 'recovered') recovery.observe(lookup.afterMs / 1_000);
  };
}
