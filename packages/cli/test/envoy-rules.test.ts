import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChannelService, ChatService, InboxService, originalMethods, UserService } from '@parley/contract';
import { joinToken } from '@parley/service-kit';
import { parse } from 'yaml';
import { projectFolder } from '../src/launcher/options.js';

interface Route {
  readonly match: {
    readonly path?: string;
    readonly prefix?: string;
    readonly path_separated_prefix?: string;
    readonly safe_regex?: { readonly regex: string };
    readonly headers?: readonly { readonly name: string }[];
  };
  readonly route?: {
    readonly cluster: string;
    readonly timeout: string;
    readonly idle_timeout?: string;
    readonly upgrade_configs?: readonly object[];
    readonly retry_policy?: { readonly retry_on: string };
  };
  readonly direct_response?: { readonly status: number; readonly body: { readonly inline_string: string } };
  readonly request_headers_to_remove?: readonly string[];
  readonly typed_per_filter_config?: Readonly<Record<string, object>>;
}

interface Manager {
  readonly http_filters: readonly { readonly name: string; readonly typed_config: object }[];
  readonly route_config: {
    readonly virtual_hosts: readonly { readonly routes: readonly Route[]; readonly typed_per_filter_config: object }[];
  };
}

const text = await readFile(join(projectFolder, 'envoy.yaml'), 'utf8');
const config = parse(text);
const [listener] = config.static_resources.listeners;
const manager: Manager & Record<string, object> = listener.filter_chains[0].filters[0].typed_config;
const [host] = manager.route_config.virtual_hosts;
const routes = host?.routes ?? [];

const ofServices = new Set(['Report', 'Locate', 'Add', 'Remove', 'Disconnect', 'ShowReceipt', 'Drain', 'Relay']);

/** Every call of the contract that users may make, under both package names. */
const userPaths = [UserService, ChannelService, ChatService, InboxService]
  .flatMap((service) => Object.values(service).map(({ path }) => path))
  .filter((path) => !ofServices.has(path.split('/')[2] ?? ''))
  .flatMap((path) => {
    const [, service, method] = path.replace('chat.v1.', '').split('/');
    const isOriginal = originalMethods.some((one) => one.service === service && one.method === method);
    return isOriginal ? [path, `/${service}/${method}`] : [path];
  });

test('every user call has one exact route, and no other call has any', () => {
  const exact = routes.flatMap(({ match }) => match.path ?? []);
  const sockets = ['/connect', '/chatserver', '/chatserver/connect', '/realtime'];
  expect([...exact].sort()).toEqual([...userPaths, ...sockets, '/events'].sort());
  const wide = routes.filter(({ match }) => match.path === undefined);
  const prefixOf = ({ prefix, path_separated_prefix: whole, safe_regex: form }: Route['match']) =>
    form?.regex ?? prefix ?? `${whole}/`;
  expect(wide.map(({ match, route }) => [prefixOf(match), match.headers?.[0]?.name, route?.cluster])).toEqual([
    ['/ws/[^/]+', undefined, 'gateway'],
    ['/(join|create)-room/[^/]+/[^/]+', ':method', 'gateway'],
    ['/api/v1/files/', undefined, 'gateway'],
    ['/api/v1/uploads/', undefined, 'gateway'],
    ['/api/files/', undefined, 'gateway'],
    ['/api/upload/', undefined, 'gateway'],
    ['/api/', undefined, 'gateway'],
    ['/hooks/', undefined, 'gateway'],
    ['/', ':method', 'gateway'],
    ['/', ':method', 'gateway'],
    ['/', undefined, undefined],
  ]);
  expect(routes.at(-1)?.direct_response).toEqual({ status: 404, body: { inline_string: 'unknown method' } });
});

test('Envoy routes each call to its service, and to a chat server only with a join token', () => {
  for (const { match, route, ...rest } of routes.filter(({ match: { path } }) => path?.includes('Service/'))) {
    const service = match.path?.split('/')[1]?.replace('chat.v1.', '');
    const cluster = {
      UserService: 'user-service',
      ChannelService: 'channel-service',
      ChatService: 'chat-service',
      InboxService: 'inbox',
    };
    expect([match.path, route?.cluster]).toEqual([match.path, cluster[service as keyof typeof cluster]]);
    if (service !== 'ChatService') continue;
    expect(rest.request_headers_to_remove).toEqual(['x-chat-route']);
    expect(rest.typed_per_filter_config).toMatchObject({
      'envoy.filters.http.jwt_authn': { requirement_name: 'join' },
      'envoy.filters.http.rbac': { rbac: { rules: { action: 'ALLOW' } } },
      'envoy.filters.http.stateful_session': { stateful_session: { strict: true } },
    });
  }
  expect(manager.http_filters.map(({ name }) => name.split('.').at(-1))).toEqual([
    ...['cors', 'grpc_web', 'jwt_authn', 'rbac', 'stateful_session', 'router'],
  ]);
});

test('Envoy takes a join token only from the header, checks its lifetime with one second of skew, and passes it on', () => {
  const { typed_config } = manager.http_filters[2] as { typed_config: { providers: { join: object } } };
  expect(typed_config.providers.join).toMatchObject({
    issuer: 'parley:join',
    require_expiration: true,
    max_lifetime: `${joinToken.lifeSeconds}s`,
    clock_skew_seconds: 1,
    forward: true,
    from_headers: [{ name: 'authorization', value_prefix: 'Bearer ' }],
    claim_to_headers: [{ header_name: 'x-chat-route', claim_name: 'route' }],
    remote_jwks: { cache_duration: '1s', async_fetch: { failed_refetch_duration: '1s' } },
  });
});

