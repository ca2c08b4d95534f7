import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, Trio, until } from '@parley/testkit';
import { projectFolder } from '../src/launcher/options.js';

type Service = 'manager' | 'chat server' | 'user-service' | 'gateway';

let trio: Trio;
const admins = new Map<Service, number>();

beforeAll(async () => {
  const first = await freePorts(4);
  const env = (service: Service) => {
    admins.set(service, first + admins.size);
    return { PARLEY_ADMIN_PORT: String(admins.get(service)) };
  };
  trio = await Trio.start({ chatServers: 0, env: env('manager') });
  await trio.addChatServer(env('chat server'));
  await trio.startUserService(env('user-service'));
  await trio.startGateway(env('gateway'));
});
afterAll(() => trio.stop());

async function answerOf(service: Service): Promise<string> {
  return (await fetch(`http://127.0.0.1:${admins.get(service)}/readyz`)).text();
}

/** Runs the health check of the image, as its shell would. */
async function isHealthy(service: Service): Promise<boolean> {
  const dockerfile = await readFile(join(projectFolder, 'Dockerfile'), 'utf8');
  const [, list = '[]'] = /^HEALTHCHECK [^[]*(\[.*\])$/m.exec(dockerfile) ?? [];
  const [program, ...args] = JSON.parse(list) as string[];
  const env = { PATH: process.env.PATH, PARLEY_ADMIN_PORT: String(admins.get(service)) };
  return new Promise((resolve) => execFile(String(program), args, { env }, (error) => resolve(error === null)));
}

/** Waits until each process reports these words. */
async function all(words: string, services: readonly Service[] = [...admins.keys()]): Promise<void> {
  for (const service of services) {
    for (const end = Date.now() + 60_000; !(await answerOf(service)).includes(words); ) {
      if (Date.now() > end) throw new Error(`${service} never said "${words}": ${await answerOf(service)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Waits until a process exports this line. */
async function metric(service: Service, line: string): Promise<void> {
  const url = `http://127.0.0.1:${admins.get(service)}/metrics`;
  await until(async () => (await (await fetch(url)).text()).includes(`\n${line}\n`));
}

test('every process is ready, and healthy for Docker', async () => {
  await all('ready\n');
  expect(await isHealthy('gateway')).toBe(true);
});

test('no process is ready while the database is read-only, and every one is afterwards', async () => {
  const database = new URL(trio.database.ownerUrl).pathname.slice(1);
  await trio.people.sql(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
  await trio.people.sql(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename LIKE $1',
    ['chat_%'],
  );
  await all('The database is read-only.\n');
  await metric('manager', 'parley_database_up 0');
  await trio.people.sql(
    `BEGIN; SET TRANSACTION READ WRITE; ALTER DATABASE ${database} RESET default_transaction_read_only; COMMIT`,
  );
  await trio.people.sql(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename LIKE $1',
    ['chat_%'],
  );
  await all('ready\n');
  await metric('manager', 'parley_database_up 1');
});

test('publishes a new signing key if the database has lost the old one', async () => {
  await trio.people.sql('DELETE FROM chat.signing_key');
  const known = () => trio.people.sql("SELECT FROM chat.signing_key WHERE purpose IN ('join', 'manager', 'user')");
  for (const end = Date.now() + 60_000; (await known()).length < 3; ) {
    if (Date.now() > end) throw new Error('no new keys');
    await all('ready\n', ['manager', 'user-service']);
  }
});

test('a gateway without managers is not ready', async () => {
  trio.managers[0]?.kill('SIGKILL');
  await all('No manager can be reached.\n', ['gateway']);
  expect(await isHealthy('gateway')).toBe(false);
  expect(await isHealthy('manager')).toBe(false);
});
