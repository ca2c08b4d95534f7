/** `parley doctor`: faults of the settings in its environment, and of the Redis that they name. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, RedisServer } from '@parley/testkit';
import { complaints, diagnose } from './doctor-rig.js';

describe('the settings', () => {
  let folder: string;
  let ca: Authority;
  let stranger: Authority;
  let badUrl: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
    badUrl = join(folder, 'url');
    await writeFile(badUrl, 'mysql://parley:opensesame@db/parley\n');
    const certificates = join(folder, 'ca');
    await mkdir(certificates);
    ca = new Authority(certificates);
    await mkdir(join(folder, 'stranger'));
    stranger = new Authority(join(folder, 'stranger'));
    for (const one of ['one', 'two']) ca.issue(one, {});
    ca.issue('old', { from: -9, to: -2 });
    ca.issue('aging', { to: 3 });
  });
  afterAll(() => rm(folder, { recursive: true }));
  const cases: Record<string, { env: () => NodeJS.ProcessEnv; finds: string }> = {
    'that do not exist': {
      env: () => ({ PARLEY_PROT: '1' }),
      finds: '^fault settings: environment: PARLEY_PROT is not a setting. Did you mean PARLEY_PORT',
    },
    'with a wrong value': {
      env: () => ({ PARLEY_PORT: 'http' }),
      finds: '^fault settings: environment: PARLEY_PORT \\(port\\): .*Correct it: `npx parley config`',
    },
    'that are half set': {
      env: () => ({ PARLEY_TLS_CERT: ca.file('one') }),
      finds: '^fault settings: TLS: PARLEY_TLS_CERT and PARLEY_TLS_KEY go together. Set both',
    },
    'whose files do not exist': {
      env: () => ({ PARLEY_TLS_CERT: '/nowhere/cert.pem', PARLEY_TLS_KEY: '/nowhere/key.pem' }),
      finds: '^fault settings: .*PARLEY_TLS_CERT=/nowhere/cert.pem cannot be read. Correct the path',
    },
    'whose key belongs to another certificate': {
      env: () => ({ PARLEY_TLS_CERT: ca.file('one'), PARLEY_TLS_KEY: ca.keyFile('two') }),
      finds: '^fault settings: TLS: PARLEY_TLS_CERT=.*one.pem and PARLEY_TLS_KEY=.*two.key do not belong together',
    },
    'whose certificate has expired': {
      env: () => ({ PARLEY_TLS_CERT: ca.file('old'), PARLEY_TLS_KEY: ca.keyFile('old') }),
      finds: '^fault settings: TLS: The certificate in PARLEY_TLS_CERT=.*old.pem expired on .* UTC. Renew it',
    },
    'whose certificate expires soon': {
      env: () => ({ PARLEY_TLS_CERT: ca.file('aging'), PARLEY_TLS_KEY: ca.keyFile('aging') }),
      finds: '^warning settings: .*aging.pem: The certificate expires on .* Renew the certificate',
    },
    'that require certificates of callers, but lack the others': {
      env: () => ({ PARLEY_TLS_CLIENT_CA: ca.file('root') }),
      finds:
        '^fault settings: TLS: PARLEY_TLS_CLIENT_CA needs PARLEY_TLS_CERT, PARLEY_TLS_KEY and PARLEY_TLS_CA. Set all',
    },
    'whose authority is no certificate': {
      env: () => ({ PARLEY_TLS_CA: ca.keyFile('one') }),
      finds: '^fault settings: TLS: PARLEY_TLS_CA=.*one.key holds no certificate in PEM form. Correct the file',
    },
    'whose certificate other services refuse': {
      env: () => ({
        ...{ PARLEY_TLS_CERT: ca.file('one'), PARLEY_TLS_KEY: ca.keyFile('one') },
        ...{ PARLEY_TLS_CA: ca.file('root'), PARLEY_TLS_CLIENT_CA: stranger.file('root') },
      }),
      finds:
        '^fault settings: .*one.pem: Services with this PARLEY_TLS_CLIENT_CA refuse the certificate \\(\\w+\\). Use a certificate that its authority has signed',
    },
    'with an invalid network': {
      env: () => ({ PARLEY_PROXIES: 'proxy.internal' }),
      finds: '^fault settings: PARLEY_PROXIES: PARLEY_PROXIES: proxy.internal is not a network',
    },
    'whose file of a database URL holds another one': {
      env: () => ({ PARLEY_DATABASE_URL_FILE: badUrl }),
      finds: '^fault settings: PARLEY_DATABASE_URL_FILE: .* holds no valid PARLEY_DATABASE_URL. Correct the file',
    },
    'whose file of a Redis URL holds another one': {
      env: () => ({ PARLEY_REDIS_URL_FILE: badUrl }),
      finds: '^fault settings: PARLEY_REDIS_URL_FILE: .* holds no valid PARLEY_REDIS_URL. Correct the file',
    },
    'whose file of a Redis URL does not exist': {
      env: () => ({ PARLEY_REDIS_URL_FILE: '/nowhere/url' }),
      finds: '^fault settings: PARLEY_REDIS_URL_FILE: PARLEY_REDIS_URL_FILE=/nowhere/url cannot be read',
    },
  };
  test.each(Object.entries(cases))('%s are found', async (_title, { env, finds }) => {
    expect(await complaints({ env: env(), only: ['settings', 'database'] })).toEqual([expect.stringMatching(finds)]);
  });

  test('that are right are no fault', async () => {
    const env = { PARLEY_TLS_CERT: ca.file('one'), PARLEY_TLS_KEY: ca.keyFile('one'), PARLEY_TLS_CA: ca.file('root') };
    const mutual = { ...env, PARLEY_TLS_CLIENT_CA: ca.file('root') };
    expect(await readFile(env.PARLEY_TLS_KEY, 'utf8')).toMatch(/PRIVATE KEY/);
    for (const each of [env, mutual]) expect(await complaints({ env: each, only: ['settings'] })).toEqual([]);
  });
});

const given = RedisServer.isInstalled ? describe : describe.skip;

given('Redis', () => {
  let folder: string;
  let plain: RedisServer;
  let secure: RedisServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
    const ca = new Authority(folder);
    ca.issue('redis', {});
    const tls = { certificate: ca.file('redis'), key: ca.keyFile('redis') };
    const limited = 'resetchannels &test:* +@connection';
    const users = [
      `user parley on >opensesame ${limited} +publish +subscribe`,
      `user deaf on >opensesame ${limited} +publish`,
      `user mute on >opensesame ${limited} +subscribe`,
    ];
    [plain, secure] = await Promise.all([
      RedisServer.start({ config: ['requirepass opensesame', ...users] }),
      RedisServer.start({ tls }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([plain?.kill(), secure?.kill()]);
    await rm(folder, { recursive: true });
  });

  const found = (url: string, more: NodeJS.ProcessEnv = {}) =>
    diagnose({ env: { PARLEY_REDIS_URL: url, PARLEY_REDIS_PREFIX: 'test', ...more }, only: ['redis', 'listen'] });
  const isListenSkipped = 'skipped listen: LISTEN: Redis carries the notifications. ';

  test('that carries notifications is no fault, also if a file holds its URL', async () => {
    const url = `redis://parley:opensesame@127.0.0.1:${plain.port}`;
    const fine = [isListenSkipped, `ok redis: 127.0.0.1:${plain.port}: Notifications arrive. `];
    expect(await found(url)).toEqual(fine);
    const file = join(folder, 'url');
    await writeFile(file, url);
    expect(await found('', { PARLEY_REDIS_URL_FILE: file })).toEqual(fine);
  });

  test('that is not set is not tried', async () => {
    expect(await diagnose({ only: ['redis'] })).toEqual(['skipped redis: Redis: PARLEY_REDIS_URL is not set here. ']);
  });

  const at = (port: string, user = '', scheme = 'redis') => `${scheme}://${user}127.0.0.1:${port}`;
  const cases: Record<string, { url: () => string; finds: string }> = {
    'that needs a password': { url: () => at(plain.port), finds: 'needs a password. Add it to PARLEY_REDIS_URL' },
    'that refuses the password': {
      url: () => at(plain.port, 'parley:wrong@'),
      finds: 'refuses the user or the password. Correct PARLEY_REDIS_URL',
    },
    'whose user may not subscribe': {
      url: () => at(plain.port, 'deaf:opensesame@'),
      finds: 'denies a command or a channel. Allow the user',
    },
    'whose user may not publish': {
      url: () => at(plain.port, 'mute:opensesame@'),
      finds: 'denies a command or a channel. Allow the user',
    },
    'with a certificate of an unknown authority': {
      url: () => at(secure.port, '', 'rediss'),
      finds: 'is not valid here \\(.*\\). Name its authority in NODE_EXTRA_CA_CERTS',
    },
    'with TLS, and a URL without': {
      url: () => at(secure.port),
      finds: 'does not respond. Check the network and PARLEY_REDIS_URL, which begins with rediss://',
    },
    'that does not run': { url: () => at('1'), finds: 'does not respond. Check the network and PARLEY_REDIS_URL' },
  };
  test.each(Object.entries(cases))('%s is found', async (_title, { url, finds }) => {
    const lines = await found(url());
    expect(lines).toEqual([isListenSkipped, expect.stringMatching(`^fault redis: 127.0.0.1:\\d+: .*${finds}`)]);
    expect(lines.join()).not.toContain('opensesame');
  });
});
