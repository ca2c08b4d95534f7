/** `parley doctor`: faults of the settings in its environment. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from './certificates.js';
import { complaints } from './doctor-rig.js';

describe('the settings', () => {
  let folder: string;
  let ca: Authority;
  let badUrl: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
    badUrl = join(folder, 'url');
    await writeFile(badUrl, 'mysql://parley:opensesame@db/parley\n');
    const certificates = join(folder, 'ca');
    await mkdir(certificates);
    ca = new Authority(certificates);
    for (const one of ['one', 'two']) ca.issue(one, {});
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
      finds:
        '^fault settings: PARLEY_TLS_CERT, PARLEY_TLS_KEY: PARLEY_TLS_CERT and PARLEY_TLS_KEY go together. Set both',
    },
    'whose files do not exist': {
      env: () => ({ PARLEY_TLS_CERT: '/nowhere/cert.pem', PARLEY_TLS_KEY: '/nowhere/key.pem' }),
      finds: '^fault settings: .*PARLEY_TLS_CERT=/nowhere/cert.pem cannot be read. Correct the path',
    },
    'whose key belongs to another certificate': {
      env: () => ({ PARLEY_TLS_CERT: ca.file('one'), PARLEY_TLS_KEY: ca.keyFile('two') }),
      finds: '^fault settings: .*one.pem: The certificate and the key of PARLEY_TLS_KEY do not belong together',
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
    expect(await readFile(env.PARLEY_TLS_KEY, 'utf8')).toMatch(/PRIVATE KEY/);
    expect(await complaints({ env, only: ['settings'] })).toEqual([]);
  });
});
