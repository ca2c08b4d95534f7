import { readOptions } from '../src/options.js';
import { planServices } from '../src/plan.js';

function plan(...args: string[]) {
  const { first, chatServers, gateway } = planServices(readOptions(args));
  return [...first, ...chatServers, gateway].map(({ name, port }) => `${name} ${port}`);
}

test('without options: one of each, and two chat servers, on the known ports', () => {
  expect(plan()).toEqual([
    'user-service 50051',
    'channel-service 50052',
    'chat-1 50053',
    'chat-2 50054',
    'gateway 8080',
  ]);
});

test('as many as there may be do not meet', () => {
  const services = plan('--managers', '9', '--chat-servers', '50');
  expect(services).toHaveLength(61);
  expect(services).toContain('channel-service-9 50852');
  expect(services).toContain('chat-50 50102');
});

test.each([
  [
    ['--user-port', '50054'],
    'chat-2 and user-service would both use port 50054: choose another --chat-port or --user-port.',
  ],
  [['--user-port', '51053'], 'chat-1 and user-service would both use port 51053'],
  [['--chat-port', '64535'], 'chat-2 would use port 65536: choose a smaller --chat-port.'],
])('%j cannot be', (args, words) => {
  expect(() => plan(...args)).toThrow(words);
});
