/** `parley doctor`: faults of the database, of chat servers and of this machine, each provoked for real. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, type Pool } from '@parley/database';
import {
  freePorts,
  listen,
  openTestDatabase,
  openTestPool,
  Program,
  rolePasswords,
  type TestDatabase,
} from '@parley/testkit';
import { usedConnections } from '../src/doctor/connections.js';
import { judgeServer } from '../src/doctor/database.js';
import { spaceFinding } from '../src/doctor/disk.js';
import { complaints, diagnose, type Given } from './doctor-rig.js';

let database: TestDatabase;
let owner: Pool;
let name: string;
let folder: string;
let afterEachTest: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
  database = await openTestDatabase();
  owner = openTestPool(database.ownerUrl);
  name = new URL(database.ownerUrl).pathname.slice(1);
});
afterEach(async () => {
  for (const end of afterEachTest.reverse()) await end();
  afterEachTest = [];
});
afterAll(async () => {
  await owner?.end();
  await database?.close();
  await rm(folder, { recursive: true });
});

/** Runs SQL now, and other SQL after the test. */
async function change(now: string, later: string): Promise<void> {
  await owner.query(now);
  afterEachTest.push(() => owner.query(later));
}

/** Listens with a server until the test ends. Returns its port. */
async function portOf(server: Server): Promise<number> {
  const { port, close } = await listen(server);
  afterEachTest.push(close);
  return port;
}

function at(changes: Partial<Pick<URL, 'port' | 'password' | 'pathname' | 'hostname'>>): string {
  return Object.assign(new URL(database.ownerUrl), changes).href;
}

/** Writes the facts about an `npm start` whose only process is `pid`. */
async function runWith(pid: number, admin: string, url = database.ownerUrl, host = '127.0.0.1'): Promise<string> {
  const data = await mkdtemp(join(folder, 'data-'));
  await writeFile(join(data, 'start.pid'), `${await identityOf(process.ppid)}\n`);
  const services = [{ name: 'chat-1', pid, address: `${host}:1`, admin }];
  const facts = { pid: process.ppid, database: url, services, page: `http://${host}:1` };
  await writeFile(join(data, 'run.json'), JSON.stringify(facts));
  return data;
}

const ofDatabase = ['names', 'database', 'rights', 'migrations', 'connections', 'listen', 'clocks'];

function faultsOf(given: Given): Promise<string[]> {
  return complaints({ database: database.ownerUrl, only: ofDatabase, ...given });
}

test('finds no fault in a sound database', async () => {
  expect(await faultsOf({})).toEqual([]);
});

describe('the database URL', () => {
  const cases: Record<string, { given: () => Promise<Given>; finds: string }> = {
    'with a wrong port': {
      given: async () => ({ database: at({ port: String(await freePorts(1)) }) }),
      finds: '^fault database: .*No PostgreSQL listens there. Start PostgreSQL, or correct',
    },
    'with a wrong password': {
      given: async () => ({ database: at({ password: 'wrong' }) }),
      finds: '^fault database: .*PostgreSQL refuses the user or the password. Correct them',
    },
    'with a database that does not exist': {
      given: async () => ({ database: at({ pathname: '/nowhere' }) }),
      finds: '^fault database: .*The database does not exist. Create it',
    },
    'of a server that does not respond': {
      given: async () => ({ database: at({ port: String(await portOf(createServer())) }), timeout: 1 }),
      finds: '^fault database: .*PostgreSQL does not respond. Check the host and port',
    },
  };
  test.each(Object.entries(cases))('finds one %s, and says it once', async (_title, { given, finds }) => {
    expect(await faultsOf(await given())).toEqual([expect.stringMatching(finds)]);
  });

  test('finds a name that does not resolve', async () => {
    expect(await faultsOf({ database: at({ hostname: 'db.invalid' }) })).toEqual([
      expect.stringMatching('^fault names: db.invalid: '),
      expect.stringMatching('^fault database: .*The name of the database server does not resolve'),
    ]);
  });
});

