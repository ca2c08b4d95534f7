import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPool, startEmbedded } from '@parley/database';
import { readSettings } from '@parley/runtime';
import { parse } from 'yaml';
import { projectFolder } from '../src/options.js';

interface Container {
  readonly image: string;
  readonly user: string;
  readonly restart: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly container_name?: string;
}

const text = await readFile(join(projectFolder, 'docker-compose.yml'), 'utf8');
const dockerfile = await readFile(join(projectFolder, 'Dockerfile'), 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Container>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const containers = Object.entries(compose.services);
const ours = containers.filter(([, { image }]) => image === 'parley');
const lasting = ours.filter(([, { restart }]) => restart !== 'no');
const once = ours.filter(([, { restart }]) => restart === 'no').map(([name]) => name);

test('PostgreSQL, the trio, the gateway and Envoy, and what makes their secrets and tables', () => {
  expect(lasting.map(([name]) => name)).toEqual(['user-service', 'channel-service', 'chat-service', 'gateway']);
  expect(once).toEqual(['secrets', 'migrate']);
  expect(containers).toHaveLength(8);
  for (const [name, { image }] of containers.filter(([, one]) => one.image !== 'parley'))
    expect([name, image]).toEqual([name, expect.stringMatching(/^[a-z/]+:v?\d+\.\d+[\w.-]*$/)]);
});

test.each(containers)('%s: nobody with rights, nothing to write to, up again when it falls', (name, container) => {
  expect(container).toMatchObject({
    user: expect.stringMatching(/^(node|postgres|envoy)$/),
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    init: true,
    restart: once.includes(name) ? 'no' : 'unless-stopped',
    networks: ['inside'],
  });
  expect(container.container_name).toBeUndefined();
  for (const volume of container.volumes) {
    const [from = ''] = volume.split(':');
    if (!from.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(from);
  }
});

test('each is asked how it is, and waits for what it needs', () => {
  for (const [name, { healthcheck }] of containers) {
    if (once.includes(name)) expect(healthcheck).toEqual({ disable: true });
    else if (!lasting.some(([one]) => one === name)) expect(healthcheck?.test?.[0]).toBe('CMD');
  }
  expect(dockerfile).toMatch(/^HEALTHCHECK [\s\S]*\/readyz/m);
  for (const [, one] of lasting) {
    expect(one.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    expect(one.environment?.PARLEY_ADMIN_PORT).toMatch(/^\d{4,5}$/);
    expect(() => readSettings({ ...one.environment })).not.toThrow();
  }
});

test('no secret is in the file; each service mounts its own and no other', () => {
  expect(text).not.toMatch(/postgres(ql)?:\/\/[^@\s"]*:[^@\s"]*@|PASSWORD:|SECRET/);
  for (const [name, { volumes, environment }] of lasting) {
    expect(volumes).toEqual([`secret-${name}:/run/parley/${name}:ro`]);
    expect(environment?.PARLEY_DATABASE_URL_FILE).toBe(`/run/parley/${name}/database-url`);
    expect(environment).not.toHaveProperty('PARLEY_DATABASE_URL');
  }
});

test('only Envoy can be reached, and only from this machine', () => {
  const published = containers.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
  expect(published).toEqual([['envoy', '127.0.0.1:8081:8081']]);
});

test('processes hear signals: no shell stays between', () => {
  for (const [name, { command }] of ours) {
    const isShell = command?.[0] === 'sh';
    expect([name, isShell ? /\bexec node /.test(command?.[2] ?? '') : command?.[0] === 'node']).toEqual([name, true]);
  }
});

test('the image: two stages of one exact tag, nobody with rights, no secret', () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases).size).toBe(1);
  expect(bases).toEqual([expect.stringMatching(/^node:20\.\d+\.\d+-bookworm-slim$/), expect.anything()]);
  expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('RUN '));
  expect(dockerfile).toMatch(/--frozen-lockfile --prod/);
  expect(dockerfile).not.toMatch(/^(ARG|ENV) .*(TOKEN|PASSWORD|SECRET)/im);
});

const run = promisify(execFile);
const deploy = join(projectFolder, 'scripts/dist/src/deploy.js');

test('the secrets open the database, each for its own role; made once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-deploy-'));
  await run('chmod', ['755', folder]);
  const server = await startEmbedded({ dataDir: folder, log: () => {} });
  const secrets = join(folder, 'run');
  const ownerUrl = new URL(server.url);
  ownerUrl.password = '';
  try {
    // The embedded server has its owner's password already: it is the one that is kept.
    await run('cp', ['-r', join(folder, 'secrets.json'), join(folder, 'kept')]);
    await run('mkdir', ['-p', join(secrets, 'setup')]);
    await run('cp', [join(folder, 'kept'), join(secrets, 'setup', 'secrets.json')]);
    for (let times = 0; times < 2; times++) {
      await run(process.execPath, [deploy, 'secrets', secrets, ownerUrl.href]);
      await run(process.execPath, [deploy, 'migrate', secrets, ownerUrl.href]);
    }
    const roles = {
      'user-service': 'chat_user',
      'channel-service': 'chat_manager',
      'chat-service': 'chat_server',
      gateway: 'chat_gateway',
    };
    for (const [service, role] of Object.entries(roles)) {
      const file = join(secrets, service, 'database-url');
      expect(((await stat(file)).mode & 0o777).toString(8)).toBe('444');
      const pool = createPool({ url: await readFile(file, 'utf8'), applicationName: 'test', max: 1 });
      const { rows } = await pool.query('SELECT current_user AS role');
      expect(rows).toEqual([{ role }]);
      await pool.end();
    }
    await expect(run(process.execPath, [deploy, 'nothing'])).rejects.toMatchObject({ code: 2 });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
(hasCompose ? test : test.skip)('docker compose takes the file', async () => {
  const { stdout } = await run('docker', [
    'compose',
    '-f',
    join(projectFolder, 'docker-compose.yml'),
    'config',
    '--quiet',
  ]);
  expect(stdout).toBe('');
});
