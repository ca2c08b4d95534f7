import { localAddresses } from '../src/launcher/envoy/config.js';
import { readOptions } from '../src/launcher/options.js';
import { connectionsOf, planServices, portsOf, type ServicePlan } from '../src/launcher/plan.js';

function plan(...args: string[]) {
  const { first, chatServers, gateways } = planServices(readOptions(args));
  return [...first, ...chatServers, ...gateways].map(({ name, port }) => `${name} ${port}`);
}

test('without options, runs one of each service and two chat servers on the default ports', () => {
  expect(plan()).toEqual([
    'user-service 50051',
    'channel-service 50052',
    'chat-1 50053',
    'chat-2 50054',
    'gateway 8080',
  ]);
});

test('the largest plan has no port conflict', () => {
  const services = plan('--managers', '9', '--chat-servers', '50', '--gateways', '9');
  expect(services).toHaveLength(69);
  expect(services).toContain('channel-service-9 50852');
  expect(services).toContain('chat-50 50102');
  expect(services).toContain('gateway-9 8880');
});

test('PostgreSQL allows enough connections for every process', () => {
  const largest = planServices(readOptions(['--managers', '9', '--chat-servers', '50']));
  expect(connectionsOf(largest, 5)).toBeGreaterThanOrEqual((50 * 8) / 0.7);
  const gateways = planServices(readOptions(['--gateways', '9']));
  expect(connectionsOf(gateways, 15)).toBeGreaterThanOrEqual((9 * 15) / 0.3);
  const managers = planServices(readOptions(['--managers', '9']));
  expect(connectionsOf(managers, 15)).toBeGreaterThanOrEqual((9 * 17) / 0.5);
  expect(connectionsOf(planServices(readOptions([])), 5)).toBe(200);
});

test.each([
  [
    ['--user-port', '50054'],
    'chat-2 and user-service would both use port 50054. Choose another --chat-port or --user-port.',
  ],
  [['--user-port', '51053'], 'chat-1 and user-service would both use port 51053'],
  [['--chat-port', '64535'], 'chat-2 would use port 65536. Choose a smaller --chat-port.'],
])('rejects the options %j, because a port would be used twice or be too large', (args, words) => {
  expect(() => plan(...args)).toThrow(words);
});

test('Envoy knows the ports of the chat servers and the spare ports, and no others', () => {
  const options = readOptions(['--envoy', '--chat-port', '8070', '--chat-servers', '3']);
  const planned = planServices(options);
  const { clusters } = localAddresses(planned, planned.envoy as ServicePlan, { host: '::', ip: '::1' }, options);
  const ports = clusters['chat-service']?.map((address) => Number(address.replace('[::1]:', '')));
  expect(ports).toEqual([8070, 8071, 8072, 8073, 8074, 8075, 8076, 8077, 8078, 8079, 8082, 8083, 8084, 8085]);
});

test('only the first gateway has a port for the admin page', () => {
  const { gateways } = planServices(readOptions(['--gateways', '2']));
  expect(gateways.map(portsOf)).toEqual([
    [8080, 9080, 10080, 8090],
    [8180, 9180, 10180],
  ]);
});

test('Envoy knows each gateway by its ports: the page, InboxService, and the one for health checks', () => {
  const options = readOptions(['--envoy', '--gateways', '2']);
  const planned = planServices(options);
  const { clusters, opsPorts } = localAddresses(
    planned,
    planned.envoy as ServicePlan,
    { host: '0.0.0.0', ip: '127.0.0.1' },
    options,
  );
  expect(clusters.gateway).toEqual(['127.0.0.1:8080', '127.0.0.1:8180']);
  expect(clusters.inbox).toEqual(['127.0.0.1:10080', '127.0.0.1:10180']);
  expect(opsPorts).toEqual({ '127.0.0.1:8080': 9080, '127.0.0.1:8180': 9180 });
});
