import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { expectOneMoment, recountUnread } from './chat-facts.js';
import { Chats } from './chats.js';
import { Inbox } from './inbox-api.js';
import { type Person, Rig } from './rig.js';

/**
 * Rounds of concurrent changes of every kind. `TEST_ROUNDS=1000 npm test -- overview-races` is the
 * long form.
 */
const rounds = Number(process.env.TEST_ROUNDS ?? 10);

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let inbox: Inbox;
let owner: Person;
let people: Person[];

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
  chats = new Chats(rig);
  inbox = new Inbox(rig);
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const anyOf = <T>(items: readonly T[]) => items[Math.floor(Math.random() * items.length)] as T;

async function recount(who: Person, id: number): Promise<object> {
  return rig.one<object>(recountUnread, id, who.id);
}

async function speak(id: number): Promise<void> {
  const [who, whom] = [anyOf(people), anyOf(people)];
  const last = await chats.say(id, who, 1 + Math.floor(Math.random() * 4));
  await rig.owner.query('UPDATE chat.message SET mentions = ARRAY[$3] WHERE channel_id = $1 AND seq = $2', [
    id,
    last,
    whom.id,
  ]);
}

async function deleteSome(id: number): Promise<void> {
  const { last_seq: last } = await chats.head(id);
  await rig.owner.query(
    "UPDATE chat.message SET data = '', mentions = '{}', deleted_at = now() WHERE channel_id = $1 AND seq = $2 AND kind = 0",
    [id, 1 + Math.floor(Math.random() * last)],
  );
}

async function read(id: number, log: string): Promise<void> {
  const who = anyOf(people);
  const { last_seq: last } = await chats.head(id);
  const readSeq = 1 + Math.floor(Math.random() * (last + 10));
  await inbox.receipt(who, id, { log, readSeq }).catch(ifOutside);
}

async function look(id: number): Promise<void> {
  const { chats: seen } = await inbox.overview(anyOf(people));
  for (const chat of seen.filter(({ channel }) => channel?.id === id)) expectOneMoment(chat);
}

function ifOutside(thrown: { reason?: string }): void {
  expect(thrown.reason).toBe('channel-not-found');
}

async function comeAndGo(id: number, who: Person): Promise<void> {
  await chats.change(owner, id, who, { remove: true });
  await look(id);
  await chats.change(owner, id, who, { add: true });
}

test(`unread counts and mentions equal a recount after ${rounds} rounds of concurrent changes`, async () => {
  for (let round = 0; round < rounds; round++) {
    [owner, ...people] = (await rig.persons(5)) as [Person, ...Person[]];
    const id = await chats.make(owner, 'group', { closedHistory: round % 2 === 1 });
    await chats.add(owner, id, ...people);
    const { log_id: log } = await chats.head(id);
    const work = [
      ...Array.from({ length: 12 }, () => () => speak(id)),
      ...Array.from({ length: 6 }, () => () => deleteSome(id)),
      ...Array.from({ length: 10 }, () => () => read(id, log)),
      ...Array.from({ length: 8 }, () => () => look(id)),
      ...people.slice(0, 2).map((who) => () => comeAndGo(id, who)),
    ].toSorted(() => Math.random() - 0.5);
    await Promise.all(work.map((one) => one()));
    for (const who of people) expect(await inbox.chat(who, id)).toMatchObject(await recount(who, id));
  }
}, 3_600_000);
