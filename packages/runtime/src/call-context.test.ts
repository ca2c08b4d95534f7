import { setImmediate as turn } from 'node:timers/promises';
import { CallContext, currentCall, outsideCalls, runInCall } from './call-context.js';
import { setTracer } from './tracing.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const valid = `00-${trace}-00f067aa0ba902b7-01`;

test.each([valid, `${valid}-later`, `${valid}-\u00e9\t`, `01${valid.slice(2)}-more`])(
  'passes on only the ids and flags of the trace context %j',
  (traceparent) => {
    const call = new CallContext({ requestId: undefined, traceparent });
    expect([call.id, call.traceparent]).toEqual([trace, valid]);
  },
);

test.each([undefined, '', 'no', `ff${valid.slice(2)}`, `${valid}\n`, [valid, valid]])(
  'ignores the trace context %j',
  (traceparent) => {
    expect(new CallContext({ requestId: 'mine', traceparent })).toMatchObject({ id: 'mine', traceparent: undefined });
  },
);

test('ends the span of a call once, as cancelled if the call ends without an outcome', () => {
  const ends: string[] = [];
  const begin = (name: string) => ({
    ...{ traceparent: valid, isRecorded: true, step: () => {} },
    end: (_: string, reason: string) => void ends.push(`${name} ${reason}`),
  });
  setTracer({ begin });
  const [done, brokenOff] = ['done', 'broken off'].map((name) => {
    const call = new CallContext({ requestId: undefined, traceparent: undefined });
    call.beginSpan(name);
    return call;
  }) as [CallContext, CallContext];
  setTracer(undefined);
  done.endSpan('ok');
  for (const call of [done, brokenOff]) call.end();
  brokenOff.endSpan('ok');
  expect(ends).toEqual(['done ok', 'broken off cancelled']);
});

test('work that callers share belongs to no call', async () => {
  const call = new CallContext({ requestId: 'mine', traceparent: undefined });
  const seen = await runInCall(call, async () => {
    const shared = outsideCalls(async () => {
      await turn();
      return currentCall();
    });
    return [await shared, currentCall()];
  });
  expect(seen).toEqual([undefined, call]);
});
