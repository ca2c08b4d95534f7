import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type ParleyClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { FaultProxy, freePorts, Program, type ServiceProcess, selfSigned, Trio, until } from '@parley/testkit';
import { parse, stringify } from 'yaml';
import { projectFolder } from '../src/launcher/options.js';

const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;
const run = hasPrometheus ? test : test.skip;

/** Settings of an S3 that does not respond. */
const s3Away = {
  PARLEY_S3_ENDPOINT: 'http://127.0.0.1:1',
  PARLEY_S3_BUCKET: 'files',
  PARLEY_S3_KEY_ID: 'key',
  PARLEY_S3_SECRET: 'secret',
};

const shipped = join(projectFolder, 'deploy', 'prometheus');

let folder: string;
let trio: Trio;
let toDatabase: FaultProxy;
let client: ParleyClient;
let prometheus: Program;
let url: string;

/** Returns the shipped alert rules, with shorter times for the test. */
async function hastyRules(): Promise<string> {
  const text = await readFile(join(shipped, 'alerts.yml'), 'utf8');
  return text.replaceAll(/\[\d+[sm]\]/g, '[15s]').replaceAll(/for: \d+[sm]/g, 'for: 2s');
}

/** Starts Prometheus with the shipped configuration, for other processes and with shorter times. */
async function startPrometheus(ports: readonly number[], listen: number): Promise<Program> {
  await writeFile(join(folder, 'alerts.yml'), await hastyRules());
  const config = parse(await readFile(join(shipped, 'prometheus.yml'), 'utf8'));
  config.global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  config.scrape_configs[0].static_configs[0].targets = ports.map((port) => `127.0.0.1:${port}`);
  await writeFile(join(folder, 'prometheus.yml'), stringify(config));
  const own = [`--web.listen-address=127.0.0.1:${listen}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  return new Program('prometheus', [`--config.file=${join(folder, 'prometheus.yml')}`, ...own]);
}

interface Alert {
  readonly labels: { readonly alertname: string };
  readonly state: string;
}

async function firing(): Promise<string[]> {
  const answer = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: Alert[] } };
  return answer.data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
}

async function fires(name: string): Promise<void> {
  for (const end = Date.now() + 90_000; !(await firing()).includes(name); await pause(250)) {
    if (Date.now() > end) throw new Error(`${name} never fired; ${await firing()} did`);
  }
}

/** Waits until an alert does not fire: a pause of the machine may have set it off. */
function isQuiet(name: string): Promise<void> {
  return until(async () => !(await firing()).includes(name), 90_000);
}

/**
 * Returns the number of processes in the last scrape. A counter must be scraped once before its
 * increase can be seen.
 */
async function scrapedCount(): Promise<number> {
  const answer = await (await fetch(`${url}/api/v1/query?query=sum(up)`)).json();
  const { data } = answer as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}

beforeAll(async () => {
  if (!hasPrometheus) return;
  folder = await mkdtemp(join(tmpdir(), 'parley-prometheus-'));
  const first = await freePorts(6);
  const admin = (n: number) => ({ PARLEY_ADMIN_PORT: String(first + n) });
  trio = await Trio.start({ chatServers: 0, env: { ...admin(0), PARLEY_SLOW_STATEMENT_MS: '100' } });
  const { certificate, key } = selfSigned(folder); // It expires within a day.
  await trio.startUserService({ ...admin(1), PARLEY_TLS_CERT: certificate, PARLEY_TLS_KEY: key });
  await trio.startGateway({ ...admin(5), ...s3Away, PARLEY_REDIS_URL: 'redis://127.0.0.1:1' });
  const behind = new URL(trio.database.urlFor('chat_server'));
  const { host } = behind;
  toDatabase = await FaultProxy.open(() => host);
  behind.host = toDatabase.address;
  await trio.addChatServer({ ...admin(2), PARLEY_DATABASE_URL: behind.href });
  prometheus = await startPrometheus([first, first + 1, first + 2, first + 3, first + 5], first + 4);
  url = `http://127.0.0.1:${first + 4}`;
  for (const end = Date.now() + 60_000; ; await pause(200)) {
    const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (ready?.ok) break;
    if (Date.now() > end) throw new Error(prometheus.said);
  }
  await trio.addChatServer(admin(3));
  for (const end = Date.now() + 90_000; (await scrapedCount()) < 5; await pause(200)) {
    if (Date.now() > end) throw new Error(`only ${await scrapedCount()} processes are scraped`);
  }
  const { token } = await trio.people.make('ann');
  const channelService = trio.managers[0]?.grpc ?? '';
  client = createClient({ transport: grpcTransport({ userService: '127.0.0.1:1', channelService }), token });
});

