import { describeSettings, ignoredNames, readSettings } from './read-settings.js';

test('uses defaults for missing and empty values', () => {
  const settings = readSettings({ PARLEY_HOST: '', OTHER: 'x' });
  expect(settings).toMatchObject({ HOST: '127.0.0.1', INSECURE: false, STOP_SECONDS: 8, DATABASE_URL: undefined });
  expect(settings.SERVER_HOSTS).toEqual(['localhost', '127.0.0.1', '::1']);
});

test('parses values by type', () => {
  const env = { PARLEY_PORT: '0', PARLEY_INSECURE: 'on', PARLEY_MANAGERS: 'a:1, b:2,' };
  expect(readSettings(env)).toMatchObject({ PORT: 0, INSECURE: true, MANAGERS: ['a:1', 'b:2'] });
});

test('takes origins as browsers and apps send them', () => {
  const allowed = ['https://chat.example.org', 'http://localhost:1420', 'tauri://localhost', 'capacitor://localhost'];
  expect(readSettings({ PARLEY_ORIGINS: allowed.join(',') }).ORIGINS).toEqual(allowed);
  for (const wrong of [
    'null',
    '*',
    'https://a.example/',
    'tauri://localhost/x',
    'https://*',
    'HTTPS://a.example',
    'data:x',
  ])
    expect(() => readSettings({ PARLEY_ORIGINS: wrong })).toThrow(/^PARLEY_ORIGINS \(origins\): expected origins/m);
});

test('reports all invalid settings at once, by name and without secret values', () => {
  const env = {
    PARLEY_PORT: '70000',
    PARLEY_DATABASE_URL: 'mysql://me:hunter2@x',
    PARLEY_PROT: '1',
    PARLEY_toString: '1',
  };
  const problems = () => readSettings(env);
  expect(problems).toThrow(/PARLEY_PROT is not a setting/);
  expect(problems).toThrow(/PARLEY_toString is not a setting/);
  expect(problems).toThrow(/^PARLEY_PORT \(port\): use at most 65535$/m);
  expect(problems).toThrow(/^PARLEY_DATABASE_URL \(URL\): /m);
  expect(problems).not.toThrow(/hunter2/);
});

test('lists the values in effect and hides secrets', () => {
  const rows = describeSettings({ PARLEY_DATABASE_URL: 'postgres://me:hunter2@x/y', PARLEY_PORT: '1' });
  const valueIn = (name: string) => rows.find((row) => row.name === name)?.value;
  expect(valueIn('PARLEY_DATABASE_URL')).toBe('(secret)');
  expect([valueIn('PARLEY_PORT'), valueIn('PARLEY_HOST'), valueIn('PARLEY_NAME')]).toEqual(['1', '127.0.0.1', '']);
  expect(rows.every(({ unit, doc }) => unit !== '' && doc !== '')).toBe(true);
});

test.each(['redis://h', 'rediss://:p%40ss@[::1]:6380/2', 'redis://user:password@10.0.0.7/'])(
  'accepts %s as the URL of Redis',
  (url) => {
    expect(readSettings({ PARLEY_REDIS_URL: url }).REDIS_URL).toBe(url);
  },
);

test.each(['http://h', 'redis://', 'redis://a:hunter2@', 'redis://:hunter2@h/name', 'redis://:hunter2%@h', 'h:6379'])(
  'rejects %s as the URL of Redis, without its password',
  (url) => {
    const words =
      /^PARLEY_REDIS_URL \(URL\): expected a URL like redis:\/\/user:password@host:6379, or rediss:\/\/ for TLS$/;
    expect(() => readSettings({ PARLEY_REDIS_URL: url })).toThrow(words);
  },
);

const links = {
  PARLEY_SERVICE_HOST: '10.96.1.2',
  PARLEY_SERVICE_PORT: '50051',
  PARLEY_SERVICE_PORT_GRPC: '50051',
  PARLEY_PORT: 'tcp://10.96.1.2:50051',
  PARLEY_PORT_50051_TCP: 'tcp://10.96.1.2:50051',
  PARLEY_PORT_50051_TCP_PROTO: 'tcp',
  PARLEY_PORT_50051_TCP_PORT: '50051',
  PARLEY_PORT_50051_TCP_ADDR: '10.96.1.2',
  PARLEY_ADMIN_PORT: 'tcp://[fd00::7]:8080',
  PARLEY_USER_SERVICE_SERVICE_HOST: 'fd00::7',
};

test('ignores Kubernetes service links', () => {
  expect(readSettings(links)).toMatchObject({ PORT: undefined, ADMIN_PORT: undefined });
  expect(ignoredNames({ ...links, PARLEY_HOST: '10.0.0.1', OTHER_PORT: 'tcp://10.0.0.1:1' })).toEqual(
    Object.keys(links),
  );
  expect(describeSettings(links).find(({ name }) => name === 'PARLEY_PORT')?.value).toBe('');
});

test.each([
  ['PARLEY_SERVICE_HOST', 'chat.example.org'],
  ['PARLEY_SERVICE_PROT', '10.96.1.2'],
  ['PARLEY_USER_PORT', '50051'],
  ['PARLEY_PORT', 'tcp://'],
  ['PARLEY_PORT', 'http://10.96.1.2:80'],
])('rejects %s=%s, which is not a service link', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(name);
});
