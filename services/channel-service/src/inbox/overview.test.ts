import { OverviewRequest } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { type Call, TurnQueue, type UserCaller } from '@parley/service-kit';
import { createOverview } from './overview.js';

const database: Queryable = {
  query: () => {
    throw new Error('The database was asked.');
  },
};

test('an Overview whose caller has waited for too long is refused, although most of the wait was for the session', async () => {
  const turns = new TurnQueue({ atOnce: () => 1, mostWaiting: 10, longestMs: 8_000 });
  const endOther = await turns.enter(() => {});
  const call = { startedAtMs: performance.now() - 8_001, onOver: () => {} } as unknown as Call;
  const answer = createOverview(database, turns)(OverviewRequest.create(), {} as UserCaller, call);
  const refusal = expect(answer).rejects.toMatchObject({ reason: 'too-busy' });
  endOther();
  await refusal;
});
