import type { ReaderEvent, RecordedHistory, RecordedReader } from '@parley/testkit';
import { drills } from '../src/catalog.js';
import { type Disturbance, lacksNothing, localSystemOf } from '../src/disturbance.js';
import { runDrill } from '../src/drill.js';
import { killProcess } from '../src/kill.js';
import { LocalSystem } from '../src/local-system.js';
import { OwnParley } from '../src/own-parley.js';
import { restoredFrom } from '../src/restore.js';
import { compare } from '../src/restore-verdict.js';
import { kindsAfter, unbounded } from './judging.js';

const shape = { channels: 4, people: 5, rate: 60, seconds: 5, report: () => {} };
let drilled: OwnParley;

beforeAll(async () => {
  drilled = await OwnParley.start(['--gateways', '2', '--chat-servers', '3', '--managers', '2']);
});
afterAll(() => drilled.stop());

/** Returns a history in which the first reader that satisfies `may` received something else. */
function changed(
  history: RecordedHistory,
  may: (reader: RecordedReader) => boolean,
  change: (received: readonly ReaderEvent[], reader: RecordedReader) => (ReaderEvent | undefined)[],
): RecordedHistory {
  const reader = history.readers.find(may) as RecordedReader;
  const received = change(reader.received, reader).filter((one) => one !== undefined);
  return { ...history, readers: history.readers.map((one) => (one === reader ? { ...reader, received } : one)) };
}

const anyone = () => true;

test('inboxes lose, repeat and reorder no entry when chat servers and gateways die, and the checker notices planted faults', async () => {
  const system = await LocalSystem.open(drilled.data);
  const entry = unbounded(drills.inboxes);
  const { wrong, histories, recoveries, counts } = await runDrill(system, entry, { ...shape, rounds: 4 });
  expect(wrong).toEqual([]);
  expect(recoveries.map(({ times }) => times)).toEqual([1, 1, 1, 1]);
  expect(counts['streams that ended']).toBeGreaterThan(0);
  expect(counts['removals from a chat']).toBeGreaterThan(3);
  for (const { acked, readers } of histories) {
    expect(acked.length).toBeGreaterThan(100);
    expect(readers).toHaveLength(20);
    expect(readers.every(({ away = [], received }) => away.length > 0 || received.length >= acked.length)).toBe(true);
  }
  const dropped = kindsAfter(histories, (one) => changed(one, anyone, (received) => received.toSpliced(9, 1)));
  expect(dropped).toEqual(['silent gap']);
  const twice = kindsAfter(histories, (one) => changed(one, anyone, ([first, ...rest]) => [first, first, ...rest]));
  expect(twice).toEqual(['received twice']);
  const later = kindsAfter(histories, (one) => changed(one, anyone, ([a, b, ...rest]) => [b, a, ...rest]));
  expect(later).toEqual(['silent gap', 'out of order']);
  const removed = kindsAfter(histories, (one) => changed(one, ({ away = [] }) => away.length > 0, withForbidden));
  expect(removed).toContain('received while away');

  /** Inserts an entry that the reader must not have, at its place in the order. */
  function withForbidden(received: readonly ReaderEvent[], { away = [] }: RecordedReader): ReaderEvent[] {
    const [first] = histories as [RecordedHistory];
    const forbidden = first.stored.find(({ seq }) => away.some(({ from, to }) => seq >= from && seq <= to));
    const at = received.findIndex((one) => one.is === 'entry' && one.seq > (forbidden?.seq ?? 0));
    return received.toSpliced(at, 0, { is: 'entry', seq: forbidden?.seq ?? 0, name: forbidden?.name ?? '' });
  }
});

test('the drill notices an inbox that is disconnected without a fault that excuses it', async () => {
  const planted: Disturbance = {
    name: 'planted',
    backWithinMs: Number.POSITIVE_INFINITY,
    lacks: lacksNothing,
    make: async (context) => {
      const [victim] = await localSystemOf(context).processes('gateway');
      if (victim === undefined) throw new Error('There is no gateway.');
      return killProcess(context, victim);
    },
  };
  const entry = { ...drills.inboxes, disturbances: [planted] };
  const { wrong } = await runDrill(await LocalSystem.open(drilled.data), entry, shape);
  expect(wrong).not.toEqual([]);
  for (const one of wrong) expect(one).toMatch(/^disconnected by a gateway that lived: drill-\S+ by gateway \(/);
});

/** In one chat deletes a message, and lets new messages take the numbers that clients already know. */
async function tamper(restored: LocalSystem): Promise<void> {
  const original = await LocalSystem.open(drilled.data);
  const [chat] = await original.sql(
    "SELECT id, log_id FROM chat.channel JOIN chat.channel_head h ON h.channel_id = id WHERE name = 'drill' LIMIT 1",
  );
  await original.close();
  const oldest = "SELECT min(seq) FROM chat.message WHERE channel_id = $1 AND kind = 0 AND sender_id NOT LIKE '%-_'";
  await restored.sql(`DELETE FROM chat.message WHERE channel_id = $1 AND seq = (${oldest})`, [chat?.id]);
  const overtake = 'UPDATE chat.channel_head SET log_id = $2, last_seq = last_seq + 100000 WHERE channel_id = $1';
  await restored.sql(overtake, [chat?.id, chat?.log_id]);
}

test('a backup under load has what was acknowledged before it and nothing later, clients reset and carry on, and the drill notices planted faults', async () => {
  const entry = { ...drills.restore, disturbances: [restoredFrom(tamper)] };
  const { wrong, counts } = await runDrill(await LocalSystem.open(drilled.data), entry, shape);
  expect(wrong).toEqual([
    expect.stringMatching(/: 1 message that was acknowledged before the backup is missing: seq \d+ of chat \d+$/),
    expect.stringMatching(/: resumed into other messages: native stream in chat \d+$/),
  ]);
  expect(counts).toMatchObject({ 'backups that were restored': 1, 'silent resumes': 1 });
  expect(counts['acknowledged before a backup']).toBeGreaterThan(20);
  expect(counts['sent after a backup']).toBeGreaterThan(20);
});

test('a message that was acknowledged before a stored one was sent must be stored, whatever the clocks say', () => {
  const sent = (seq: number, sentAtMs: number) => {
    return { channelId: 1, seq, name: `m${seq}`, sentAtMs, ackedAtMs: sentAtMs + 10 };
  };
  const [first, second, third] = [sent(1, 1_000), sent(2, 2_000), sent(3, 3_000)];
  const all = [first, second, third];
  expect(compare(all, [first], 1_500)).toEqual({ before: 1, missing: [], after: 2, present: [] });
  expect(compare(all, [first, third], 2_900)).toMatchObject({ before: 2, missing: [second], present: [] });
  expect(compare(all, [first, third], 1_500)).toMatchObject({ before: 2, missing: [second], present: [third] });
});
