import { setTimeout as pause } from 'node:timers/promises';
import { type Chatter, type TestPerson, Trio } from '@parley/testkit';

const shape = { rooms: 40, each: 25, chatServers: 4, overMs: 10_000 };
const mean = (shape.rooms * shape.each) / shape.chatServers;

let trio: Trio;
const inside: Chatter[] = [];

beforeAll(async () => {
  trio = await Trio.start({ managers: 2, chatServers: shape.chatServers, env: { PARLEY_LOG_LEVEL: 'warn' } });
});

afterAll(async () => {
  for (const one of inside) one.cancel();
  await trio.stop();
});

async function arrive(person: TestPerson, room: number, manager: number, atMs: number): Promise<void> {
  await pause(atMs);
  inside.push(await trio.join(person, room, {}, manager));
}

test('places 40 rooms of 25 users over 10 s so that the busiest of 4 servers has at most 1.3 times the mean', async () => {
  const people = await trio.people.makeMany('guest', shape.rooms * shape.each);
  const rows = await trio.people.sql(
    `INSERT INTO chat.channel (name, owner_id, retention_seconds) SELECT 'room ' || n, 'guest-1', 0
     FROM generate_series(1, ${shape.rooms}) n RETURNING id`,
  );
  const arrivals = people.map((person, n) => {
    return arrive(person, Number(rows[n % shape.rooms]?.id), n % 2, Math.random() * shape.overMs);
  });
  await Promise.all(arrivals);
  const seats = await trio.people.sql(
    'SELECT instance_id, count(*)::int AS n FROM chat.seat WHERE live GROUP BY instance_id',
  );
  const counts = seats.map(({ n }) => Number(n));
  process.stdout.write(`${JSON.stringify({ seatsPerChatServer: counts })}\n`);
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(people.length);
  expect(Math.max(...counts)).toBeLessThanOrEqual(1.3 * mean);
});
