import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@parley/runtime';
import { openTracer } from './otlp-tracer.js';

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

interface SentSpan {
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

const usualEnv = process.env;
const usualNow = Date.now;
afterEach(() => {
  process.env = usualEnv;
  Date.now = usualNow;
});

/** Opens a tracer with these variables, calls `work` with it, and returns what a collector gets. */
async function sentBy(env: NodeJS.ProcessEnv, work: (tracer: ReturnType<typeof openTracer>) => void): Promise<Sent> {
  const bodies: Buffer[] = [];
  const collector = createServer(async (request, response) => {
    for await (const chunk of request) bodies.push(chunk as Buffer);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  process.env = { ...usualEnv, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...env };
  const tracer = openTracer('gateway', silentLogger());
  work(tracer);
  await tracer.stop();
  collector.closeAllConnections();
  collector.close();
  return JSON.parse(Buffer.concat(bodies).toString()) as Sent;
}

function attributesOf({ resourceSpans }: Sent): Record<string, string | undefined> {
  const attributes = resourceSpans.flatMap(({ resource }) => resource.attributes);
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

test('a trace has the attributes and the name of OTEL_RESOURCE_ATTRIBUTES', async () => {
  const call = (tracer: ReturnType<typeof openTracer>) => tracer.begin('call', undefined, 'id').end('call', 'ok');
  expect(attributesOf(await sentBy({}, call))).toMatchObject({ 'service.name': 'parley-gateway' });
  const given = { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=edge' };
  const expected = { 'service.name': 'edge', 'deployment.environment.name': 'test' };
  expect(attributesOf(await sentBy(given, call))).toMatchObject(expected);
  const named = { ...given, OTEL_SERVICE_NAME: 'named' };
  expect(attributesOf(await sentBy(named, call))).toMatchObject({ 'service.name': 'named' });
});

test.each([-3_600_000, 3_600_000])(
  'a statement lies within its call, and both have their durations, although the clock is set by %i ms before and again during the call',
  async (byMs) => {
    let ahead = byMs;
    Date.now = () => usualNow() + ahead;
    const { resourceSpans } = await sentBy({}, (tracer) => {
      const span = tracer.begin('call', undefined, 'id');
      const startedAtMs = performance.now();
      ahead += byMs;
      while (performance.now() < startedAtMs + 5);
      span.step({ name: 'statement', startedAtMs, ms: 4, hasFailed: false });
      span.end('call', 'ok');
    });
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const [from, to] = ['startTimeUnixNano', 'endTimeUnixNano'] as const;
    const times = (name: string) =>
      spans.filter((one) => one.name === name).map((one) => [one[from], one[to]].map(BigInt));
    const [call = []] = times('call');
    const [statement = []] = times('statement');
    const [began = 0n, stepBegan = 0n, stepEnded = 0n, ended = 0n] = [call[0], ...statement, call[1]];
    const inOrder = [began, stepBegan, stepEnded, ended];
    expect(inOrder.toSorted((a, b) => Number(a - b))).toEqual(inOrder);
    expect(stepEnded - stepBegan).toBe(4_000_000n);
    expect(ended - began).toBeGreaterThanOrEqual(5_000_000n);
    expect(ended - began).toBeLessThan(1_800_000_000_000n);
  },
);