describe('a database', () => {
  test('that is read-only is found', async () => {
    await change(
      `ALTER DATABASE ${name} SET default_transaction_read_only = on`,
      `BEGIN; SET TRANSACTION READ WRITE; ALTER DATABASE ${name} RESET default_transaction_read_only; COMMIT`,
    );
    const found = await faultsOf({ only: ['database'] });
    expect(found).toEqual([
      expect.stringMatching('^fault database: .*read-only. Turn default_transaction_read_only off'),
    ]);
  });

  test('that forgets what it has committed is found', async () => {
    await change(
      `ALTER DATABASE ${name} SET synchronous_commit = off`,
      `ALTER DATABASE ${name} RESET synchronous_commit`,
    );
    expect(await faultsOf({ only: ['durability'] })).toEqual([
      expect.stringMatching(
        '^fault durability: .*fsync is off. A power cut can damage the whole database. Set fsync = on',
      ),
      expect.stringMatching(
        '^fault durability: .*synchronous_commit is off. A crash .* loses messages that were acknowledged',
      ),
    ]);
  });

  test('that lacks a migration is found', async () => {
    const { rows } = await owner.query('SELECT name, timestamp FROM chat.applied_migration ORDER BY name DESC LIMIT 1');
    const [{ name: last, timestamp }] = rows as [{ name: string; timestamp: string }];
    await change(
      `DELETE FROM chat.applied_migration WHERE name = '${last}'`,
      `INSERT INTO chat.applied_migration VALUES ('${last}', '${timestamp}')`,
    );
    const words = `^fault migrations: .*The database lacks migration ${last}. Run the migrations as its owner first`;
    expect(await faultsOf({})).toEqual([expect.stringMatching(words)]);
  });

  test('of a later version is found', async () => {
    await change(
      `INSERT INTO chat.migration VALUES ('9999_later', 'now')`,
      `DELETE FROM chat.migration WHERE name = '9999_later'`,
    );
    const words =
      '^fault migrations: .*has migration 9999_later, which this version of Parley does not know. Update Parley';
    expect(await faultsOf({})).toEqual([expect.stringMatching(words)]);
  });

  test('restored without rights is found', async () => {
    const restored = await openTestDatabase();
    afterEachTest.push(() => restored.close());
    const pool = openTestPool(restored.ownerUrl);
    await pool.query('REVOKE ALL ON ALL TABLES IN SCHEMA chat FROM chat_gateway');
    await pool.end();
    const found = await faultsOf({ database: restored.ownerUrl });
    expect(found).toEqual([
      expect.stringMatching(
        '^fault rights: .*The role chat_gateway has no rights on the tables. .*without --no-privileges',
      ),
    ]);
  });

  test('with another password for a role than the data folder is found', async () => {
    const secrets = { ...rolePasswords, owner: 'x', chat_server: 'another' };
    await writeFile(join(folder, 'secrets.json'), JSON.stringify(secrets));
    const found = await faultsOf({ data: folder, only: ['rights'] });
    expect(found).toEqual([
      expect.stringMatching('^fault rights: chat_server: PostgreSQL refuses the user or the password'),
    ]);
  });

  test('of another system is not tried with the passwords and the processes of the `npm start` here', async () => {
    const usualData = await runWith(process.pid, '', at({ pathname: '/elsewhere' }));
    await writeFile(join(usualData, 'secrets.json'), JSON.stringify({ ...rolePasswords, chat_user: 'another' }));
    const lines = await diagnose({ database: database.ownerUrl, usualData, only: ['rights', 'connections'] });
    expect(lines).toEqual([
      expect.stringMatching('^ok rights: .* exist and have rights'),
      expect.stringMatching('^skipped rights: passwords: The passwords of the roles are not known here'),
      expect.stringMatching('^ok connections: .*want up to 22[.]'), // One user-service and one manager run.
    ]);
  });

  test('is tried with the passwords of the `npm start` that uses it', async () => {
    const usualData = await runWith(process.pid, '');
    await writeFile(join(usualData, 'secrets.json'), JSON.stringify({ ...rolePasswords, chat_user: 'another' }));
    expect(await complaints({ usualData, only: ['rights'] })).toEqual([
      expect.stringMatching('^fault rights: chat_user: PostgreSQL refuses the user or the password'),
    ]);
  });

  test('has the connections of all users in use, but not those of doctor', async () => {
    const doctor = openTestPool(database.ownerUrl, 1, 'parley doctor');
    const service = openTestPool(database.urlFor('chat_user'));
    afterEachTest.push(() => Promise.all([doctor.end(), service.end()]));
    await doctor.query('SELECT');
    const client = await service.connect();
    await client.query('BEGIN'); // Within a transaction, PostgreSQL shows the sessions of one moment.
    const { rows } = await client.query<{ all: number; doctors: number }>(`SELECT sum(numbackends)::int AS all,
      (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'parley doctor') AS doctors
      FROM pg_stat_database`);
    const [{ all, doctors }] = rows as [{ all: number; doctors: number }];
    const used = await usedConnections(client);
    client.release(true);
    expect(doctors).toBeGreaterThan(0);
    expect(used).toBe(all - doctors);
  });

  test('with too few connections for the settings is found', async () => {
    const found = await faultsOf({ env: { PARLEY_DATABASE_CONNECTIONS: '100' } });
    expect(found).toEqual([
      expect.stringMatching(/^fault connections: .*want up to \d+. Raise max_connections by \d+ .*\(100\)/),
    ]);
  });

  test('that is too old, has another encoding or is a standby is found', () => {
    const facts = {
      number: 140_010,
      version: '14.10',
      encoding: 'LATIN1',
      isStandby: true,
      isReadOnly: true,
      isOwner: true,
    };
    expect(judgeServer('db', facts).map(({ words }) => words)).toEqual([
      'PostgreSQL 14.10 is too old.',
      'The encoding of the database is LATIN1.',
      'The server is a standby, which cannot be written.',
    ]);
  });
});

