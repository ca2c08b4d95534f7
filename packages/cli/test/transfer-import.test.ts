import type { Pool } from '@parley/database';
import { limits } from '@parley/runtime';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { importLines } from '../src/transfer/import.js';
import { ImportedPeople } from '../src/transfer/imported-people.js';
import { exported, imported, numbered, placed, small } from './transfer-lines.js';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  pool = openTestPool(database.ownerUrl);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

test('an import that was interrupted goes on where it stopped, and nobody sees half a channel', async () => {
  const lines = small({ source: 'cut', entries: numbered(1_200) });
  let reads = 0;
  const none = new AbortController().signal;
  const broken = () => placed(reads++ === 0 ? lines : lines.slice(0, 900));
  await expect(importLines(pool, { open: broken, map: new Map(), isDry: false, signal: none })).rejects.toThrow(
    'Its end is missing',
  );
  const count =
    'SELECT count(*)::int AS n FROM chat.message JOIN chat.channel c ON c.id = channel_id WHERE c.name = $1';
  expect((await pool.query(`${count} AND c.deleted_at IS NULL`, ['small'])).rows).toEqual([{ n: 0 }]);
  expect((await pool.query(count, ['small'])).rows).toEqual([{ n: 500 }]);
  await imported(pool, lines);
  const { rows } = await pool.query(
    `SELECT array_agg(convert_from(data, 'UTF8') ORDER BY seq) AS texts, max(seq)::int AS last FROM chat.message
     JOIN chat.channel c ON c.id = channel_id WHERE c.name = 'small'`,
  );
  expect(rows).toEqual([{ texts: numbered(1_200).map(({ text }) => text), last: 1_200 }]);
});

const interruption = new Error('The reader was interrupted.');

/** Imports lines, and breaks off before a line of the second reading. */
function interrupted(
  lines: readonly unknown[],
  before: number,
  last: () => Promise<unknown> = () => Promise.resolve(),
) {
  let reads = 0;
  async function* broken() {
    yield* placed(lines.slice(0, before));
    await last();
    throw interruption;
  }
  const open = () => (reads++ === 0 ? placed(lines) : broken());
  return importLines(pool, { open, map: new Map(), isDry: false, signal: new AbortController().signal });
}

/** Returns the texts of a channel that everybody can see. */
async function textsOf(name: string): Promise<unknown> {
  const { rows } = await pool.query(
    `SELECT array_agg(convert_from(data, 'UTF8') ORDER BY seq) AS texts FROM chat.message
     JOIN chat.channel c ON c.id = channel_id WHERE c.name = $1 AND c.deleted_at IS NULL`,
    [name],
  );
  return rows[0]?.texts;
}

test.each([
  ['has other texts', numbered(1_200).map((one) => ({ ...one, text: `new ${one.text}` }))],
  ['is shorter', numbered(100)],
])('an interrupted import starts again if the file %s', async (why, entries) => {
  const channel = { name: `cut, ${why}` };
  const source = why.replaceAll(' ', '-');
  await expect(interrupted(small({ source, entries: numbered(1_200), channel }), 900)).rejects.toBe(interruption);
  expect(await imported(pool, small({ source, entries, channel }))).toMatchObject({ channels: 1 });
  expect(await textsOf(channel.name)).toEqual(entries.map(({ text }) => text));
});

