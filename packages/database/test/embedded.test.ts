import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, copyFile, mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chooseAccount } from '../src/embedded/account.js';
import { findBinaries } from '../src/embedded/binaries.js';
import { homeOf } from '../src/embedded/home.js';
import { launch, worthAnotherTry } from '../src/embedded/launch.js';
import { commandOf, createPool, type EmbeddedServer, findEmbedded, startEmbedded } from '../src/index.js';
import { withClient } from '../src/roles.js';
import { openTempFolder } from './server.js';

const SCRIPT = `
  const { startEmbedded } = await import(process.argv[1]);
  const server = await startEmbedded({ dataDir: process.argv[2], log: () => {} });
  process.stdout.write(JSON.stringify({ url: server.url, pid: server.pid }) + '\\n');
  setInterval(() => {}, 1000);
`;

/** Finds a free port below those that the system gives to others. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function folder(mode?: number): Promise<string> {
  const made = await openTempFolder(mode);
  undo.push(() => rm(made, { recursive: true }));
  await writeFile(join(made, 'postgres.port'), String(await freePort())); // No other process takes it between two starts.
  return made;
}

async function start(dataDir: string, port?: number): Promise<EmbeddedServer & { lines: string[] }> {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const server = await startEmbedded({ dataDir, log, ...(port === undefined ? {} : { port }) });
  undo.push(() => server.stop());
  return Object.assign(server, { lines });
}

async function startInProcess(dataDir: string): Promise<{ parent: ChildProcess; url: string; pid: number }> {
  const module = new URL('../src/index.js', import.meta.url).href;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, module, dataDir], { detached: true });
  const [line] = await once(parent.stdout, 'data');
  return { parent, ...JSON.parse(String(line)) };
}

async function occupy(port: number): Promise<Server> {
  const squatter = createServer().listen(port, '127.0.0.1');
  await once(squatter, 'listening');
  undo.push(async () => squatter.close());
  return squatter;
}

const portOf = (url: string) => Number(new URL(url).port);

/**
 * Returns whether a process runs. A process that has ended may be listed for a while, without a
 * command.
 */
async function lives(pid: number): Promise<boolean> {
  return (await commandOf(pid)).length > 0;
}

async function settingsOf(url: string): Promise<unknown> {
  const show = (name: string) => `current_setting('${name}') AS ${name}`;
  const names = ['server_encoding', 'listen_addresses', 'unix_socket_directories', 'max_connections', 'timezone'];
  return withClient(url, async (client) => (await client.query(`SELECT ${names.map(show).join()}`)).rows[0]);
}

test('creates the database files, stops, and starts again at the same address', async () => {
  const dataDir = await folder();
  const server = await start(dataDir);
  expect(await settingsOf(server.url)).toEqual({
    server_encoding: 'UTF8',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
  });
  expect(await findEmbedded(dataDir)).toEqual({ url: server.url, pid: server.pid });
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
  await server.stop();
  await server.stop();
  expect(await lives(server.pid)).toBe(false);
  expect(await findEmbedded(dataDir)).toBeUndefined();
  expect((await start(dataDir)).url).toBe(server.url);
});

test('starts again if another process takes the port just before PostgreSQL does', async () => {
  const dataDir = await folder();
  const server = await start(dataDir);
  await server.stop();
  const port = portOf(server.url);
  await occupy(port);
  const [home, account] = [await homeOf(dataDir), await chooseAccount(await homeOf(dataDir))];
  const binaries = await findBinaries(account, () => {});
  const child = await launch({ binaries, home, port, account, logFile: join(dataDir, 'postgres.log') });
  let reason: string | undefined;
  for (; reason === undefined; reason = await child.ended()) await pause(50);
  expect([reason, await worthAnotherTry(reason)]).toEqual([expect.stringContaining('FATAL'), true]);
});

