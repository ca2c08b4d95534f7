/**
 * Orders the test files. The slowest ones start first, so that no worker has to run one of them
 * alone at the end. The rest follow by size.
 */
const { statSync } = require('node:fs');

/** Test files that take longer than 20 s, by patterns of their path. */
const longest = [
  '/web/dist/test/page-of',
  '/bench/dist/test/bench[.]',
  '/cli/dist/test/(alerts-fire|page|start|terminal|readme|admin|hosts|secure|envoy|node-versions|examples)[.]',
  '/channel-service/dist/test/(set-clock|overview-plan|member-races|search-kills)[.]',
  '/client/dist/test/(chats-model|web|conversation)[.]',
  '/testkit/dist/test/privacy/',
  '/database/dist/test/embedded[.]',
  '/user-service/dist/test/login[.]',
  '/chat-service/dist/test/(membership|quotas|out-of-reach|stop|drain|connect|paused-owner)[.]',
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
