import { ReadThrottle, readRates } from './read-throttle.js';

const burst = readRates['ChannelService/Search']?.burst ?? 0;

test('refuses too many reads of one user with a retry hint', () => {
  let now = 0;
  const throttle = new ReadThrottle(() => now);
  for (let n = 0; n < burst; n++)
    throttle.count('ann', n % 2 === 0 ? 'chat.v1.ChannelService/Search' : 'ChannelService/Search');
  const again = () => throttle.count('ann', 'chat.v1.ChannelService/Search');
  expect(again).toThrow(expect.objectContaining({ reason: 'read-too-often', retryAfterMs: 500 }));
  throttle.count('bob', 'chat.v1.ChannelService/Search');
  throttle.count('ann', 'chat.v1.ChannelService/List');
  now += 500;
  again();
  expect(again).toThrow(expect.objectContaining({ reason: 'read-too-often' }));
});

test('does not limit calls that change something', () => {
  const throttle = new ReadThrottle(() => 0);
  for (let n = 0; n < 1_000; n++) throttle.count('ann', 'chat.v1.ChannelService/Create');
  for (let n = 0; n < 1_000; n++) throttle.count('ann', 'constructor');
});

test('counts the bytes of responses, so that one user reads at a limited rate', () => {
  let now = 0;
  const throttle = new ReadThrottle(() => now);
  const mebibyte = 1_048_576;
  const history = () => {
    throttle.count('ann', 'chat.v1.ChannelService/History');
    throttle.charge('ann', 'chat.v1.ChannelService/History', mebibyte);
  };
  const pages = () => {
    for (let n = 0; ; n++) {
      try {
        history();
      } catch {
        return n;
      }
    }
  };
  expect(pages()).toBe(18); // 300 calls, each of which costs 1 + 16.
  now += 60_000;
  expect(pages()).toBe(18);
  for (let n = 0; n < 60; n++) {
    now += 1_000;
    pages();
  }
  now += 1_000;
  expect(pages()).toBeLessThanOrEqual(2);
});