test('an import fails if entries cannot follow those before them, and keeps its channel while it writes', async () => {
  const lines = small({ source: 'lost', entries: numbered(1_200), channel: { name: 'lost' } });
  const aged = `UPDATE chat.channel SET deleted_at = now() - interval '2 days' WHERE name = 'lost'`;
  const spoilt = `UPDATE chat.channel_head SET last_seq = last_seq + 1 WHERE channel_id = (SELECT id FROM chat.channel WHERE name = 'lost')`;
  let reads = 0;
  async function* changing() {
    const at = (from: number, to?: number) => placed(lines.slice(from, to));
    yield* at(0, 700);
    await pool.query(aged);
    yield* at(700, 1_100);
    const { rows } = await pool.query(
      `SELECT deleted_at > now() - interval '1 hour' AS is_kept FROM chat.channel WHERE name = 'lost'`,
    );
    expect(rows).toEqual([{ is_kept: true }]);
    await pool.query(spoilt);
    yield* at(1_100);
  }
  const open = () => (reads++ === 0 ? placed(lines) : changing());
  const work = { open, map: new Map(), isDry: false, signal: new AbortController().signal };
  await expect(importLines(pool, work)).rejects.toThrow('has changed while it was imported');
  expect(await textsOf('lost')).toBeNull();
  await imported(pool, lines);
  expect(await textsOf('lost')).toEqual(numbered(1_200).map(({ text }) => text));
});

test('a file that changes while it is imported can have changed something', async () => {
  const lines = small({ source: 'changing' });
  let reads = 0;
  const open = () => placed(reads++ === 0 ? lines : lines.slice(0, -1));
  const work = { open, map: new Map(), isDry: false, signal: new AbortController().signal };
  await expect(importLines(pool, work)).rejects.toThrow(
    'Its end is missing. Copy it again, or export again. Accounts and channels may have been imported. Run the same command again to go on.',
  );
});

test('a member whose accounts become one has read and received what either has', async () => {
  const people = ['c', 'd'].map((one) => ({ type: 'person', id: one, user_id: `merged-${one}`, name: one }));
  const members = [
    { type: 'member', person: 'c', read: 1, delivered: 3 },
    { type: 'member', person: 'd', read: 2, delivered: 2 },
  ];
  const lines = small({ source: 'merging', entries: numbered(4), channel: { name: 'merging' } }).slice(0, -1);
  const all = [...lines.slice(0, 3), ...people, ...lines.slice(3), ...members];
  await imported(pool, [...all, { type: 'end', lines: all.length }], { 'merged-c': 'merged', 'merged-d': 'merged' });
  const { rows } = await pool.query(
    `SELECT read_seq::int AS read, delivered_seq::int AS delivered FROM chat.member WHERE user_id = 'merged'`,
  );
  expect(rows).toEqual([{ read: 2, delivered: 3 }]);
});

/** Returns a small export with other entries. */
const withEntries = (...entries: object[]) => small({ source: 'bad', entries });
/** Returns a small export with some of its lines. */
function withLines(isKept: (line: Readonly<Record<string, unknown>>) => boolean): readonly unknown[] {
  const lines = withEntries(message)
    .slice(0, -1)
    .filter((line) => isKept({ ...line }));
  return [...lines, { type: 'end', lines: lines.length }];
}
const message = { type: 'message', n: 1, at: 1_000, from: 'a', text: 'one' };
const file = { type: 'file', id: 'f', from: 'a', name: 'f.txt', content_type: 'text/plain', size: 3 };
const bytes = { type: 'bytes', base64: 'b25l' };
const future = Date.now() + 3_600_000;

