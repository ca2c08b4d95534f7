import type { EncodedMessage } from '@parley/fanout';
import fc from 'fast-check';
import { type SequencedEntry, Sequencer } from './live-channel.js';

const runs = { numRuns: 400, seed: 42 };
const users = ['ann', 'bob', 'eve'];
const turn = () => new Promise<void>(setImmediate);

/** A log in a table that several servers write, and one server that shows it to its users. */
class World {
  readonly table: SequencedEntry[] = [];
  readonly shown: number[] = [];
  /** Seqs that each user was shown. */
  readonly seenBy = new Map<string, number[]>(users.map((user) => [user, []]));
  /** Last seq that each removed user may see. */
  readonly leftSeq = new Map<string, number>();
  readonly #connected = new Set(users);
  #revision = 0;
  failures = 0;
  readonly sequencer = new Sequencer(
    this,
    {
      readAfter: async (seq) => {
        await this.#work();
        return this.table.slice(seq, seq + 3);
      },
      reload: async () => {
        const [revision, left] = [this.#revision, new Map(this.leftSeq)];
        await this.#work();
        return { revision, partAfter: this.#part(left) };
      },
      pause: turn,
      onDoubt: () => {},
    },
    0,
  );

  get revision(): number {
    return this.#revision;
  }

  get lastSeq(): number {
    return this.shown.length;
  }

  async #work(): Promise<void> {
    await turn();
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the database does not answer');
    }
  }

  /** The frame of an entry is its seq. */
  show({ bytes }: EncodedMessage): void {
    const seq = Number(bytes[0]);
    this.shown.push(seq);
    for (const user of this.#connected) this.seenBy.get(user)?.push(seq);
  }

  /** Disconnects removed users who have seen their last entry. */
  #part(left: ReadonlyMap<string, number>): number {
    let partAfter = Number.POSITIVE_INFINITY;
    for (const [user, seq] of left) {
      if (!this.#connected.has(user)) continue;
      if (seq <= this.shown.length) this.#connected.delete(user);
      else partAfter = Math.min(partAfter, seq);
    }
    return partAfter;
  }

  write(changesMembers = false): SequencedEntry {
    const seq = this.table.length + 1;
    const entry = { seq, frame: { bytes: Buffer.from([seq]), plain: true }, changesMembers };
    this.table.push(entry);
    return entry;
  }

  remove(user: string): void {
    if (this.leftSeq.has(user)) return;
    this.#revision += 1;
    this.leftSeq.set(user, this.write(true).seq);
  }
}

type Step =
  | { do: 'send'; heardAfter: number }
  | { do: 'other'; heard: boolean }
  | { do: 'remove'; user: string; heard: boolean }
  | { do: 'fail'; times: number }
  | { do: 'wait' };

/**
 * Plays the steps. Outcomes of this server's commits arrive `heardAfter` steps later, so in any
 * order.
 */
async function play(world: World, steps: readonly Step[]): Promise<void> {
  const due: { at: number; entry: SequencedEntry; revision: number }[] = [];
  const deliver = (now: number) => {
    for (const one of due.filter(({ at }) => at <= now)) world.sequencer.take(one.entry, one.revision);
    due.splice(0, due.length, ...due.filter(({ at }) => at > now));
  };
  for (const [now, step] of steps.entries()) {
    if (step.do === 'send') due.push({ at: now + step.heardAfter, entry: world.write(), revision: world.revision });
    else if (step.do === 'other') world.write();
    else if (step.do === 'remove') world.remove(step.user);
    else if (step.do === 'fail') world.failures = step.times;
    else await turn();
    if ('heard' in step && step.heard) world.sequencer.expect(world.table.length, world.revision);
    deliver(now);
  }
  deliver(Number.POSITIVE_INFINITY);
  world.sequencer.expect(world.table.length, world.revision);
  await world.sequencer.caughtUp();
}

const heard = fc.boolean();
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), heardAfter: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('other' as const), heard }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), user: fc.constantFrom(...users), heard }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), times: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
);

test('shows every entry once and in order, and shows a removed user nothing after their last entry', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      const world = new World();
      await play(world, steps);
      expect(world.shown).toEqual(world.table.map(({ seq }) => seq));
      for (const user of users) {
        const last = world.leftSeq.get(user) ?? world.table.length;
        expect(world.seenBy.get(user)).toEqual(world.shown.slice(0, last));
      }
      expect(world.sequencer.isCurrent(world.revision)).toBe(true);
    }),
    runs,
  );
});
