import { createHash, randomUUID } from 'node:crypto';
import { createPool, type Pool, type SqlFields, type Statement } from '@parley/database';
import { openTestDatabase } from '@parley/testkit';
import { cpuSeconds } from './figures.js';
import { type BenchRound, formatRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

const channelCount = 25;
const batchRows = 100;
const perChannel = batchRows / channelCount;
const messageBytes = 64;
const instanceId = randomUUID();

/**
 * Compiled module of the chat server with its append statement. It is loaded by path, because a
 * package must not import a service.
 */
const store = new URL('../../../../services/chat-service/dist/src/store/messages.js', import.meta.url).href;

const makeChannels = `INSERT INTO chat.channel (name, owner_id)
  SELECT 'bench', 'b-1' FROM generate_series(1, ${channelCount}) RETURNING id`;
const makeUsers = `INSERT INTO chat.users (id, name, password_hash)
  SELECT 'b-' || n, 'bench', '!' FROM generate_series(1, ${channelCount}) n`;
const makeBare = `CREATE TABLE chat.bench_bare (LIKE chat.message INCLUDING DEFAULTS, PRIMARY KEY (channel_id, seq),
  UNIQUE (channel_id, sender_id, client_id), FOREIGN KEY (channel_id) REFERENCES chat.channel (id),
  FOREIGN KEY (sender_id) REFERENCES chat.users (id), FOREIGN KEY (pinned_by) REFERENCES chat.users (id))`;
const insertBare = `INSERT INTO chat.bench_bare (channel_id, seq, sender_id, client_id, sent_at, data, digest)
  SELECT channel_id, seq, sender_id, client_id, now(), data, digest
  FROM unnest($1::int[], $2::bigint[], $3::varchar[], $4::uuid[], $5::bytea[], $6::bytea[])
    AS i (channel_id, seq, sender_id, client_id, data, digest)`;

interface Writer {
  readonly pool: Pool;
  /** Process id of the database backend of this connection. */
  readonly pid: number;
  /** Stores the next batch. */
  write(): Promise<unknown>;
}

/** Returns the rows of a batch as arrays, one for each column. */
function rowsOf(channels: readonly number[]) {
  const rows = Array.from({ length: batchRows }, (_, n) => ({
    at: n % channelCount,
    k: Math.floor(n / channelCount) + 1,
  }));
  const data = rows.map(() => Buffer.alloc(messageBytes, randomUUID()));
  return {
    channel: rows.map(({ at }) => channels[at]),
    k: rows.map(({ k }) => k),
    sender: rows.map(({ at }) => `b-${at + 1}`),
    clientId: rows.map(() => randomUUID()),
    data,
    digest: data.map((bytes) => createHash('sha256').update(bytes).digest()),
    all: <T>(value: T) => rows.map(() => value),
  };
}

/** Opens a connection with the session settings of the append queue. */
async function openWriter(url: string, write: (pool: Pool, batch: number) => Promise<unknown>): Promise<Writer> {
  const session = { lock_timeout: '2s', jit: 'off', plan_cache_mode: 'force_generic_plan' };
  const pool = createPool({ url, applicationName: 'bench append', max: 1, session });
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let batch = 0;
  return { pool, pid: rows[0]?.pid ?? 0, write: () => write(pool, batch++) };
}

async function openOurs(url: string, channels: readonly number[]): Promise<Writer> {
  const { appendEntries }: { appendEntries: Statement<SqlFields, SqlFields> } = await import(store);
  const heads = {
    instanceId,
    channelIds: channels,
    epochs: channels.map(() => 1),
    counts: channels.map(() => perChannel),
    revisions: channels.map(() => 0),
    bytes: channels.map(() => perChannel * messageBytes),
  };
  return openWriter(url, (pool) => {
    const { channel, k, sender, clientId, data, digest, all } = rowsOf(channels);
    return appendEntries.run(pool, {
      ...heads,
      entryChannelIds: channel,
      offsets: k,
      senderIds: sender,
      clientIds: clientId,
      kinds: all(0),
      targetSeqs: all(0),
      contentTypes: all(''),
      data,
      digests: digest,
      mentions: all(''),
    });
  });
}

function openBare(url: string, channels: readonly number[]): Promise<Writer> {
  return openWriter(url, (pool, batch) => {
    const { channel, k, sender, clientId, data, digest } = rowsOf(channels);
    const values = [channel, k.map((place) => batch * perChannel + place), sender, clientId, data, digest];
    return pool.query({ name: 'bare', text: insertBare, values });
  });
}

async function prepare(url: string): Promise<number[]> {
  const owner = createPool({ url, applicationName: 'bench', max: 1 });
  await owner.query(makeUsers);
  const { rows } = await owner.query<{ id: number }>(makeChannels);
  await owner.query('UPDATE chat.channel_head SET instance_id = $1, epoch = 1', [instanceId]);
  await owner.query(makeBare);
  await owner.end();
  return rows.map(({ id }) => id);
}

/**
 * Writes batches for a number of seconds. The value of the returned round is the number of rows per
 * CPU second of the backend.
 */
async function fill(writer: Writer, seconds: number): Promise<BenchRound> {
  const before = cpuSeconds(writer.pid);
  const until = performance.now() + seconds * 1_000;
  let batches = 0;
  for (; performance.now() < until; batches++) await writer.write();
  return roundOf((batches * batchRows) / (cpuSeconds(writer.pid) - before));
}

/**
 * Compares the chat server's append with a bare insert of the same rows, in turn, each into its own
 * table.
 */
export async function benchAppend(plan: SuitePlan): Promise<SuiteResult> {
  const database = await openTestDatabase();
  const channels = await prepare(database.ownerUrl);
  const writers = new Map([
    ['bare', await openBare(database.ownerUrl, channels)],
    ['ours', await openOurs(database.ownerUrl, channels)],
  ]);
  const figure = 'rows per backend CPU-second';
  const players = new Map([...writers].map(([name, writer]) => [name, () => fill(writer, plan.seconds)]));
  try {
    const rounds = await playInTurn(players, { name: 'append', ...plan, describe: formatRound(figure, 0) });
    const description = `batches of ${batchRows} over ${channelCount} channels`;
    return { shape: 'append', description, figure, lowerIsBetter: false, rounds };
  } finally {
    await Promise.all([...writers.values()].map(({ pool }) => pool.end()));
    await database.close();
  }
}
