import { Proxies } from '../src/grpc/proxies.js';

const callFrom = (peer: string, forwardedFor?: string) => ({ peer, metadata: () => forwardedFor });

test('takes the last address in the header of a trusted proxy, and ignores the header of other peers', () => {
  const proxies = new Proxies(['10.0.0.0/8', 'fd00::/8']);
  expect(proxies.callerOf(callFrom('10.1.2.3', '192.0.2.7'))).toBe('192.0.2.7');
  expect(proxies.callerOf(callFrom('[fd00::1]', '198.51.100.9, 2001:db8::1'))).toBe('2001:db8::1');
  expect(proxies.callerOf(callFrom('192.0.2.1', '192.0.2.7'))).toBe('192.0.2.1');
  expect(proxies.callerOf(callFrom('10.1.2.3'))).toBe('10.1.2.3');
  expect(proxies.callerOf(callFrom('10.1.2.3', '192.0.2.7, somebody'))).toBe('10.1.2.3');
});

test.each(['10.0.0.0', '10.0.0.0/33', 'here/8', ''])('rejects %j as a network', (network) => {
  expect(() => new Proxies([network])).toThrow(/^PARLEY_PROXIES: .* is not a network such as 10\.0\.0\.0\/8\.$/);
});
