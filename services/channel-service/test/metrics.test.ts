import { Metrics } from '@parley/runtime';
import { countOwnerLookups } from '../src/placement/metrics.js';

test('each counter starts at 0, so that the first count is an increase', async () => {
  const metrics = new Metrics();
  const count = countOwnerLookups(metrics);
  for (const owner of ['kept', 'placed', 'recovered']) {
    expect(await metrics.registry.metrics()).toContain(`parley_listens_total{owner="${owner}"} 0`);
  }
  count({ how: 'recovered', afterMs: 1_000 });
  expect(await metrics.registry.metrics()).toContain('parley_listens_total{owner="recovered"} 1');
});
