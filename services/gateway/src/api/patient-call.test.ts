import { type Reason, refuse } from '@parley/runtime';
import { patientCall } from './patient-call.js';

/** Returns a call that is refused for these reasons in turn, and then succeeds, and how often it was made. */
function refusedFor(...reasons: Reason[]) {
  const made = { count: 0 };
  const call = async () => {
    const reason = reasons[made.count];
    made.count += 1;
    if (reason !== undefined) throw refuse(reason, { retryAfterMs: 1 });
    return 'done';
  };
  return { made, call };
}

const patience = { withinMs: 60_000, isOver: () => false };

test('a call is repeated while a service is busy or away', async () => {
  const { made, call } = refusedFor('database-away', 'too-busy');
  await expect(patientCall(call, patience)).resolves.toBe('done');
  expect(made.count).toBe(3);
});

test('a final refusal, and one after the time limit or for nobody, is thrown at once', async () => {
  for (const [reason, limits] of [
    ['channel-not-found', patience],
    ['internal', patience],
    ['database-away', { ...patience, withinMs: 0 }],
    ['database-away', { ...patience, isOver: () => true }],
  ] as const) {
    const { made, call } = refusedFor(reason);
    await expect(patientCall(call, limits)).rejects.toMatchObject({ reason });
    expect(made.count).toBe(1);
  }
});