/** Type of the message in which PostgreSQL sends a notification. */
const notification = 'A'.charCodeAt(0);

/** Passes whole messages of PostgreSQL on, except notifications: a pooler gives them to nobody. */
function withoutNotifications(from: Socket, to: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  from.on('data', (part: Buffer) => {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readUInt32BE(1)) {
      const end = 1 + rest.readUInt32BE(1);
      if (rest[0] !== notification) to.write(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}

test('finds a pooler that shares connections between transactions', async () => {
  const { hostname, port } = new URL(database.ownerUrl);
  const pooler = createServer((socket) => {
    const server = connect(Number(port), hostname);
    withoutNotifications(server, socket);
    socket.on('close', () => server.destroy()).pipe(server);
    server.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  });
  const url = at({ port: String(await portOf(pooler)) });
  const words = '^fault listen: .*accepts LISTEN, but no notification arrives. .*Set PARLEY_LISTEN_URL of the gateways';
  const redis = { PARLEY_REDIS_URL: 'redis://127.0.0.1:1' };
  expect(await faultsOf({ database: url, timeout: 6, env: redis, only: ['listen'] })).toEqual([]);
  const found = await faultsOf({ database: url, timeout: 6, only: ['listen'] });
  expect(found).toEqual([expect.stringMatching(words)]);
  expect(await faultsOf({ database: url, env: { PARLEY_LISTEN_URL: database.ownerUrl }, only: ['listen'] })).toEqual(
    [],
  );
});

describe('the chat servers', () => {
  const serving = (addr: string, tls = false) =>
    change(
      `INSERT INTO chat.server (instance_id, name, addr, internal_addr, tls, lease_until)
       VALUES (gen_random_uuid(), 'chat-1', '${addr}', '127.0.0.1:1', ${tls}, now() + interval '1 hour')`,
      'DELETE FROM chat.server',
    );
  const found = (given: Given = {}) => faultsOf({ only: ['chat servers'], ...given });

  test('are missed if none is serving', async () => {
    expect(await found()).toEqual([
      expect.stringMatching('^fault chat servers: .*No chat server is serving, so nobody can enter'),
    ]);
  });

  test('with an address that nobody can dial are found', async () => {
    await serving(`127.0.0.1:${await freePorts(1)}`);
    expect(await found()).toEqual([
      expect.stringMatching(
        '^fault chat servers: chat-1 .*cannot use this address. The port does not accept connections. Correct PARLEY_ADDR',
      ),
    ]);
  });

  test('with the address 0.0.0.0 are found', async () => {
    await serving('0.0.0.0:50053');
    expect(await found()).toEqual([
      expect.stringMatching('^fault chat servers: chat-1 0.0.0.0:50053: .*nobody can dial. Set PARLEY_ADDR'),
    ]);
  });

  test('with an address that does not speak TLS as they say are found', async () => {
    await serving(`127.0.0.1:${await portOf(createHttp())}`, true);
    expect(await found()).toEqual([
      expect.stringMatching(
        '^fault chat servers: .*does not speak HTTP/2 over TLS. Correct PARLEY_ADDR and PARLEY_ADDR_TLS \\(on\\)',
      ),
    ]);
  });

  test('with an address of this machine only are found, if the clients are elsewhere', async () => {
    await serving('localhost:50053');
    const gateway = 'https://chat.example.org';
    expect(await found({ gateway })).toEqual([
      expect.stringMatching('^fault chat servers: .*Clients on other machines would dial their own machine'),
    ]);
  });

  test('with an address of this machine only are no fault of clients that use IPv6 on this machine', async () => {
    await serving(`[::1]:${await freePorts(1)}`);
    const given = { gateway: 'http://[::1]:8080', userService: '[::1]:50051', manager: '[::1]:50052' };
    expect(await found(given)).toEqual([
      expect.stringMatching('^fault chat servers: .*cannot use this address. The port does not accept connections'),
    ]);
  });
});

describe('this machine', () => {
  test('allows a process too few files: found', async () => {
    const shell = new Program('bash', ['-c', 'ulimit -n 256; echo limited; exec sleep 600']);
    afterEachTest.push(() => shell.child.kill('SIGKILL'));
    await shell.says('limited');
    const data = await runWith(Number(shell.child.pid), '');
    const found = await complaints({ data, only: ['open files'] });
    expect(found).toEqual([
      expect.stringMatching('^fault open files: chat-1: The process may open 256 files.*LimitNOFILE=65536'),
    ]);
  });

  test('runs a process that is not ready: found', async () => {
    const port = await portOf(
      createHttp((_request, response) => void response.writeHead(503).end('No manager can be reached.\n')),
    );
    const data = await runWith(process.pid, `127.0.0.1:${port}`);
    const found = await complaints({ data, only: ['processes'] });
    expect(found).toEqual([
      expect.stringMatching('^fault processes: chat-1 .*not ready: No manager can be reached. Read logs/chat-1.log'),
    ]);
  });

  test('runs an `npm start` that IPv6 addresses mean', async () => {
    const usualData = await runWith(process.pid, '127.0.0.1:1', database.ownerUrl, '[::1]');
    const means = async (given: Given) => diagnose({ usualData, only: ['processes'], ...given });
    for (const given of [{ gateway: 'http://[::1]:1' }, { gateway: 'http://[::]:1' }, { manager: '[::1]:1' }])
      expect(await means(given)).toEqual([expect.stringMatching('^fault processes: chat-1 127')]);
    expect(await means({ gateway: 'http://[::1]:2' })).toEqual([expect.stringMatching('^skipped processes: ')]);
  });

  test('runs no `npm start` with that data folder: found', async () => {
    const found = await complaints({ data: folder, only: ['processes'] });
    expect(found).toEqual([expect.stringMatching('^fault processes: .*No `npm start` runs with this data folder')]);
  });

  test('has a data folder that cannot be written: found', async () => {
    const found = await complaints({ data: '/proc', only: ['disk'] });
    expect(found).toEqual([expect.stringMatching('^fault disk: /proc: ')]);
  });

  test('has a disk that is almost full: found', () => {
    const system = { bsize: 4_096, files: 1_000, ffree: 500 };
    expect(spaceFinding('d', { ...system, bavail: 1_000 })).toMatchObject({
      level: 'fault',
      words: 'The disk is almost full: only 4 MiB are free.',
    });
    expect(spaceFinding('d', { ...system, bavail: 1e8, ffree: 0 })).toMatchObject({
      level: 'fault',
      words: 'The disk has almost no inodes left.',
    });
    expect(spaceFinding('d', { ...system, bavail: 1e8 })).toMatchObject({ level: 'ok' });
  });

  test('leads other programs through a proxy: found', async () => {
    const given = { userService: 'parley.internal:1', manager: 'parley.internal:2', only: ['proxy variables'] };
    const env = { HTTP_PROXY: 'http://proxy:3128', no_proxy: 'localhost' };
    expect(await complaints({ ...given, env })).toEqual([
      expect.stringMatching('^warning proxy variables: http_proxy: .*Add parley.internal to no_proxy'),
    ]);
    expect(await complaints({ ...given, env: { ...env, no_proxy: '.internal' } })).toEqual([]);
  });
});
