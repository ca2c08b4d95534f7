import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { ChannelKind } from '@parley/contract';
import { isReason } from '@parley/runtime';
import { freePorts, type ServiceProcess, Trio, until } from '@parley/testkit';
import { idFromGrpc, idFromSocket, linesOf } from './request-ids.js';
import { TraceReceiver } from './trace-receiver.js';

let trio: Trio;
let receiver: TraceReceiver;
let gateway: ServiceProcess;
let users: ServiceProcess;
let managerMetrics: number;
let chatMetrics: number;
let gatewayMetrics: number;
let userMetrics: number;

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
  receiver = await TraceReceiver.open();
  managerMetrics = await freePorts(4);
  [chatMetrics, gatewayMetrics, userMetrics] = [managerMetrics + 1, managerMetrics + 2, managerMetrics + 3];
  trio = await Trio.start({
    chatServers: 0,
    env: {
      ...receiver.settings,
      PARLEY_ADMIN_PORT: String(managerMetrics),
      PARLEY_LOG_LEVEL: 'info',
      PARLEY_SLOW_STATEMENT_MS: '300',
    },
  });
  users = await trio.startUserService({ PARLEY_ADMIN_PORT: String(userMetrics) });
  await trio.addChatServer({ PARLEY_ADMIN_PORT: String(chatMetrics), PARLEY_LOG_LEVEL: 'debug' });
  gateway = await trio.startGateway({
    PARLEY_ADMIN_PORT: String(gatewayMetrics),
    PARLEY_LOG_LEVEL: 'debug',
    ...optionalParts,
  });
});
afterAll(async () => {
  await trio.stop();
  await receiver.close();
});

async function metricsOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  return response.text();
}

/** Returns the value of one series. */
function sampleOf(text: string, series: string): number {
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  );
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
  expect([...alerts.matchAll(/^ {6}- alert:/gm)]).toHaveLength(12);
});

