import { dialable, hostAndPort, isLoopback, splitAddress } from './address.js';

test.each([
  ['127.0.0.1', 1, '127.0.0.1:1'],
  ['localhost', 80, 'localhost:80'],
  ['::1', 80, '[::1]:80'],
  ['fe80::1', 65_535, '[fe80::1]:65535'],
])('formats and splits %s and %i as %s', (host, port, address) => {
  expect(hostAndPort(host, port)).toBe(address);
  expect(splitAddress(address)).toEqual({ host, port });
});

test.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
  ['192.0.2.2', '192.0.2.2'],
])('dials a listener on %s at %s', (host, at) => {
  expect(dialable(host)).toBe(at);
});

test.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LOCALHOST', '::1', '[::1]'])(
  'only this machine reaches %s',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each(['0.0.0.0', '::', '[::]', '10.0.0.1', 'fe80::1', '127.example.org', 'localhost.example.org', ''])(
  'other machines may reach %s',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
