import { isPublic, publicAddresses } from './public-hosts.js';

test.each([
  ['93.184.216.34', true],
  ['2606:2800:220:1:248:1893:25c8:1946', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['255.255.255.255', false],
  ['224.0.0.1', false],
  ['::1', false],
  ['::', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['::ffff:127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['2002:7f00:1::', false],
  ['::7f00:1', false],
  ['::ffff:0:7f00:1', false],
  ['2001::1', false],
  ['fec0::1', false],
  ['192.0.0.1', false],
  ['198.18.0.1', false],
  ['240.0.0.1', false],
  ['not an address', false],
])('%s is a public address: %s', (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});

test.each(['127.0.0.1', '[::1]', 'localhost', 'LOCALHOST.', 'a.localhost', '2130706433', '0x7f.1', '127.0.0.1.'])(
  'the host %s is refused',
  async (host) => {
    await expect(publicAddresses(new URL(`https://${host}/`).hostname)).rejects.toThrow('has a private address');
  },
);
