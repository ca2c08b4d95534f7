import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { Archive } from '../src/history/archive.js';
import { Retention } from '../src/history/retention.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;
let me: Person;
let folder: string;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 4, 'test retention');
  folder = await mkdtemp(join(tmpdir(), 'parley-archive-'));
});

beforeEach(async () => {
  me = await rig.person();
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a deleted channel', () => {
  const deleted = (id: number, interval: string) =>
    rig.owner.query('UPDATE chat.channel SET deleted_at = now() - $2::interval WHERE id = $1', [id, interval]);
  const left = (id: number) =>
    rig.one(
      `SELECT (SELECT count(*)::int FROM chat.channel WHERE id = $1) AS channel,
        (SELECT count(*)::int FROM chat.channel_head WHERE channel_id = $1) AS head,
        (SELECT count(*)::int FROM chat.member WHERE channel_id = $1) AS members`,
      id,
    );

  test('a deleted channel is purged a day later, with its own rows only', async () => {
    const [gone, fresh, living] = [
      await chats.make(me, 'group'),
      await chats.make(me, 'group'),
      await chats.make(me, 'group'),
    ];
    for (const id of [gone, fresh, living]) await chats.say(id, me, 3);
    await rig.owner.query("INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) VALUES ($1, 1, $2, 'x')", [
      gone,
      me.id,
    ]);
    for (const id of [gone, fresh, living]) await chats.age(id, 9, '2 days');
    await deleted(gone, '25 h');
    await deleted(fresh, '23 h');
    await new Retention(pool).run();
    expect(await left(gone)).toEqual({ channel: 0, head: 0, members: 0 });
    expect(await left(fresh)).toMatchObject({ channel: 1, head: 1 });
    expect(await left(living)).toMatchObject({ channel: 1, head: 1, members: 1 });
    expect([await chats.stored(gone), await chats.stored(fresh), await chats.stored(living)]).toEqual([
      [],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test('a deleted channel is archived first, and stays until that succeeds', async () => {
    const id = await chats.make(me, 'group');
    await chats.say(id, me, 2);
    await chats.age(id, 9, '2 days');
    await deleted(id, '25 h');
    const place = join(folder, 'deleted');
    const archive = await Archive.open(place);
    await rm(place, { recursive: true });
    await expect(new Retention(pool, { archive }).run()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await left(id)).toMatchObject({ channel: 1, head: 1 });
    expect(await chats.stored(id)).toEqual([1, 2]);
    await new Retention(pool, { archive: await Archive.open(place) }).run();
    expect(await left(id)).toEqual({ channel: 0, head: 0, members: 0 });
    const [file = ''] = await readdir(place);
    expect((await readFile(join(place, file), 'utf8')).trim().split('\n')).toHaveLength(2);
  });
});
