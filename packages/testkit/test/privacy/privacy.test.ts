import { isDeepStrictEqual } from 'node:util';
import { Ack, AddMembersResponse } from '@parley/contract';
import { createPool } from '@parley/database';
import { nameOf, type Pair, Ratios, WatchedServices } from './alike.js';
import { expectedOf, readTables, type Table } from './answers.js';
import { askAbout, askAll, Caller, pairsOfChannels, wantedIn } from './caller.js';
import {
  channelCalls,
  everyMethod,
  hasField,
  linkCalls,
  methodIn,
  otherCalls,
  readingCalls,
  seatCalls,
  userCalls,
} from './calls.js';
import { type Answer, bytesOf } from './raw-call.js';
import { askAboutUsers, makeLinks, makeTargets, makeTokens, type People, pairsOfUsers } from './targets.js';
import { type Account, type Kind, kinds, type Part, parts, privateWords, type Role, World, wordOf } from './world.js';

let world: World;
let people: People;
const asked = new Map<Account, Caller>();

beforeAll(async () => {
  world = await World.open();
  people = await makeTargets(world);
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

/** Returns the reason of an answer, or of the refusal in an ack. */
function reasonIn(call: string, answer: Answer | undefined): string | undefined {
  if (answer?.reason !== 'ok' || call !== 'InboxService/Post') return answer?.reason;
  return Ack.decode(Buffer.concat(answer.bodies)).refusal?.reason ?? 'ok';
}

function tableOf(role: Role): Table {
  const cell = (call: string, of: readonly Kind[]) =>
    [...new Set(of.map((kind) => reasonIn(call, answersOf(role, kind).get(call))))].join(' / ');
  const row = (call: string) =>
    Object.fromEntries(Object.entries(columns).map(([column, of]) => [column, cell(call, of)]));
  return Object.fromEntries(Object.keys(channelCalls).map((call) => [call, row(call)]));
}

test.each(['stranger', 'former', 'banned', 'blocked'] as const)(
  'every call of a user whose role in the channel is "%s" gets the answer in answers.md',
  (role) => {
    expect(tableOf(role)).toEqual(readTables().get(role));
  },
);

test('every refusal has the code and the message of its reason', () => {
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
  const outsiders = world.accounts.filter(({ role }) => role !== 'member');
  const different = outsiders.flatMap(({ role, kind }) =>
    Object.keys(channelCalls)
      .filter((call) => {
        const answer = answersOf(role, kind).get(call);
        const isHidden = reasonIn(call, answer) === 'channel-not-found';
        return isHidden && !isDeepStrictEqual(answer, answersOf(role, 'unknown').get(call));
      })
      .map((call) => [role, kind, call]),
  );
  expect(different).toEqual([]);
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

test('shows members the planted words', () => {
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
    for (const table of ['channel_head', 'member', 'invite', 'offer', 'bot', 'outgoing_webhook'])
      await client.query(`SELECT FROM chat.${table} WHERE channel_id = ANY ($1) FOR UPDATE`, [channels]);
    await work();
  } finally {
    await client.query('ROLLBACK');
    client.release();
    await pool.end();
  }
}

/** Returns the reason of an answer, of its only result, or for a list without entries `none`. */
function cellOf(call: string, { reason, bodies }: Answer): string {
  if (reason === 'ok' && call.includes('AddMembers')) {
    const { additions } = AddMembersResponse.decode(Buffer.concat(bodies));
    return additions[0]?.refusal?.reason ?? 'ok';
  }
  return reason === 'ok' && /Search/.test(call) && Buffer.concat(bodies).length === 0 ? 'none' : reason;
}

test('every call about a user gets the response in answers.md, and shows no hidden profile', async () => {
  const answers = await askAboutUsers(world, people);
  const row = (call: string, found: ReadonlyMap<string, Answer>) =>
    Object.fromEntries([...found].map(([target, answer]) => [target, cellOf(call, answer)]));
  expect(Object.fromEntries([...answers].map(([call, found]) => [call, row(call, found)]))).toEqual(
    readTables().get('users'),
  );
  for (const [call, found] of answers)
    for (const [target, answer] of found) {
      expect([target, call, bytesOf(answer).includes('hiddenaboutw')]).toEqual([target, call, false]);
      if (cellOf(call, answer) === 'user-not-found')
        expect([target, call, answer]).toEqual([target, call, found.get('unknown')]);
    }
});

test('gives the same answer for invite links that expired and those that never existed', async () => {
  const links = await makeLinks(world);
  const table: Record<string, Record<string, string>> = {};
  const alike = new Set<string>();
  for (const [column, link] of Object.entries(links)) {
    const guest = await world.trio.people.make(`guest-${column.replace(/\W+/g, '-')}`);
    const { token } = column.endsWith('for a banned user') ? world.account('banned', 'private').person : guest;
    const caller = new Caller(world, token);
    for (const [call, request] of Object.entries(linkCalls)) {
      const answer = await caller.call(call, request(link));
      table[call] = { ...table[call], [column]: answer.reason };
      if (answer.reason === 'invite-not-found') alike.add(bytesOf(answer));
    }
  }
  expect(table).toEqual(readTables().get('links'));
  expect(alike.size).toBe(1);
});

test('refuses join tokens that are invalid, used, or without a seat', async () => {
  const tokens = await makeTokens(world);
  const caller = new Caller(world, undefined);
  const row = async (call: string) => {
    const cells: Record<string, string> = {};
    for (const [column, token] of Object.entries(tokens)) cells[column] = (await caller.call(call, {}, token)).reason;
    return [call, cells] as const;
  };
  const rows = await Promise.all(seatCalls.map(row));
  expect(Object.fromEntries(rows)).toEqual(readTables().get('join tokens'));
});

test('answers.md has a row for every call of the contract, and the services answer accordingly', async () => {
  const calls = {
    ...Object.fromEntries(everyMethod.map((method) => [method, () => ({})])),
    ...readingCalls,
    ...otherCalls,
  };
  const [anyone, leaver] = await world.trio.people.makeMany('anyone', 2);
  const suspended = world.account('suspended', 'private').person;
  const tokens = { 'no token': undefined, suspended: suspended.token, anyone: anyone?.token };
  const columns = Object.entries(tokens).map(([column, token]) => ({ column, caller: new Caller(world, token) }));
  const row = async (call: string, request: object) => {
    const cells: Record<string, string> = {};
    for (const { column, caller } of columns) {
      const isLast = call === 'UserService/Logout' && column === 'anyone';
      cells[column] = (await caller.call(call, request, isLast ? leaver?.token : undefined)).reason;
    }
    return cells;
  };
  const table: Record<string, Record<string, string>> = {};
  const wanted = wantedIn(world, 'private');
  for (const [call, request] of Object.entries(calls)) table[call] = await row(call, request(wanted));
  expect(table).toEqual(readTables().get('everybody'));
});

test('reflection lists services and nothing that is stored', async () => {
  const listServices = Buffer.from([0x3a, 0]);
  const secrets = kinds.flatMap((kind) => parts.flatMap((part) => plantedIn(kind, part)));
  for (const service of ['UserService', 'ChannelService', 'ChatService'] as const) {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const bytes = bytesOf(await world.connect(service).call(path, listServices));
    expect(bytes).toContain(`chat.v1.${service}`);
    expect(secrets.filter((word) => bytes.includes(word))).toEqual([]);
  }
});

test('these tests make every call that names a channel or a user', () => {
  const offered = everyMethod.filter((method) => {
    const answer = readTables().get('everybody')?.[method]?.anyone ?? '';
    return !['not-operator', 'not-a-service', 'not-implemented'].includes(answer);
  });
  const without = (field: string, ...calls: readonly object[]) => {
    const asks = new Set(calls.flatMap((one) => Object.keys(one)).map(methodIn));
    return offered.filter((method) => hasField(method, field) && !asks.has(method));
  };
  const asSender = ['ChatService/Connect', 'ChatService/Send'];
  expect(without('channelId', channelCalls, linkCalls)).toEqual(asSender);
  expect(without('sender', channelCalls, userCalls)).toEqual(asSender);
  expect(without('userIds', userCalls)).toEqual([]);
  expect(without('userId', channelCalls, userCalls).filter((method) => !asSender.includes(method))).toEqual([]);
});

/** Rounds of the comparison of times. 0 skips it. */
const rounds = Number(process.env.TEST_ROUNDS ?? 0);
const roundsOfOneCaller = 20;
/**
 * Number of passes. Pairs that seem to differ are measured again: more rounds remove noise, but not
 * a real difference.
 */
const passes = 8;

describe('treats hidden things like things that never existed', () => {
  let services: WatchedServices;

  beforeAll(async () => {
    services = await WatchedServices.open(world);
  });

  afterAll(() => services.close());

  const forget = () => world.sql('DELETE FROM chat.rate');

  async function pairsOf(id: string): Promise<Pair[]> {
    const stranger = await world.trio.people.make(id);
    return [...pairsOfChannels(world, stranger), ...(await pairsOfUsers(world, people, `${id}-asker`))];
  }

  test('a call about a hidden thing runs the same statements as a call about a thing that never existed', async () => {
    const differences = [];
    for (const pair of await pairsOf('counter')) {
      await forget();
      differences.push(...(await services.differences(pair)));
    }
    expect(differences).toEqual([]);
  });

  if (rounds === 0) return;

  /** Measures these pairs, each block of rounds by another caller. */
  async function measure(ratios: Ratios, pass: number, isWanted: (pair: Pair) => boolean): Promise<void> {
    for (let round = 0; round < rounds; round += roundsOfOneCaller)
      for (const pair of (await pairsOf(`timer-${pass}-${round}`)).filter(isWanted))
        for (let n = 0; n < roundsOfOneCaller; n++) {
          await forget();
          ratios.add(pair, await services.times(pair, n % 2 === 0));
        }
  }

  test(
    'a call about a hidden thing takes the same time as a call about a thing that never existed',
    async () => {
      const ratios = new Ratios();
      await measure(ratios, 0, () => true);
      for (let pass = 1; pass < passes && ratios.far.length > 0; pass++) {
        const names = new Set(ratios.far.map(([name]) => name));
        await measure(ratios, pass, (pair) => names.has(nameOf(pair)));
      }
      process.stdout.write(ratios.all.map(([name, ratio]) => `${ratio.toFixed(3)}  ${name}\n`).join(''));
      expect(ratios.far).toEqual([]);
    },
    passes * rounds * 10_000,
  );
});
