import { checkEnvironment } from '../src/launcher/environment.js';
import { readOptions } from '../src/launcher/options.js';

const tls = { PARLEY_TLS_CERT: 'cert.pem', PARLEY_TLS_KEY: 'key.pem' };
const shared = { PARLEY_ADDR: 'chat.example.org:443' };
const inside = { PARLEY_INTERNAL_ADDR: '10.0.0.1:50053' };

test.each([
  [{ PARLEY_PORT: '7777' }, [], '`npm start` sets PARLEY_PORT itself. Use --user-port, --manager-port, --chat-port'],
  [{ PARLEY_ADMIN_PORT: '7778' }, [], '`npm start` sets PARLEY_ADMIN_PORT itself.'],
  [{ PARLEY_NAME: 'mine' }, [], '`npm start` sets PARLEY_NAME itself.'],
  [{ PARLEY_DATABASE_URL_FILE: 'url' }, [], '`npm start` sets PARLEY_DATABASE_URL_FILE itself. Use --database'],
  [{ PARLEY_HOST: '0.0.0.0' }, [], 'PARLEY_HOST=0.0.0.0 can be reached by others.'],
  [{ PARLEY_TLS_CERT: 'cert.pem' }, [], 'PARLEY_TLS_CERT and PARLEY_TLS_KEY go together.'],
  [tls, ['--envoy'], 'Envoy reaches the services with TLS only if PARLEY_TLS_CERT and PARLEY_TLS_CA are both set.'],
  [shared, [], '2 chat servers cannot share PARLEY_ADDR=chat.example.org:443, so some rooms would never open. Add'],
  [inside, ['--envoy'], '2 chat servers cannot share PARLEY_INTERNAL_ADDR=10.0.0.1:50053, so some rooms would never'],
  [{ PARLEY_TLS_CA: 'ca.pem' }, ['--envoy'], 'Envoy reaches the services with TLS only if'],
])('npm start with the environment %j and the options %j fails before it starts anything', (env, args, words) => {
  expect(() => checkEnvironment(readOptions(args), env)).toThrow(words);
});

test.each([
  [{}, ['--envoy']],
  [{ ...shared, ...inside }, ['--chat-servers', '1']],
  [shared, ['--envoy']],
  [{ PARLEY_PORT: '', PARLEY_MANAGERS: 'for:1', PARLEY_HOST: '0.0.0.0', PARLEY_INSECURE: 'on' }, []],
])('npm start accepts the environment %j with the options %j', (env, args) => {
  expect(() => checkEnvironment(readOptions(args), env)).not.toThrow();
});