interface Panel {
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** Labels that Prometheus adds, and those of histograms. */
const addedLabels = ['instance', 'le'];

test('exports every metric and every label of the Grafana dashboard', async () => {
  const file = new URL('../../../../deploy/grafana/parley.json', import.meta.url);
  const { panels } = JSON.parse(await readFile(file, 'utf8')) as { panels: Panel[] };
  const ports = [managerMetrics, chatMetrics, gatewayMetrics, userMetrics];
  await fetch(`${gateway.http}/events`); // A stream that is refused gives the metric of streams its labels.
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

test('exports every metric that the documentation names', async () => {
  const folder = new URL('../../../../docs/', import.meta.url);
  const pages = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(pages.map((name) => readFile(new URL(name, folder), 'utf8')));
  const named = [...texts.join('').matchAll(/`(parley_[a-z0-9_]+)/g)].map(([, name = '']) => name);
  const all = await Promise.all([managerMetrics, chatMetrics, gatewayMetrics, userMetrics].map(metricsOf));
  const known = exported(all.join(''));
  expect(named.length).toBeGreaterThan(20);
  const pythonPackage = 'parley_client';
  expect(named.filter((name) => name !== pythonPackage && !known.has(name) && !known.has(`${name}_count`))).toEqual([]);
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
  for (const how of ['stored', 'relayed', 'lossy']) expect(chat).toContain(`parley_messages_total{how="${how}"} 0\n`);
  const users = await metricsOf(userMetrics);
  for (const reason of ['ok', 'wrong-credentials', 'login-too-often'])
    expect(users).toContain(`parley_logins_total{reason="${reason}"} 0\n`);
  expect(users).toContain('parley_slow_statements_total 0\n');
});

test('the metrics count logins by outcome', async () => {
  const post = (path: string, body: object) =>
    fetch(`${gateway.http}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await post('/accounts', { user_id: 'eve', password: 'a long password' })).status).toBe(201);
  expect((await post('/sessions', { user_id: 'eve', password: 'a long password' })).status).toBe(201);
  expect((await post('/sessions', { user_id: 'eve', password: 'another password' })).status).toBe(401);
  const users = await metricsOf(userMetrics);
  expect(sampleOf(users, 'parley_logins_total{reason="ok"}')).toBe(1);
  expect(sampleOf(users, 'parley_logins_total{reason="wrong-credentials"}')).toBe(1);
});

test('the metrics count messages of channels without history, users, bytes and streams that ended', async () => {
  const carol = await trio.people.make('carol');
  const { id } = await trio.create(carol, 'hall');
  const stream = await trio.join(carol, id);
  const before = await metricsOf(chatMetrics);
  stream.send('hello');
  await until(async () => sampleOf(await metricsOf(chatMetrics), 'parley_messages_total{how="relayed"}') === 1);
  const after = await metricsOf(chatMetrics);
  expect(sampleOf(after, 'parley_users_online')).toBe(1);
  for (const name of ['parley_received_bytes_total', 'parley_sent_bytes_total'])
    expect(sampleOf(after, name)).toBeGreaterThan(sampleOf(before, name));
  await stream.leave();
  const ended = /^parley_stream_seconds_count\{rpc="chat\.v1\.ChatService\/Connect",reason="\w+"\} [1-9]/m;
  await until(async () => ended.test(await metricsOf(chatMetrics)));
  const text = await metricsOf(chatMetrics);
  expect(text).not.toMatch(/^parley_rpc_seconds_count\{rpc="chat\.v1\.ChatService\/Connect"/m);
  await until(async () => sampleOf(await metricsOf(chatMetrics), 'parley_users_online') === 0);
});

test('logs a slow statement by its name, without its parameters', async () => {
  const [manager] = trio.managers;
  const dave = await trio.people.make('dave');
  const { id } = await trio.create(dave, 'secret name');
  const locked = trio.people.sql('BEGIN; LOCK TABLE chat.channel IN EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT');
  await until(async () => {
    await trio.update(dave, { id, name: 'secret word' }).catch(() => {});
    return manager?.output.includes('"slow statement"') === true;
  });
  await locked;
  const line = manager?.output.split('\n').find((one) => one.includes('"slow statement"')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', statement: expect.any(String), ms: expect.any(Number) });
  expect(line).not.toContain('secret');
  expect(sampleOf(await metricsOf(managerMetrics), 'parley_slow_statements_total')).toBeGreaterThan(0);
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

/** Sends a request to the gateway, and returns the id in the response. */
async function idFromGateway(path: string, headers: Record<string, string>, body?: string): Promise<string | null> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const method = body === undefined ? 'GET' : 'POST';
  const response = await fetch(`${gateway.http}${path}`, {
    method,
    headers: { ...type, ...headers },
    body: body ?? null,
  });
  await response.arrayBuffer();
  return response.headers.get('x-request-id');
}

test('a call over REST has one id in the logs of all services, and in the response', async () => {
  const login = JSON.stringify({ user_id: 'nobody', password: 'a long password' });
  expect(await idFromGateway('/api/v1/sessions', { 'x-request-id': 'login.1' }, login)).toBe('login.1');
  await until(() => linesOf(users, 'login.1').length > 0 && linesOf(gateway, 'login.1').length > 0);
  expect(linesOf(users, 'login.1')).toMatchObject([{ rpc: 'chat.v1.UserService/Login', reason: 'wrong-credentials' }]);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  expect(await idFromGateway('/api/v1/sessions', { traceparent }, login)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  await until(() => linesOf(users, '4bf92f3577b34da6a3ce929d0e0e4736').length > 0);
  const uuid = /^[0-9a-f-]{36}$/;
  for (const forged of ['a b', 'x'.repeat(65), '', '{"a":1}'])
    expect(await idFromGateway('/api/v1/me', { 'x-request-id': forged })).toMatch(uuid);
  for (const bad of ['00-0-0-01', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, traceparent.replace('00-', 'ff-')])
    expect(await idFromGateway('/api/v1/me', { traceparent: bad })).toMatch(uuid);
});

test('calls over gRPC, gRPC-Web, WebSocket and server-sent events have one id too', async () => {
  const frank = await trio.people.make('frank');
  const manager = trio.managers[0] as ServiceProcess;
  const { id } = await trio.create(frank, 'porch');
  const stream = await trio.join(frank, id);
  expect(await idFromGrpc(manager.grpc, frank.token, id, 'grpc.1')).toBe('grpc.1');
  await stream.ended;
  expect(await idFromGrpc(manager.grpc, frank.token, id, 'grpc.2')).toBe('grpc.2'); // The response has only trailers.
  const chatServer = trio.chatServers[0] as ServiceProcess;
  await until(() => linesOf(chatServer, 'grpc.1').length > 0 && linesOf(manager, 'grpc.2').length > 0);
  expect(linesOf(manager, 'grpc.1')).toMatchObject([{ rpc: 'chat.v1.ChannelService/Delete', reason: 'ok' }]);
  expect(linesOf(manager, 'grpc.2')).toMatchObject([{ reason: 'channel-not-found' }]);

  const headers = { 'content-type': 'application/grpc-web+proto', 'x-request-id': 'web.1' };
  expect(await idFromGateway('/chat.v1.ChannelService/Delete', headers, '\0\0\0\0\0')).toBe('web.1');
  await until(() => linesOf(manager, 'web.1').length > 0 && linesOf(gateway, 'web.1').length > 0);
  expect(await idFromSocket(gateway.http, 'socket.1')).toBe('socket.1');
  expect(await idFromGateway('/events', { 'x-request-id': 'sse.1' })).toBe('sse.1');
  await until(() => linesOf(gateway, 'socket.1').length > 0 && linesOf(gateway, 'sse.1').length > 0);
});

test('a post through the gateway is one trace: gateway, manager, chat server and their statements', async () => {
  const gina = await trio.people.make('gina');
  const client = createClient({
    transport: grpcTransport({ userService: '127.0.0.1:1', channelService: trio.managers[0]?.grpc ?? '' }),
    token: gina.token,
  });
  const { id } = await client.create({ name: 'traced', kind: ChannelKind.PUBLIC, retention: { everything: true } });
  await client.close();
  const traceId = 'c0ffee0000000000000000000000cafe';
  const headers = {
    authorization: `Bearer ${gina.token}`,
    'content-type': 'application/json',
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    'x-request-id': 'traced.1',
  };
  const body = JSON.stringify({ text: 'hello' });
  const sent = await fetch(`${gateway.http}/api/v1/channels/${id}/messages`, { method: 'POST', headers, body });
  expect(sent.status).toBeLessThan(300);
  const post = () => receiver.named(traceId, 'Post')[0];
  await until(() => receiver.named(traceId, 'append').length === 1 && post() !== undefined);
  const entry = 'POST /api/v1/channels/{channel_id}/messages';
  await until(() => receiver.named(traceId, entry).length === 1);
  const [outer] = receiver.named(traceId, entry);
  expect(outer).toMatchObject({ service: 'parley-gateway', parentSpanId: '00f067aa0ba902b7' });
  expect(post()).toMatchObject({ service: 'parley-chat-service', parentSpanId: outer?.spanId });
  const [append] = receiver.named(traceId, 'append');
  expect(append).toMatchObject({ service: 'parley-chat-service', parentSpanId: post()?.spanId });
  expect(BigInt(append?.endTimeUnixNano ?? 0)).toBeGreaterThan(BigInt(append?.startTimeUnixNano ?? 0));

  const read = await fetch(`${gateway.http}/api/v1/channels/${id}/messages`, { headers });
  expect(read.status).toBe(200);
  const history = () => receiver.named(traceId, 'chat.v1.ChannelService/History')[0];
  await until(() => history() !== undefined && receiver.spans.some((span) => span.parentSpanId === history()?.spanId));
  expect(history()).toMatchObject({ service: 'parley-channel-service' });
  const unsampled = headers.traceparent.replace(/01$/, '00').replace('c0ffee', 'decaf0');
  await fetch(`${gateway.http}/api/v1/channels/${id}/messages`, { headers: { ...headers, traceparent: unsampled } });
  const last = headers.traceparent.replace('c0ffee', 'facade');
  await fetch(`${gateway.http}/api/v1/me`, { headers: { ...headers, traceparent: last } });
  await until(() => receiver.spans.some((span) => span.traceId === 'facade0000000000000000000000cafe'));
  expect(receiver.spans.filter((span) => span.traceId.startsWith('decaf0'))).toEqual([]);
});

test('a collector that is away costs one line in the log', async () => {
  receiver.isAway = true;
  const before = receiver.refused;
  await until(async () => {
    await fetch(`${gateway.http}/api/v1/me`);
    return receiver.refused > before + 5 && gateway.output.includes('traces were not sent');
  });
  expect(gateway.output.split('traces were not sent')).toHaveLength(2);
  receiver.isAway = false;
});
