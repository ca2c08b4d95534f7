import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import fc from 'fast-check';
import { labelsOf } from '../src/search/labels.js';
import { queryOf, termsOf } from '../src/search/query.js';
import { vectorOf } from '../src/search/words.js';
import { Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const labels = labelsOf(7, 'Ann', 0);

/**
 * Returns for each query whether PostgreSQL finds it in a text; undefined for a query without
 * words.
 */
async function matches(text: string, queries: readonly string[]): Promise<(boolean | undefined)[]> {
  const terms = queries.map((query) => termsOf(query, ''));
  const asked = terms.map((one) => queryOf(one.length === 0 ? ["'#7'"] : one, [7], []));
  const { rows } = await rig.owner.query<{ found: boolean[] }>(
    'SELECT array_agg($1::tsvector @@ q::tsquery ORDER BY n) AS found FROM unnest($2::text[]) WITH ORDINALITY AS t (q, n)',
    [vectorOf(text, labels), asked],
  );
  return terms.map((one, at) => (one.length === 0 ? undefined : rows[0]?.found[at]));
}

/** Letters, marks and signs of many scripts, and anything else. */
const character = fc.oneof(
  fc.constantFrom(
    ...'abcxyz äöüßÄÖÜẞéñøœı ёйїЁ上海京都東ーカタかナ゛학교에서ไปรงเีนุ่كتابلىةأ\u064b\u0640 \u200d\u00ad🎉👍🏽.-\'"\\:*&|!()<>@#3½ﾃﾞＡ',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const text = fc.array(character, { maxLength: 60 }).map((parts) => parts.join(''));

test('every text is found by itself, as words and as a phrase', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (said) => {
      const unquoted = said.replaceAll(/["\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02]/gu, ' ');
      expect(await matches(unquoted, [unquoted, `"${unquoted}"`])).not.toContain(false);
    }),
    { numRuns: 400 },
  );
});

test('a part of a text without spaces is found, however it is cut', async () => {
  const run = fc.string({
    unit: fc.constantFrom(...'上海东边的天气我家北京大学東京タワーに行きました학교에서공부ไปโรงเรียน'),
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(run, fc.nat(19), fc.integer({ min: 1, max: 8 }), async (said, from, length) => {
      const part = [...said].slice(from, from + length).join('') || said;
      expect(await matches(said, [part, `"${part}"`])).toEqual([true, true]);
    }),
    { numRuns: 400 },
  );
});

test('long and repetitive texts fit into a tsvector', async () => {
  const long = [
    'x'.repeat(65_536),
    'ä '.repeat(20_000),
    '上'.repeat(21_845),
    '\ufdfa'.repeat(21_845),
    'ab😀上'.repeat(6_000),
  ];
  const random = Array.from({ length: 12_000 }, () => Math.random().toString(36).slice(2, 6)).join('ü ');
  for (const said of [...long, random]) await matches(said, ['x']);
  expect(await matches(`${'filler '.repeat(200)}end`, ['end', 'filler', '"filler end"'])).toEqual([true, true, true]);
});