test.each<[string, readonly unknown[], string]>([
  ['no first line', small().slice(1), 'Line 1: The first line must be that of an export.'],
  [
    'an unknown version',
    [{ type: 'export', version: 2, source: 's', moment: 1 }],
    'Line 1: This version of Parley reads version 1',
  ],
  ['an unknown type', withEntries({ type: 'poll' }), 'Line 5: "type" is wrong.'],
  ['an unknown field', withEntries({ ...message, colour: 'red' }), 'Line 5: Unrecognized key: "colour".'],
  [
    'a missing author',
    withEntries({ ...message, from: 'nobody' }),
    'Line 5: There is no person "nobody" in this file.',
  ],
  [
    'too long text',
    withEntries({ ...message, text: 'x'.repeat(65_537) }),
    'Line 5: The message has 65537 bytes, but at most 65536 are allowed.',
  ],
  [
    'half a character',
    withEntries({ ...message, text: '\ud83d' }),
    'Line 5: "text" is wrong. It has half of a character',
  ],
  ['a time in the future', withEntries({ ...message, at: future }), 'Line 5: "at" is in the future.'],
  [
    'a time that goes back',
    withEntries(message, { ...message, n: 2, at: 999 }),
    'Line 6: It is earlier than the one before it.',
  ],
  ['a missing number', withEntries(message, { ...message, n: 3 }), 'Line 6: Its number is 3, but must be 2.'],
  [
    'a reply to nothing',
    withEntries({ ...message, reply_to: 1 }),
    'Line 5: It replies to 1, which is no earlier message.',
  ],
  [
    'a reaction that is no emoji',
    withEntries({ ...message, reactions: [{ emoji: 'ok', people: ['a'] }] }),
    'Line 5: "reactions.0.emoji" is wrong.',
  ],
  [
    'a deleted message with text',
    withEntries({ ...message, deleted_at: 1_000 }),
    'Line 5: A deleted message has no content.',
  ],
  [
    'half a file',
    withEntries({ ...file, size: 4 }, bytes, { ...message, files: ['f'] }),
    'Line 7: 1 bytes of the file before it are missing.',
  ],
  [
    'a file of somebody else',
    withEntries({ ...file, from: 'b' }, bytes, { ...message, files: ['f'] }),
    'Line 7: The file "f" is not of its sender.',
  ],
  ['a file without a message', withEntries(file, bytes), 'Line 7: The file before it belongs to no message.'],
  [
    'a page in place of a picture',
    withEntries({ ...file, content_type: 'text/html', width: 1 }, bytes),
    'Line 5: Only a picture has a width.',
  ],
  [
    'a width without a height',
    withEntries({ ...file, content_type: 'image/png', width: 1 }, bytes),
    'Line 5: A picture',
  ],
  ['an empty thumbnail', withEntries({ ...file, thumbnail: '' }, bytes), 'Line 5: "thumbnail" is wrong.'],
  [
    'too many bytes at once',
    withEntries({ ...file, size: 262_146 }, { ...bytes, base64: 'a'.repeat(349_528) }),
    'Line 6: "base64" is wrong. It has more than 262144 bytes.',
  ],
  [
    'a name of a direct chat',
    small({ source: 'bad', channel: { kind: 'direct', pair: ['a', 'b'] } }),
    'Line 4: A direct chat has no name.',
  ],
  [
    'somebody else as owner of a direct chat',
    small({ source: 'bad', channel: { kind: 'direct', name: '', pair: ['b', 'b'] } }),
    'Line 4: The owner of a direct chat is one of its two people.',
  ],
  [
    'somebody else in a direct chat',
    small({ source: 'bad', channel: { kind: 'direct', name: '', pair: ['a', 'a'] } }),
    'Line 7: "b" is not one of the two people of this direct chat.',
  ],
  [
    'an owner who is no member',
    withLines((line) => line.type !== 'member' || line.person !== 'a'),
    'Line 7: The owner "a" of the channel before it is not one of its members.',
  ],
  ['a NUL in the source', small({ source: 'b\0d' }), 'Line 1: "source" is wrong. It has a NUL.'],
  ['a NUL in an id', small({ source: 'bad', channel: { id: 'c\0' } }), 'Line 4: "id" is wrong. It has a NUL.'],
  ['a wrong name', small({ source: 'bad', channel: { name: 'x'.repeat(65) } }), 'Line 4: Its name is not valid'],
  ['a missing line', small().toSpliced(4, 1), 'Line 7: The export had 7 lines before its end, but here are 6.'],
  ['half a file of lines', small().slice(0, -1), 'The file: Its end is missing.'],
])('refuses %s with its line, and changes nothing', async (_what, lines, words) => {
  const before = (
    await pool.query(
      'SELECT (SELECT count(*) FROM chat.users) AS users, (SELECT count(*) FROM chat.channel) AS channels',
    )
  ).rows;
  await expect(imported(pool, lines)).rejects.toThrow(words);
  const after = (
    await pool.query(
      'SELECT (SELECT count(*) FROM chat.users) AS users, (SELECT count(*) FROM chat.channel) AS channels',
    )
  ).rows;
  expect(after).toEqual(before);
});

