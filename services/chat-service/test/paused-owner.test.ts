import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Chatter, type ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';

let trio: Trio;
let old: ServiceProcess;
let rounds = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  old = trio.chatServers[0] as ServiceProcess;
});
afterAll(() => trio.stop());
afterEach(() => {
  old.kill('SIGCONT');
  hush();
});

interface Room {
  readonly id: number;
  readonly hasHistory: boolean;
  /** Stream on the server that is paused. */
  readonly speaker: Chatter;
  readonly reader: Chatter;
  readonly heir: TestPerson;
}

async function openRoom(hasHistory: boolean): Promise<Room> {
  const name = `${hasHistory ? 'kept' : 'passing'}-${++rounds}`;
  const [speaker, reader, heir] = (await trio.people.makeMany(name, 3)) as [TestPerson, TestPerson, TestPerson];
  const { id } = await trio.create(speaker, name);
  if (hasHistory) await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  await trio.lives(old);
  await trio.place(id, old);
  expect((await trio.listen(speaker, id)).server?.addr).toBe(old.grpc);
  return { id, hasHistory, speaker: await trio.join(speaker, id), reader: await trio.join(reader, id), heir };
}

/**
 * Takes a seat at the server that took over. Retries, because the managers may not have noticed the
 * lapse yet.
 */
async function succeed({ heir, id }: Room): Promise<Chatter> {
  for (let tries = 0; ; tries++) {
    const listened = await trio.listen(heir, id).catch(() => undefined);
    if (listened !== undefined && listened.server?.addr !== old.grpc) {
      const stream = new Chatter(listened, { events: true });
      await stream.find(({ welcome }) => welcome !== undefined);
      return stream;
    }
    if (tries > 50) throw new Error('no server took over');
    await pause(1_100);
  }
}

const talks: NodeJS.Timeout[] = [];

function talk(stream: Chatter, prefix: string): void {
  let said = 0;
  const say = setInterval(() => stream.send(`${prefix} ${said++}`, { clientId: randomUUID() }), 10);
  talks.push(say);
}

function hush(): void {
  for (const one of talks.splice(0)) clearInterval(one);
}

const ackedOf = (stream: Chatter) =>
  stream.messages.filter(({ ack }) => ack !== undefined && ack.refusal === undefined).length;

async function checkRoom(room: Room, successor: Chatter, before: number): Promise<void> {
  const endings = await Promise.all([room.speaker.ended, room.reader.ended]);
  for (const { reason } of endings) expect(reason).toBe('moved');
  expect(ackedOf(room.speaker)).toBe(before);
  expect(room.reader.texts).toEqual(['before']);
  const stored = await trio.people.sql(
    "SELECT convert_from(data, 'UTF8') AS text FROM chat.message WHERE channel_id = $1 ORDER BY seq",
    [room.id],
  );
  const texts = stored.map(({ text }) => String(text));
  expect(texts.filter((text) => text.startsWith('stale'))).toEqual([]);
  expect(successor.texts.filter((text) => text.startsWith('stale'))).toEqual([]);
  await until(() => ackedOf(successor) > 10);
}

describe('an owning server that was paused past its lease', () => {
  test.each([1, 2, 3])('a paused server shows nothing after waking while its successor writes, round %i', async () => {
    const rooms = [await openRoom(true), await openRoom(false)];
    for (const { speaker, reader } of rooms) {
      speaker.send('before', { clientId: randomUUID() });
      await reader.find(({ seq }) => seq > 0);
      await speaker.find(({ ack }) => ack !== undefined);
    }
    if (trio.chatServers.length === 1) await trio.addChatServer();
    old.kill('SIGSTOP');
    const lapsed = "SELECT FROM chat.server WHERE addr = $1 AND lease_until < now() AND state = 'serving'";
    await until(async () => (await trio.people.sql(lapsed, [old.grpc])).length > 0);
    const successors = await Promise.all(rooms.map(succeed));
    for (const { speaker } of rooms) talk(speaker, 'stale');
    for (const stream of successors) talk(stream, 'new');
    await pause(500);
    old.kill('SIGCONT');
    await Promise.all(rooms.map((room, at) => checkRoom(room, successors[at] as Chatter, 1)));
    hush();
    await Promise.all(successors.map((stream) => stream.leave()));
    await trio.people.sql('DELETE FROM chat.rate');
  });
});
