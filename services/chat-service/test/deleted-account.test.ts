import { randomUUID } from 'node:crypto';
import { AdminService, DeleteUserRequest, Kind, type Message } from '@parley/contract';
import { type Chatter, callPatiently, type TestPerson, Trio, utf8 } from '@parley/testkit';

let trio: Trio;
let root: TestPerson;
let reader: TestPerson;
let victim: TestPerson;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  [root, reader, victim] = (await trio.people.makeMany('person', 3)) as [TestPerson, TestPerson, TestPerson];
  await trio.people.sql("UPDATE chat.users SET role = 'admin' WHERE id = $1", [root.id]);
});
afterAll(() => trio.stop());

function join(person: TestPerson, id: number, resume?: string): Promise<Chatter> {
  return trio.join(person, id, resume === undefined ? {} : { resume });
}

async function say(stream: Chatter, text: string, fields: Partial<Message> = {}): Promise<number> {
  const clientId = randomUUID();
  stream.send(text, { ...fields, clientId });
  const { ack } = await stream.find((message) => message.ack?.clientId === clientId);
  return ack?.seq ?? 0;
}

const textsOf = (messages: readonly Message[]) =>
  messages.filter(({ seq }) => seq > 0).map(({ seq, kind, targetSeq, data }) => [seq, kind, targetSeq, utf8(data)]);

test('a purge hides the text from a live reader and a resumed reader, and removes it from the table', async () => {
  const { id } = await trio.create(reader, 'kept');
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  const live = await join(reader, id);
  const log = live.messages.find(({ welcome }) => welcome !== undefined)?.welcome?.log ?? '';
  const theirs = await join(victim, id);
  const first = await say(theirs, 'mine');
  await say(theirs, 'mine, better', { kind: Kind.EDIT, targetSeq: first });
  await say(live, 'yours');
  const second = await say(theirs, 'also mine');
  const request = DeleteUserRequest.fromPartial({ userId: victim.id, purge: true });
  await callPatiently(trio.manager(), AdminService.deleteUser, request, { token: root.token, withinMs: 30_000 });
  await theirs.find(({ goodbye }) => goodbye?.reason === 'logged-out');
  const deletions = (messages: readonly Message[]) => messages.filter(({ kind }) => kind === Kind.DELETE);
  await live.find(() => deletions(live.messages).length === 2);
  expect(deletions(live.messages).map(({ targetSeq, sender }) => [targetSeq, sender])).toEqual([
    [first, victim.id],
    [second, victim.id],
  ]);
  const end = live.messages.at(-1)?.seq ?? 0;
  await live.leave();
  const resumed = await join(reader, id, `${log}:0`);
  await resumed.find(({ seq }) => seq === end);
  const texts = textsOf(resumed.messages);
  expect(texts.map(([, , , text]) => text)).toEqual(['', '', 'yours', '', '', '']);
  await resumed.leave();
  const rows = await trio.people.sql(
    'SELECT FROM chat.message WHERE channel_id = $1 AND sender_id = $2 AND data <> $3',
    [id, victim.id, Buffer.alloc(0)],
  );
  expect(rows).toEqual([]);
});
