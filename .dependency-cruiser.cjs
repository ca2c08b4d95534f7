/** The import rules of ARCHITECTURE.md. */
const services = 'user-service|channel-service|chat-service|gateway';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'services-never-import-services',
      severity: 'error',
      from: { path: '^services/([^/]+)/src' },
      to: { path: `^services/(${services})/`, pathNot: '^services/$1/' },
    },
    {
      name: 'packages-never-import-services',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(services|scripts)/' },
    },
    {
      name: 'core-is-pure',
      comment:
        'core/ imports the fan-out, the contract and the reasons: no gRPC, no SQL, no environment, no clock of its own',
      severity: 'error',
      from: { path: '/src/core/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '/src/core/|^packages/(fanout|contract)/|^packages/runtime/dist/src/refusals\\.' },
    },
    {
      name: 'stores-import-no-handlers',
      severity: 'error',
      from: { path: '/src/(store|clients)/' },
      to: { path: '/src/(rpc|http|session|background)/' },
    },
    {
      name: 'a-session-is-no-rpc',
      comment: 'session/ imports no handlers, background tasks or clients',
      severity: 'error',
      from: { path: '^services/chat-service/src/session/' },
      to: { path: '^services/chat-service/src/(rpc|background|clients|relay)/' },
    },
    {
      name: 'a-relay-is-no-rpc',
      comment: 'relay/ stands on session/, beside rpc/ and background/',
      severity: 'error',
      from: { path: '^services/chat-service/src/relay/' },
      to: { path: '^services/chat-service/src/(rpc|background|clients)/' },
    },
    ...[
      'requests|transactions',
      'placement',
      'members',
      'history',
      'search',
      'channels',
      'inbox',
      'invites',
      'webhooks',
      'safety',
      'admin',
    ].map((feature, at, features) => ({
      name: `the-manager-by-feature-${feature.split('|')[0]}`,
      comment: 'each feature of the manager may import those before it in this list, and none after it',
      severity: 'error',
      from: { path: `^services/channel-service/src/(${feature})/` },
      to: { path: `^services/channel-service/src/(${features.slice(at + 1).join('|') || 'app'})(/|\\.ts$)` },
    })),
    {
      name: 'only-main-imports-app',
      severity: 'error',
      from: { path: '^services/[^/]+/src/', pathNot: '(/main\\.ts|\\.test\\.ts)$' },
      to: { path: '/src/(app|main)\\.ts$' },
    },
    {
      name: 'testkit-is-for-tests',
      comment: 'only tests, the bench and the drills may import the testkit',
      severity: 'error',
      from: { path: '/src/', pathNot: '\\.test\\.ts$|^packages/(testkit|bench|drills)/' },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'nobody-imports-the-bench',
      severity: 'error',
      from: { pathNot: '^packages/bench/' },
      to: { path: '^packages/bench/' },
    },
    {
      name: 'nobody-imports-the-page',
      comment: 'only tests may import the page, to drive it',
      severity: 'error',
      from: { pathNot: '^(packages/(web|cli/test)|services/gateway/test)/' },
      to: { path: '^packages/web/' },
    },
    {
      name: 'the-page-knows-the-sdk-only',
      comment: 'the page imports only the SDK and the contract; its tests may also import the testkit',
      severity: 'error',
      from: { path: '^packages/web/(dist/)?src/' },
      to: { path: '^(packages|services|scripts)/', pathNot: '^packages/(web|client|contract)/' },
    },
    {
      name: 'state-of-the-page-is-pure',
      comment:
        'state/ imports no React, storage or network, of the page also the words, of the SDK only types and the functions that read a message, and of libraries only the parser of formats, which is pure',
      severity: 'error',
      from: { path: '^packages/web/(dist/)?src/state/' },
      to: { pathNot: '^packages/(web/(dist/)?src/(state|words)|client|contract)/|/node_modules/markdown-it/' },
    },
    {
      name: 'runtime-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^packages/(runtime|contract|fanout)/src' },
      to: { path: '^packages/', pathNot: '^packages/($1|contract)/' },
    },
    {
      name: 'the-sdk-stands-on-rpc',
      comment: 'the SDK imports no database and no service kit',
      severity: 'error',
      from: { path: '^packages/(client|rpc)/src' },
      to: { path: '^packages/', pathNot: '^packages/(client|rpc|contract|runtime)/' },
    },
    {
      name: 'nobody-imports-the-command',
      comment: 'only the drills may import the command, to find the running npm start',
      severity: 'error',
      from: { pathNot: '^packages/(cli|drills)/' },
      to: { path: '^packages/(cli|drills)/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules|^(?!packages/web/).*/dist/' },
    extraExtensionsToScan: ['.tsx'], // the parser cannot read JSX, so the imports of these files come from the output of tsc
    exclude: { path: '/gen/|^packages/web/dist/page(-admin)?/' },
    parser: 'swc',
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
