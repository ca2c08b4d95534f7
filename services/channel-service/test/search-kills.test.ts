import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, ServiceProcess, type TestDatabase } from '@parley/testkit';
import { notifyOfMessages } from '../src/inbox/message-notices.js';
import { Indexer } from '../src/search/indexer.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';
import { amend, indexed, isIndexed, rebuilt } from './search-index.js';

/**
 * Number of manager processes to kill. `TEST_KILLS=50 npm test -- search-kills` is the long form.
 */
const kills = Number(process.env.TEST_KILLS ?? 1);
/** Number of indexer connections that the test breaks, each at a random moment. */
const aborts = 15 * kills;
const channelCount = 6;
const messagesEach = 600;

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let ids: number[];

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  owner = await rig.person();
  ids = await Promise.all(Array.from({ length: channelCount }, () => chats.make(owner, 'group')));
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const any = (count: number) => Math.floor(Math.random() * count);
const anyChannel = () => ids[any(ids.length)] ?? 0;
const sentence = () => Array.from({ length: 8 }, () => `word${any(5_000)}`).join(' ');

async function anyMessage(channelId: number): Promise<number | undefined> {
  const { rows } = await rig.owner.query<{ seq: number }>(
    `SELECT m.seq FROM chat.message m JOIN chat.channel_head h USING (channel_id)
     WHERE channel_id = $1 AND kind = 0 AND deleted_at IS NULL AND m.seq >= h.first_seq ORDER BY random() LIMIT 1`,
    [channelId],
  );
  return rows[0]?.seq;
}

const raiseFirstSeq = 'UPDATE chat.channel_head SET first_seq = least(first_seq + 20, last_seq) WHERE channel_id = $1';

/** Changes something that the index has to follow. */
async function change(): Promise<void> {
  const id = anyChannel();
  const what = any(20);
  const seq = await anyMessage(id);
  if (what === 0) await rig.owner.query(raiseFirstSeq, [id]);
  else if (what < 6 && seq !== undefined) await amend.edit(rig, id, seq, sentence());
  else if (what < 10 && seq !== undefined) await amend.remove(rig, id, seq);
  else await chats.tell(id, owner, ...Array.from({ length: 30 }, sentence));
}

async function newLog(): Promise<void> {
  const id = anyChannel();
  await chats.update(owner, id, { retention: { nothing: true } });
  await chats.update(owner, id, { retention: { everything: true } });
}

/** Keeps changing things until `work` is done. */
async function during(work: () => Promise<void>): Promise<void> {
  let isDone = false;
  const finished = work().finally(() => {
    isDone = true;
  });
  while (!isDone) await change();
  await finished;
}

const startManager = () =>
  ServiceProcess.start('channel-service', { PARLEY_DATABASE_URL: database.urlFor('chat_manager') });

async function killManager(): Promise<void> {
  const manager = await startManager();
  await pause(any(1_500));
  manager.kill('SIGKILL');
  await manager.exited;
}

/** Ends one connection of a running indexer in the middle of its work. */
async function abort(pool: Pool): Promise<void> {
  await rig.owner.query("UPDATE chat.upkeep_turn SET taken_at = '-infinity'");
  const run = new Indexer(pool, notifyOfMessages).run().catch((error: unknown) => error);
  await pause(any(60));
  await rig.owner.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test indexer' AND datname = current_database()",
  );
  await run;
}

async function fill(): Promise<void> {
  for (const id of ids)
    for (let n = 0; n < messagesEach; n += 200) await chats.tell(id, owner, ...Array.from({ length: 200 }, sentence));
}

test(`the index equals a rebuilt one after ${aborts} broken connections and ${kills} killed managers`, async () => {
  const pool = openTestPool(database.urlFor('chat_manager'), 4, 'test indexer');
  await fill();
  await during(async () => {
    for (let n = 0; n < aborts; n++) await abort(pool);
  });
  for (let n = 0; n < kills; n++) {
    await newLog();
    await during(killManager);
  }
  const last = await startManager();
  while (!(await isIndexed(rig))) await pause(100);
  await last.stop();
  const followed = await indexed(rig);
  expect(followed.length).toBeGreaterThan(messagesEach);
  expect(followed).toEqual(await rebuilt(rig, pool));
  await pool.end();
}, 600_000);