test('never gives the messages of a stranger to an existing account', async () => {
  await imported(pool, small({ source: 'one' }));
  const stranger = small({ source: 'two' }).map((line) =>
    'user_id' in line ? { ...line, user_id: String(line.user_id).replace('two', 'ONE') } : line,
  );
  const refused = imported(pool, stranger);
  await expect(refused).rejects.toThrow(
    '2 people cannot have their user ids here, because others have them, or because they are not valid: ONE-ann, ONE-bob.',
  );
  const map = { 'ONE-ann': 'one-ann', 'ONE-bob': 'other-bob' };
  expect(await imported(pool, stranger, map)).toMatchObject({ people: 1, existing_people: 1, channels: 1 });
  await expect(imported(pool, stranger, { 'ONE-cid': 'x' })).rejects.toThrow('The export has no person "ONE-cid".');
});

test('refuses another account for somebody who was imported before', async () => {
  await imported(pool, small({ source: 'known' }));
  const again = imported(pool, small({ source: 'known' }), { 'known-ann': 'known-anna' });
  await expect(again).rejects.toThrow(
    '--people gives "known-ann" the account known-anna, but an earlier import gave known-ann. Correct --people.',
  );
  expect(await imported(pool, small({ source: 'known' }), { 'known-ann': 'KNOWN-ann' })).toMatchObject({
    people: 0,
  });
});

test('an account that appears between the plan and its creation is that of a stranger', async () => {
  const eve = { type: 'person' as const, id: 'U1', user_id: 'eve.late', name: 'Eve' };
  const plan = await ImportedPeople.plan(pool, 'late', [eve], new Map());
  await pool.query(`INSERT INTO chat.users (id, name, password_hash) VALUES ('eve.late', 'Other', '!')`);
  await expect(plan.create(pool)).rejects.toThrow('others have them');
  const again = await ImportedPeople.plan(pool, 'late', [eve], new Map([['eve.late', 'eve.late']]));
  expect(again.idOf('U1')).toBe('eve.late');
});

test('a batch ends before it has too many mentions', async () => {
  const mentions = Array.from({ length: limits.mentions }, () => 'a');
  const entries = numbered(300).map((one) => ({ ...one, mentions }));
  const lines = small({ source: 'mentions', entries, channel: { name: 'mentions' } });
  await expect(interrupted(lines, 290)).rejects.toBe(interruption);
  const { rows } = await pool.query(
    `SELECT count(*)::int AS n FROM chat.message JOIN chat.channel c ON c.id = channel_id WHERE c.name = 'mentions'`,
  );
  expect(rows).toEqual([{ n: Math.ceil(10_000 / limits.mentions) }]);
});

test('imports what older systems have stored: a message that has lost its files, an emoji without its style, invisible characters, a time too late', async () => {
  const entries = [
    { type: 'message', n: 1, at: 1_000, from: 'a', text: '' },
    { type: 'message', n: 2, at: 1_000, from: 'a', text: 'two', reactions: [{ emoji: '\u2764', people: ['b'] }] },
  ];
  const channel = { name: 'old', description: 'o\u200bl\0d\n👩‍🚀' };
  const late = { muted_until: 9_000_000_000_000 };
  const muted = small({ source: 'old', entries, channel }).map((one) => ('person' in one ? { ...one, ...late } : one));
  await imported(pool, muted);
  const lines = await exported(pool);
  const from = lines.findIndex((line) => line.type === 'channel' && line.name === 'old');
  expect(lines.slice(from, from + 3)).toMatchObject([
    { description: 'old\n👩‍🚀' },
    { n: 1, text: '' },
    { n: 2, reactions: [{ emoji: '\u2764\ufe0f', people: ['old-bob'] }] },
  ]);
  expect(lines).toContainEqual(expect.objectContaining({ person: 'old-bob', muted_until: 'forever' }));
});
