import { openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { findMatchedChannels } from '../src/search/search-store.js';
import { Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  const me = await rig.person();
  // 2,000 groups with 250 messages each. All have the word `often`, one in 5,000 has `seldom`. With
  // fewer, the index is chosen anyway.
  await rig.owner.query(`
    INSERT INTO chat.channel (name, owner_id, kind, user_limit) SELECT 'c', '${me.id}', 'group', 1000 FROM generate_series(1, 2000);
    INSERT INTO chat.search (channel_id, seq, sent_ms, words)
      SELECT c.id, s, s, array_to_tsvector(ARRAY['often', 'word' || s, CASE WHEN s = 50 AND c.id % 20 = 0 THEN 'seldom' ELSE 'else' END])
      FROM chat.channel c, generate_series(1, 250) s;
  `);
  await rig.owner.query('VACUUM ANALYZE chat.search');
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

describe.each(planModes)('finds channels (%s)', (mode) => {
  function plan(query: string): Promise<string> {
    const bounds = { sinceMs: 0, beforeMs: Number.MAX_SAFE_INTEGER, most: 2_001, mostHits: 20_001 };
    const values = findMatchedChannels.valuesOf({ query, ...bounds });
    return planOf(rig.owner, { text: findMatchedChannels.text, values, mode });
  }

  test.each(['seldom', 'often & word7', 'nowhere'])('of %s by the index of words', async (query) => {
    const text = await plan(query);
    expect(text).toContain('search_words');
    expect(text).not.toContain('Seq Scan on search');
  });

  test.each(['often', 'seldom'])('of %s without reading the table channel by channel', async (query) => {
    expect(await plan(query)).not.toContain('search_pkey');
  });
});