test('Envoy retries calls that did not start, except those routed by a join token', () => {
  for (const { route } of routes.filter((one) => one.route !== undefined)) {
    const tried = route?.cluster === 'chat-service' ? undefined : 'connect-failure,refused-stream';
    expect([route?.cluster, route?.retry_policy?.retry_on]).toEqual([route?.cluster, tried]);
  }
  expect(host).not.toHaveProperty('retry_policy');
});

test('streams through Envoy have no timeout, but a dead one ends', () => {
  const of = (path: string) => routes.find(({ match }) => match.path === path)?.route;
  expect(of('/chat.v1.ChatService/Subscribe')?.timeout).toBe('0s');
  expect(of('/chat.v1.ChatService/Connect')).toMatchObject({ timeout: '0s', idle_timeout: '3600s' });
  expect(of('/events')).toMatchObject({ cluster: 'gateway', timeout: '0s' });
  expect(of('/connect')).toMatchObject({
    ...{ cluster: 'gateway', timeout: '0s', upgrade_configs: [{ upgrade_type: 'websocket' }] },
  });
  expect(manager).toMatchObject({
    stream_idle_timeout: '90s',
    delayed_close_timeout: '0.2s',
    http2_protocol_options: { connection_keepalive: { interval: '20s', timeout: '10s' } },
  });
});

test('Envoy has small windows and buffers, so that unread messages wait in the chat server', () => {
  const windows = { initial_stream_window_size: 65_536, initial_connection_window_size: 1_048_576 };
  expect(listener).toMatchObject({ per_connection_buffer_limit_bytes: 32_768, enable_reuse_port: false });
  expect(listener.socket_options).toEqual([expect.objectContaining({ level: 1, name: 7, int_value: 65_536 })]);
  expect(manager.http2_protocol_options).toMatchObject(windows);
  for (const cluster of config.static_resources.clusters) {
    expect(cluster.per_connection_buffer_limit_bytes).toBe(32_768);
    expect(cluster.circuit_breakers.thresholds[0].max_requests).toBeGreaterThan(10_000);
    expect(cluster.cluster_type.typed_config['@type']).toMatch(/DnsCluster$/);
    if (cluster.name === 'gateway') continue;
    const [options] = Object.values(cluster.typed_extension_protocol_options);
    expect(options).toMatchObject({ explicit_http_config: { http2_protocol_options: windows } });
  }
});

test('Envoy checks the health of gateways, and sends new streams only to healthy ones while there are any', () => {
  const named = (name: string) => config.static_resources.clusters.find((one: { name: string }) => one.name === name);
  const { health_checks: checks, load_assignment: gateways } = named('gateway');
  expect(checks).toMatchObject([{ http_health_check: { path: '/readyz' }, unhealthy_threshold: 1 }]);
  expect(named('inbox').health_checks).toMatchObject([{ grpc_health_check: {}, unhealthy_threshold: 1 }]);
  for (const name of ['gateway', 'inbox'])
    expect(named(name).common_lb_config).toEqual({ healthy_panic_threshold: { value: 1 } });
  const endpoints = gateways.endpoints.flatMap(({ lb_endpoints: hosts }: { lb_endpoints: object[] }) => hosts);
  expect(endpoints).toHaveLength(2);
  for (const one of endpoints)
    expect(one).toMatchObject({
      endpoint: { address: { socket_address: { port_value: 8_080 } }, health_check_config: { port_value: 9_080 } },
    });
});

test('the cluster of chat servers contains only chat servers', () => {
  const hosts = (name: string): string[] =>
    config.static_resources.clusters
      .find((one: { name: string }) => one.name === name)
      .load_assignment.endpoints.flatMap(({ lb_endpoints }: { lb_endpoints: never[] }) =>
        lb_endpoints.map(
          ({
            endpoint: { address },
          }: {
            endpoint: { address: { socket_address: { address: string; port_value: number } } };
          }) => Object.values(address.socket_address).join(':'),
        ),
      );
  const others = ['user-service', 'channel-service', 'gateway'].flatMap(hosts);
  const chat = hosts('chat-service');
  expect(chat.filter((one) => others.includes(one))).toEqual([]);
  expect(chat[0]).toBe('chat-service:50053');
  expect(chat.slice(1).every((one) => /^127\.0\.0\.1:500(5[3-9]|6\d)$/.test(one))).toBe(true);
});

test('envoy.yaml lists exact origins, opens no port for admin pages, and logs no token', () => {
  const cors = Object.values(host?.typed_per_filter_config ?? {})[0];
  expect(cors.allow_origin_string_match.every((one: object) => Object.keys(one).join() === 'exact')).toBe(true);
  expect(cors.forward_not_matching_preflights).toBe(false);
  expect(Object.keys(config.admin.address)).toEqual(['pipe']);
  expect(JSON.stringify(manager.access_log)).not.toMatch(/authorization|REQ\(:PATH\)|QUERY/i);
  expect(text).not.toMatch(/password|BEGIN|eyJ/);
});
