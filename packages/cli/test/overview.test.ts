import { readSettings } from '@parley/runtime';
import { readOptions } from '../src/launcher/options.js';
import { overview, webPageOf } from '../src/launcher/overview.js';
import { SupervisedProcess } from '../src/launcher/service-process.js';

const network = { host: '127.0.0.1', ip: '127.0.0.1', publicHost: 'chat.example.org' };
const gateway = new SupervisedProcess(
  { name: 'gateway', main: '', env: {}, logFile: '' },
  () => {},
  () => {},
);
const running = [{ process: gateway, listens: { http: 'http://127.0.0.1:8080' } }];

test.each([
  [{}, 'http://chat.example.org:8080', 'Web page: http://chat.example.org:8080\n'],
  [
    { PARLEY_ADDR: 'chat.example.org:443', PARLEY_ADDR_TLS: 'on' },
    'http://127.0.0.1:8080',
    'Web page: https://chat.example.org (on this machine, without your proxy: http://127.0.0.1:8080)\n',
  ],
])('with the settings %j, the page is at %s', (env, page, words) => {
  const settings = readSettings(env);
  const upstreams = { PARLEY_MANAGERS: '127.0.0.1:50052', PARLEY_USER_SERVICES: '127.0.0.1:50051' };
  expect(webPageOf(running, network, settings)).toBe(page);
  expect(overview(running, readOptions([]), upstreams, network, settings)).toContain(words);
});