afterAll(async () => {
  if (!hasPrometheus) return;
  await client.close();
  prometheus.child.kill('SIGTERM');
  await prometheus.exited;
  trio.managers[0]?.kill('SIGCONT');
  await toDatabase.close();
  await trio.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Creates a channel that stores everything, on this chat server. */
async function channelAt(server: number): Promise<number> {
  const { id } = await client.create({ name: 'room', limit: 5, retention: { everything: true } });
  await trio.place(id, trio.chatServers[server] as ServiceProcess);
  return id;
}

/** Holds a lock of a table while `during` runs. */
async function locking(table: string, during: () => Promise<void>): Promise<void> {
  const locked = trio.people.sql(`BEGIN; LOCK TABLE ${table}; SELECT pg_sleep(300)`).catch(() => {});
  const lockHeld = `SELECT FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'
    AND relation = '${table}'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await until(async () => (await trio.people.sql(lockHeld)).length > 0);
  await during();
  await trio.people.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'BEGIN; LOCK%'",
  );
  await locked;
}

run(
  'alerts fire for an unexpected error, and for messages that wait for a lock',
  async () => {
    const conversation = await client.listen(await channelAt(1));
    await conversation.send('hello');
    await trio.people.sql('ALTER TABLE chat.listing RENAME TO away');
    const refused = () =>
      client.channels().then(
        () => '',
        ({ reason }: { reason: string }) => reason,
      );
    await until(async () => (await refused()) === 'internal');
    await fires('ParleyDefect');
    await trio.people.sql('ALTER TABLE chat.away RENAME TO listing');

    await isQuiet('ParleyAppendQueueStuck');
    let sent: ReturnType<typeof conversation.send> | undefined;
    await locking('chat.message', async () => {
      sent = conversation.send('into the lock');
      await fires('ParleyAppendQueueStuck');
    });
    expect((await sent)?.seq).toBe(2);
    await conversation.leave();
  },
  300_000,
);

run(
  'an alert fires for statements that wait for locks',
  async () => {
    let isFiring = false;
    const provoke = async () => {
      while (!isFiring) {
        // Short locks: inboxes of tests in other databases wait for transactions in this one.
        const locked = trio.people.sql('BEGIN; LOCK TABLE chat.channel; SELECT pg_sleep(0.5); COMMIT');
        await Promise.all([locked, ...Array.from({ length: 5 }, () => client.channels())]);
      }
    };
    const provoked = provoke();
    await fires('ParleyStatementsSlow').finally(() => {
      isFiring = true;
    });
    await provoked;
  },
  300_000,
);

run(
  'alerts fire for a gateway without S3 and Redis, for a certificate that expires, and for a gateway whose inboxes cannot read changes',
  async () => {
    for (const name of ['ParleyS3Away', 'ParleyRedisAway', 'ParleyCertificateExpires']) await fires(name);
    await isQuiet('ParleyInboxesLate');
    await locking('chat.event', () => fires('ParleyInboxesLate'));
    await isQuiet('ParleyInboxesLate');
  },
  300_000,
);

run(
  'alerts fire for a database that does not respond, and for a manager that hangs',
  async () => {
    await isQuiet('ParleyDatabaseAway');
    trio.managers[0]?.kill('SIGSTOP');
    toDatabase.set({ hole: true });
    for (const name of ['ParleyDatabaseAway', 'ParleyLeaseLapsed', 'ParleyProcessDown']) await fires(name);
    toDatabase.heal();
    trio.managers[0]?.kill('SIGCONT');
  },
  300_000,
);

/** Listens again and again until the alert fires. */
async function firesWhileAsking(channelId: number, name: string): Promise<void> {
  for (const end = Date.now() + 90_000; !(await firing()).includes(name); await pause(500)) {
    if (Date.now() > end) throw new Error(`${name} never fired; ${await firing()} did`);
    const ended = AbortSignal.timeout(1_000);
    await client.listen(channelId, { signal: ended }).then(
      (one) => one.leave(),
      () => {},
    );
  }
}

run(
  'alerts fire for a killed chat server, and when no chat server is left',
  async () => {
    const id = await channelAt(1);
    const [first, second] = trio.chatServers;
    second?.kill('SIGKILL');
    await firesWhileAsking(id, 'ParleyOwnerGone');
    first?.kill('SIGKILL');
    await firesWhileAsking(id, 'ParleyNoChatServer');
  },
  300_000,
);
