/**
 * Orders the test files. The slowest ones start first, so that no worker has to run one of them
 * alone at the end. The rest follow by size.
 */
const { statSync } = require('node:fs');

/** Test files that take longer than 20 s, by patterns of their path. */
const longest = [
  '/web/dist/test/page-of-(rooms|messages)[.]',
  '/gateway/dist/test/kept-channels[.]', // Uses almost no CPU beside two browsers.
  '/bench/dist/test/bench[.]',
  '/web/dist/test/page-of-growth[.]',
  '/gateway/dist/test/(relay|relay-faults)[.]',
  '/cli/dist/test/(readme|admin|examples)[.]',
  '/testkit/dist/test/privacy/',
  '/database/dist/test/embedded[.]',
  '/web/dist/test/page-of',
  '/cli/dist/test/(terminal|alerts-fire|node-versions|hosts|page|ports|start|envoy|chats)[.]',
  '/bench/dist/test/soak[.]',
  '/gateway/dist/test/(h2spec|posting-faults|socket|rooms-faults|watermarks|inbox|document-001-events|document-001)[.]',
  '/channel-service/dist/test/(set-clock|overview-plan|member-races|search-kills)[.]',
  '/client/dist/test/(chats-model|web|chats|inbox-model|real-posts)[.]',
  '/user-service/dist/test/login[.]',
  '/chat-service/dist/test/(relay-posts|relay-fate|membership|quotas|out-of-reach|stop|drain|connect|paused-owner)[.]',
].map((pattern) => new RegExp(pattern));

const rankOf = (path) => {
  const index = longest.findIndex((pattern) => pattern.test(path));
  return index < 0 ? longest.length : index;
};

module.exports = class LongestFirst {
  sort(tests) {
    const keyed = Array.from(tests, (test) => ({ test, rank: rankOf(test.path), bytes: statSync(test.path).size }));
    return keyed.sort((one, other) => one.rank - other.rank || other.bytes - one.bytes).map(({ test }) => test);
  }

  cacheResults() {}
};
