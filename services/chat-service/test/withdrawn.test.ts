import { randomUUID } from 'node:crypto';
import { Kind, type Message, Resume } from '@parley/contract';
import { type Chatter, type TestPerson, Trio, utf8 } from '@parley/testkit';

let trio: Trio;
let alice: TestPerson;
let bob: TestPerson;
let tests = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  [alice, bob] = [await trio.people.make(`alice-${tests}`), await trio.people.make(`bob-${tests}`)];
});

/** Creates a room with unlimited retention. */
async function keptRoom(): Promise<number> {
  const { id } = await trio.create(alice, `kept ${tests}`);
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  return id;
}

function join(person: TestPerson, id: number, resume?: string): Promise<Chatter> {
  return trio.join(person, id, resume === undefined ? {} : { resume });
}

async function say(stream: Chatter, text: string, fields: Partial<Message> = {}): Promise<number> {
  const clientId = fields.clientId ?? randomUUID();
  stream.send(text, { ...fields, clientId });
  const { ack } = await stream.find((message) => message.ack?.clientId === clientId);
  if (ack === undefined || ack.seq === 0) throw new Error(`not said: ${JSON.stringify(ack)}`);
  return ack.seq;
}

function welcomeOf(stream: Chatter) {
  return stream.messages.find(({ welcome }) => welcome !== undefined)?.welcome;
}

/** Returns the entries that a new user sees after resuming from the beginning. */
async function fromTheBeginning(id: number, log: string, upTo: number): Promise<Message[]> {
  const stranger = await join(bob, id, `${log}:0`);
  expect(welcomeOf(stranger)?.resume).toBe(Resume.WHOLE);
  await stranger.find(({ seq }) => seq === upTo);
  await stranger.leave();
  return stranger.messages.filter(({ seq }) => seq > 0);
}

const shown = ({ seq, kind, data, deleted }: Message) => ({ seq, kind, text: utf8(data), deleted });
const nextOwner = 'UPDATE chat.channel_head SET epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1';

describe.each([
  ['from the ring', undefined],
  ['from the table', nextOwner],
])('A resume from the beginning %s', (_, between) => {
  test('a resume does not show the text of a deleted message and of its edits', async () => {
    const id = await keptRoom();
    const a = await join(alice, id);
    const log = welcomeOf(a)?.log ?? '';
    await say(a, 'my password is hunter2');
    await say(a, 'hunter3', { kind: Kind.EDIT, targetSeq: 1 });
    await say(a, 'something else');
    await say(a, '', { kind: Kind.DELETE, targetSeq: 1 });
    if (between !== undefined) await trio.people.sql(between, [id]);
    expect((await fromTheBeginning(id, log, 4)).map(shown)).toEqual([
      { seq: 1, kind: Kind.UNSPECIFIED, text: '', deleted: true },
      { seq: 2, kind: Kind.EDIT, text: '', deleted: true },
      { seq: 3, kind: Kind.UNSPECIFIED, text: 'something else', deleted: false },
      { seq: 4, kind: Kind.DELETE, text: '', deleted: false },
    ]);
  });

  test('a resume shows the text of the last edit only', async () => {
    const id = await keptRoom();
    const a = await join(alice, id);
    const log = welcomeOf(a)?.log ?? '';
    await say(a, 'first words', { contentType: 'text/plain' });
    await say(a, 'second words', { kind: Kind.EDIT, targetSeq: 1 });
    await say(a, 'third words', { kind: Kind.EDIT, targetSeq: 1 });
    if (between !== undefined) await trio.people.sql(between, [id]);
    const entries = await fromTheBeginning(id, log, 3);
    expect(entries.map(shown)).toEqual([
      { seq: 1, kind: Kind.UNSPECIFIED, text: 'third words', deleted: false },
      { seq: 2, kind: Kind.EDIT, text: '', deleted: true },
      { seq: 3, kind: Kind.EDIT, text: 'third words', deleted: false },
    ]);
    expect(entries[0]?.editedAt).toBeGreaterThan(0);
    expect(entries[0]?.contentType).toBe('');
  });
});

test.each([
  ['at once', 0],
  ['after the chat server has noticed', 3_000],
])('a resume reports a gap for entries that retention has removed, %s', async (_, afterMs) => {
  const id = await keptRoom();
  const a = await join(alice, id);
  const log = welcomeOf(a)?.log ?? '';
  await say(a, 'gone in five seconds');
  await say(a, 'gone as well', { kind: Kind.EDIT, targetSeq: 1 });
  await say(a, 'stays');
  await trio.people.sql('UPDATE chat.channel_head SET first_seq = 2 WHERE channel_id = $1', [id]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const stranger = await join(bob, id, `${log}:0`);
  expect(welcomeOf(stranger)).toMatchObject({ resume: Resume.GAP, missingFrom: 1, missingTo: 3 });
  await stranger.leave();
  const back = await join(bob, id, `${log}:1`);
  expect(welcomeOf(back)?.resume).toBe(Resume.WHOLE);
  await back.find(({ seq }) => seq === 3);
  expect(back.messages.filter(({ seq }) => seq > 0).map(shown)).toEqual([
    { seq: 2, kind: Kind.EDIT, text: '', deleted: true },
    { seq: 3, kind: Kind.UNSPECIFIED, text: 'stays', deleted: false },
  ]);
  await back.leave();
});

test('stores the text of the last edit only, and still recognises a retry of a blanked edit', async () => {
  const id = await keptRoom();
  const a = await join(alice, id);
  const about = { kind: Kind.EDIT, targetSeq: 1, clientId: randomUUID() };
  await say(a, 'first words');
  await say(a, 'second words', about);
  const edits = ['third words', 'fourth words'].map((text) => say(a, text, { kind: Kind.EDIT, targetSeq: 1 }));
  expect(await Promise.all(edits)).toEqual([3, 4]);
  const rows = await trio.people.sql(
    "SELECT convert_from(data, 'UTF8') AS text FROM chat.message WHERE channel_id = $1 ORDER BY seq",
    [id],
  );
  expect(rows.map(({ text }) => text)).toEqual(['fourth words', '', '', 'fourth words']);
  await a.leave();
  await trio.people.sql(nextOwner, [id]);
  const again = await join(alice, id);
  expect(await say(again, 'second words', about)).toBe(2);
  await again.leave();
});

test.each([
  ['from the ring', undefined],
  ['from the table', nextOwner],
])('removes text, content type and mentions of a deleted message, %s', async (_, between) => {
  const id = await keptRoom();
  const host = await join(alice, id);
  const spoken = await say(host, 'words', { contentType: 'text/secret', mentions: [alice.id] });
  await say(host, 'other words', {
    kind: Kind.EDIT,
    targetSeq: spoken,
    contentType: 'text/secret',
    mentions: [alice.id],
  });
  const last = await say(host, '', { kind: Kind.DELETE, targetSeq: spoken });
  const log = welcomeOf(host)?.log ?? '';
  await host.leave();
  if (between !== undefined) await trio.people.sql(between, [id]);
  const left = await fromTheBeginning(id, log, last);
  expect(left.map(({ contentType, mentions }) => [contentType, mentions])).toEqual(Array(3).fill(['', []]));
});