test('reuses the server of a killed parent, with its data', async () => {
  const dataDir = await folder();
  const { parent, url, pid } = await startInProcess(dataDir);
  await withClient(url, (client) => client.query('CREATE TABLE kept (n int)'));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  expect(await lives(pid)).toBe(true);
  const server = await start(dataDir);
  expect(server).toMatchObject({ url, pid });
  await withClient(server.url, (client) => client.query('SELECT n FROM kept'));
  await server.stop();
  await expect(withClient(url, async () => {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('PostgreSQL survives Ctrl-C in the process group', async () => {
  const dataDir = await folder();
  const { parent, url, pid } = await startInProcess(dataDir);
  process.kill(-(parent.pid ?? 0), 'SIGINT');
  await once(parent, 'exit');
  await withClient(url, (client) => client.query('SELECT 1'));
  expect((await start(dataDir)).pid).toBe(pid);
});

test('recovers after kill -9 of PostgreSQL', async () => {
  const dataDir = await folder();
  const first = await start(dataDir);
  await withClient(first.url, (client) => client.query('CREATE TABLE kept (n int)'));
  process.kill(first.pid, 'SIGKILL');
  const second = await start(dataDir);
  expect(second.pid).not.toBe(first.pid);
  await withClient(second.url, (client) => client.query('SELECT n FROM kept'));
  expect(first.lines).toContain('PostgreSQL exited (SIGKILL).');
});

test('ignores a pid file that names another program', async () => {
  const dataDir = await folder();
  const home = join(dataDir, 'postgres');
  await (await start(dataDir)).stop();
  const { uid, gid } = await stat(home);
  const stranger = spawn('sleep', ['60'], { uid, gid });
  undo.push(async () => stranger.kill());
  await writeFile(join(home, 'postmaster.pid'), `${stranger.pid}\n${home}\n1\n5432\n\n127.0.0.1\n`);
  await start(dataDir);
});

test('ignores a pid file left by a power cut: empty, truncated, with a reused pid, or full of zeros', async () => {
  const dataDir = await folder();
  const home = join(dataDir, 'postgres');
  await (await start(dataDir)).stop();
  const cut = `${process.pid}\n${home}\n`;
  for (const left of ['', cut, `${cut}1\n5432\n\n127.0.0.1\n`, '\0\0\0\0']) {
    await writeFile(join(home, 'postmaster.pid'), left);
    await (await start(dataDir)).stop();
  }
});

test('reuses the server of a killed parent by another path of the folder', async () => {
  const dataDir = await folder();
  const { parent, url, pid } = await startInProcess(dataDir);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const link = `${dataDir}-link`;
  await symlink(dataDir, link);
  undo.push(() => rm(link));
  expect(await findEmbedded(link)).toEqual({ url, pid });
  expect(await start(link)).toMatchObject({ url, pid });
  expect(await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).toMatch(`${pid}\n`);
});

test('stops a PostgreSQL without a pid file before it starts another', async () => {
  const dataDir = await folder();
  const { parent, pid } = await startInProcess(dataDir);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await rm(join(dataDir, 'postgres', 'postmaster.pid'));
  expect((await start(dataDir)).pid).not.toBe(pid);
  expect(await commandOf(pid)).toEqual([]); // It stays a zombie if no process reaps it.
});

test('refuses a second Parley on the same folder', async () => {
  const dataDir = await folder();
  const first = await start(dataDir);
  await expect(start(dataDir)).rejects.toThrow(`Another Parley runs with the data folder ${dataDir}`);
  await withClient(first.url, (client) => client.query('SELECT 1'));
});

test('replaces a port that is in use, unless the port is fixed', async () => {
  const dataDir = await folder();
  const first = await start(dataDir);
  await first.stop();
  await occupy(portOf(first.url));
  const second = await start(dataDir);
  expect(portOf(second.url)).not.toBe(portOf(first.url));
  await second.stop();
  await expect(start(dataDir, portOf(first.url))).rejects.toThrow(`Port ${portOf(first.url)} for the embedded`);
});

test('restarts a PostgreSQL of an earlier run that is not on the fixed port', async () => {
  const dataDir = await folder();
  const { parent } = await startInProcess(dataDir);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const wanted = await freePort();
  expect(portOf((await start(dataDir, wanted)).url)).toBe(wanted);
});

test('refuses an unusable data folder in one sentence', async () => {
  const file = join(await folder(), 'file');
  await writeFile(file, '');
  await expect(start(join(file, 'data'))).rejects.toThrow(/^The data folder .* cannot be written\. Choose another\.$/);
});

test('refuses to start with a damaged secrets file, and names it', async () => {
  const dataDir = await folder();
  await writeFile(join(dataDir, 'secrets.json'), '{');
  await expect(start(dataDir)).rejects.toThrow('secrets.json is damaged');
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot(
  'for root in a folder that other users cannot enter, the files are elsewhere and a link points to them',
  async () => {
    const dataDir = join(await folder(0o700), 'data');
    await mkdir(dataDir);
    const server = await start(dataDir);
    const home = await readlink(join(dataDir, 'postgres'));
    undo.unshift(() => rm(dirname(home), { recursive: true }));
    expect(server.lines.join()).toContain(home);
    await server.stop();
    expect((await start(dataDir)).url).toBe(server.url);
    expect(await readFile(join(home, 'PG_VERSION'), 'utf8')).toBe('18\n');
  },
);

/** Gives PostgreSQL a certificate that is its own authority, and returns its path. */
async function certify(dataDir: string, url: string, names: string): Promise<string> {
  const home = await homeOf(dataDir);
  const [certificate, key] = [join(home, 'server.crt'), join(home, 'server.key')];
  const what = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const subject = ['-subj', '/CN=db', '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', certificate];
  execFileSync('openssl', [...what, ...subject], { stdio: 'ignore' });
  const { uid, gid } = await stat(join(home, 'PG_VERSION'));
  for (const file of [certificate, key]) await chown(file, uid, gid);
  await withClient(url, async (client) => {
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.query('SELECT pg_reload_conf()');
  });
  return certificate;
}

test('with verify-full, connections need a certificate for the host, of an authority that may change meanwhile', async () => {
  const dataDir = await folder();
  const { url } = await start(dataDir);
  const ca = join(dataDir, 'ca.pem');
  const isSecure = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  const options = { applicationName: 'test', max: 2, connectWithinMs: 60_000 };
  const pool = createPool({ url: `${url}?sslmode=verify-full&sslrootcert=${ca}`, ...options });
  undo.push(() => pool.end());
  const outcomeNow = () =>
    pool.connect().then(
      (client) => {
        client.release(true); // The next attempt must open a connection, too.
        return 'connected';
      },
      ({ code }: { code: string }) => code,
    );
  /** Waits until PostgreSQL has read its files again. */
  const becomes = async (outcome: string) => {
    for (let last = ''; last !== outcome; last = await outcomeNow()) await pause(50);
  };

  await copyFile(await certify(dataDir, url, 'DNS:db.example.org'), ca);
  await becomes('ERR_TLS_CERT_ALTNAME_INVALID');
  await copyFile(await certify(dataDir, url, 'IP:127.0.0.1'), ca);
  await becomes('connected');
  const first = await pool.connect();
  await certify(dataDir, url, 'IP:127.0.0.1');
  await becomes('DEPTH_ZERO_SELF_SIGNED_CERT');
  await copyFile(join(await homeOf(dataDir), 'server.crt'), ca);
  await becomes('connected');
  expect((await first.query(isSecure)).rows).toEqual([{ ssl: true }]);
  first.release();
}, 120_000);
