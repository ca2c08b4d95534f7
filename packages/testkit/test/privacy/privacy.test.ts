import { createPool } from '@parley/database';
import { expectedOf, readTables, type Table } from './answers.js';
import { askAbout, askAll, Caller } from './caller.js';
import { channelCalls } from './calls.js';
import { bytesOf } from './raw-call.js';
import {
  type Account,
  type Kind,
  kinds,
  type Part,
  parts,
  privateWords,
  type Role,
  roles,
  World,
  wordOf,
} from './world.js';

let world: World;
const asked = new Map<Account, Caller>();

beforeAll(async () => {
  world = await World.open();
  const all = world.accounts.map(async (account) => asked.set(account, await askAll(world, account)));
  await Promise.all(all);
});

afterAll(() => world.close());

const answersOf = (role: Role, kind: Kind) => (asked.get(world.account(role, kind)) as Caller).answers;

/** Columns of the tables of channels. */
const columns: Readonly<Record<string, readonly Kind[]>> = {
  room: ['room', 'passing room'],
  public: ['public'],
  'private or group': ['private', 'group'],
  direct: ['direct'],
  'deleted or unknown': ['deleted', 'unknown'],
};

function tableOf(role: Role): Table {
  const cell = (call: string, of: readonly Kind[]) =>
    [...new Set(of.map((kind) => answersOf(role, kind).get(call)?.reason))].join(' / ');
  const row = (call: string) =>
    Object.fromEntries(Object.entries(columns).map(([column, of]) => [column, cell(call, of)]));
  return Object.fromEntries(Object.keys(channelCalls).map((call) => [call, row(call)]));
}

test.each(['stranger', 'former', 'banned', 'blocked'] as const)(
  'answers every call of a %s as the table says',
  (role) => {
    expect(tableOf(role)).toEqual(readTables().get(role));
  },
);

test('refuses with the code and the message of the reason', () => {
  const outsiders = [...asked].filter(([{ role }]) => role !== 'member');
  const odd = outsiders.flatMap(([{ role, kind }, { answers }]) =>
    [...answers].flatMap(([call, answer]) => {
      const { code, message } = expectedOf(call, answer);
      return code === answer.code && message === answer.message
        ? []
        : [[role, kind, call, answer.reason, answer.message]];
    }),
  );
  expect(odd).toEqual([]);
});

test('gives the same answers whether a channel is hidden, was deleted or never existed', () => {
  for (const role of roles)
    for (const call of Object.keys(channelCalls))
      for (const kind of kinds) {
        const answer = answersOf(role, kind).get(call);
        if (answer?.reason !== 'channel-not-found') continue;
        expect([role, kind, call, answer]).toEqual([role, kind, call, answersOf(role, 'unknown').get(call)]);
      }
});

test('a user who is blocked in a direct chat gets the same answers as one who is banned there', () => {
  expect(directOf('blocked')).toEqual(directOf('banned'));
});

/** Returns the answers about a direct chat that are refusals and say nothing else about it. */
function directOf(role: Role) {
  return [...answersOf(role, 'direct')].filter(([call, { reason }]) => call in channelCalls && reason !== 'ok');
}

/** Returns whether a person may read a part of a channel of a kind. */
function mayRead({ role, kind: own }: Account, kind: Kind, part: Part): boolean {
  const isOpen = kind === 'room' || kind === 'passing room';
  if (part === 'link' || role === 'suspended') return false;
  if (part === 'facts' && (isOpen || kind === 'public')) return true;
  if (isOpen) return !(role === 'banned' && own === kind);
  if (own !== kind || kind === 'deleted') return false;
  if (part === 'early') return role !== 'stranger' && (role !== 'blocked' || kind === 'direct');
  return role === 'member';
}

/** Returns the planted words that an account may not see. */
function secretsFrom(account: Account): string[] {
  const hidden = kinds.flatMap((kind) =>
    parts.filter((part) => !mayRead(account, kind, part)).map((part) => plantedIn(kind, part)),
  );
  const isOwn = (word: string) => account.role === 'member' && word.startsWith('members');
  return [...hidden.flat(), ...privateWords.filter((word) => !isOwn(word))];
}

function plantedIn(kind: Kind, part: Part): string[] {
  if (part !== 'link') return [wordOf(kind, part)];
  return [world.links.get(kind) ?? []].flat();
}

test('shows planted words only to people who may read them', () => {
  const leaks = [...asked].flatMap(([account, { answers }]) => {
    const secrets = secretsFrom(account);
    return [...answers].flatMap(([call, answer]) => {
      const bytes = bytesOf(answer);
      return secrets.filter((word) => bytes.includes(word)).map((word) => [account.role, account.kind, call, word]);
    });
  });
  expect(leaks).toEqual([]);
});

test('shows members what was planted', () => {
  for (const kind of ['room', 'public', 'private', 'group', 'direct'] as const) {
    const bytes = [...answersOf('member', kind).values()].map(bytesOf).join();
    const visible = parts.filter((part) => part !== 'link' && (kind !== 'direct' || part !== 'facts'));
    expect(visible.filter((part) => !bytes.includes(wordOf(kind, part)))).toEqual([]);
  }
});

test('a suspended user is logged out everywhere', () => {
  for (const kind of kinds)
    for (const answer of answersOf('suspended', kind).values()) expect(answer.reason).toBe('logged-out');
});

test('strangers never wait for a lock in a hidden channel', async () => {
  const accounts = (['private', 'group', 'direct', 'unknown'] as const).map((kind) => world.account('stranger', kind));
  const callers = accounts.map(({ person }) => new Caller(world, person.token));
  await whileLocked(
    accounts.map(({ channel }) => channel),
    () => Promise.all(accounts.map((account, at) => askAbout(world, account, callers[at] as Caller))),
  );
  for (const { answers } of callers) expect(answers).toEqual(callers.at(-1)?.answers);
});

/** Runs `work` while another transaction holds every row of these channels. */
async function whileLocked(channels: readonly number[], work: () => Promise<unknown>): Promise<void> {
  const pool = createPool({ url: world.trio.database.ownerUrl, applicationName: 'test', max: 1 });
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM chat.channel WHERE id = ANY ($1) FOR UPDATE', [channels]);
    for (const table of ['channel_head', 'member', 'invite', 'offer', 'bot'])
      await client.query(`SELECT FROM chat.${table} WHERE channel_id = ANY ($1) FOR UPDATE`, [channels]);
    await work();
  } finally {
    await client.query('ROLLBACK');
    client.release();
    await pool.end();
  }
}
