import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { isReason } from '@parley/runtime';
import { freePorts, Trio, until } from '@parley/testkit';

let trio: Trio;
let managerMetrics: number;
let chatMetrics: number;
let gatewayMetrics: number;

/** Settings of the parts of a gateway that are off by default. They have metrics of their own. */
const optionalParts = {
  PARLEY_PUSH_KEY: randomBytes(32).toString('base64url'),
  PARLEY_PUSH_CONTACT: 'mailto:ops@example.org',
  PARLEY_S3_ENDPOINT: 'http://127.0.0.1:1',
  PARLEY_S3_BUCKET: 'files',
  PARLEY_S3_KEY_ID: 'key',
  PARLEY_S3_SECRET: 'secret',
};

beforeAll(async () => {
  managerMetrics = await freePorts(3);
  [chatMetrics, gatewayMetrics] = [managerMetrics + 1, managerMetrics + 2];
  trio = await Trio.start({
    chatServers: 0,
    env: { PARLEY_ADMIN_PORT: String(managerMetrics), PARLEY_LOG_LEVEL: 'info' },
  });
  await trio.addChatServer({ PARLEY_ADMIN_PORT: String(chatMetrics) });
  await trio.startGateway({ PARLEY_ADMIN_PORT: String(gatewayMetrics), ...optionalParts });
});
afterAll(() => trio.stop());

async function metricsOf(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/^([a-z_]+)(?:\{.*\})? /gm)].map(([, name]) => name as string));
}

/**
 * Returns the names of the exported metrics. A metric without a sample appears only in its TYPE
 * line.
 */
function exported(text: string): Set<string> {
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  const typed = types.flatMap(([, name, type]) =>
    type === 'histogram' ? [`${name}_count`, `${name}_sum`, `${name}_bucket`] : [name as string],
  );
  return new Set([...typed, ...namesIn(text)]);
}

test('exports every metric of the alerts, and uses only known reasons', async () => {
  const alerts = await readFile(new URL('../../../../deploy/prometheus/alerts.yml', import.meta.url), 'utf8');
  const texts = await Promise.all([managerMetrics, chatMetrics, gatewayMetrics].map(metricsOf));
  const known = exported(texts.join(''));
  const named = [...alerts.matchAll(/\bparley_\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(6);
  expect(named.filter((name) => !known.has(name) && !known.has(`${name}_count`))).toEqual([]);
  const reasons = [...alerts.matchAll(/reason="([^"]+)"/g)].map(([, word]) => word);
  expect(reasons.filter((word) => !isReason(word))).toEqual([]);
  expect([...alerts.matchAll(/^ {6}- alert:/gm)]).toHaveLength(11);
});

interface Panel {
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** Labels that Prometheus adds, and those of histograms. */
const addedLabels = ['instance', 'le'];

test('exports every metric and every label of the Grafana dashboard', async () => {
  const file = new URL('../../../../deploy/grafana/parley.json', import.meta.url);
  const { panels } = JSON.parse(await readFile(file, 'utf8')) as { panels: Panel[] };
  const ports = [managerMetrics, chatMetrics, gatewayMetrics];
  await Promise.all(ports.map(metricsOf)); // The metrics of the Node process begin with the second reading.
  const text = (await Promise.all(ports.map(metricsOf))).join('');
  const known = exported(text);
  const targets = panels.flatMap(({ targets = [] }) => targets);
  expect(targets.length).toBeGreaterThan(30);
  for (const { expr, legendFormat } of targets) {
    const metrics = [...expr.matchAll(/\b(?:parley|process|nodejs)_\w+/g)].map(([name]) => name);
    expect([expr, metrics.length > 0, metrics.filter((name) => !known.has(name))]).toEqual([expr, true, []]);
    const [matchers, groups] = [expr.matchAll(/(\w+)(?:=|!)[~=]?"/g), expr.matchAll(/by \(([\w, ]+)\)/g)];
    const inLegend = legendFormat.matchAll(/\{\{(\w+)\}\}/g);
    const labels = [...matchers, ...groups, ...inLegend].flatMap(([, names = '']) => names.split(', '));
    const lines = text.split('\n').filter((line) => metrics.some((name) => line.startsWith(`${name}{`)));
    for (const label of labels.filter((one) => !addedLabels.includes(one)))
      expect([expr, label, lines.some((line) => line.includes(`${label}="`))]).toEqual([expr, label, true]);
  }
});

test('exports the metrics of alerts at 0 before the first event', async () => {
  const manager = await metricsOf(managerMetrics);
  const chat = await metricsOf(chatMetrics);
  expect(manager).toContain('parley_listens_total{owner="recovered"} 0\n');
  for (const text of [manager, chat])
    for (const kind of ['uncaught', 'internal']) expect(text).toContain(`parley_defects_total{kind="${kind}"} 0\n`);
  expect(chat).toContain('parley_resets_total{why="behind"} 0\n');
  expect(chat).toContain('parley_resumes_total{outcome="gap"} 0\n');
  expect(chat).toContain('parley_channels_left_total{why="lost"} 0\n');
});

test('the metrics count a placed channel, its seats and resumes, and its loss', async () => {
  const alice = await trio.people.make('alice');
  const { id } = await trio.create(alice, 'room');
  const stream = await trio.join(alice, id);
  await until(async () => (await metricsOf(chatMetrics)).includes('parley_seats{state="live"} 1'));
  const manager = await metricsOf(managerMetrics);
  expect(manager).toMatch(/^parley_listens_total\{owner="placed"\} [1-9]/m);
  expect(manager).toMatch(/^parley_rpc_seconds_count\{rpc="chat\.v1\.ChannelService\/Listen",reason="ok"\} [1-9]/m);
  const chat = await metricsOf(chatMetrics);
  expect(chat).toMatch(/^parley_resumes_total\{outcome="none"\} [1-9]/m);
  expect(chat).toContain('parley_draining 0');

  await trio.people.sql('UPDATE chat.channel_head SET instance_id = NULL WHERE channel_id = $1', [id]);
  await stream.ended;
  const countsLoss = /^parley_channels_left_total\{why="lost"\} [1-9]/m;
  await until(async () => countsLoss.test(await metricsOf(chatMetrics)));
});

test('does not log the calls that a page repeats all the time, unless they are refused', async () => {
  const [manager] = trio.managers;
  const { token } = await trio.people.make('bob');
  const transport = grpcTransport({ userService: '127.0.0.1:1', channelService: manager?.grpc ?? '' });
  const client = createClient({ transport, token });
  const { id } = await client.create({ name: 'quiet', limit: 5, retention: { everything: true } });
  await client.channels();
  await client.channel(id);
  await client.history(id);
  await expect(client.history(999_999)).rejects.toThrow();
  await client.delete(id);
  await client.close();
  await until(async () => manager?.output.includes('ChannelService/Delete') === true);
  const repeated = /\/(List|ListChannels|History|Report)"/;
  const lines = manager?.output.split('\n').filter((line) => repeated.test(line)) ?? [];
  expect(lines.filter((line) => line.includes('"ok"'))).toEqual([]);
  expect(lines.some((line) => line.includes('channel-not-found'))).toBe(true);
});
