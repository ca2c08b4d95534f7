import { CallContext } from './call-context.js';

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
