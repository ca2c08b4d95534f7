import type { EncodedMessage } from '@parley/fanout';
import fc from 'fast-check';
import { Sequencer } from './live-channel.js';
import type { SequencedEntry } from './sequenced-log.js';

const runs = { numRuns: 1_500, seed: 42 };
const users = ['ann', 'bob', 'eve'];
const mostTurns = 2_000;
const turn = () => new Promise<void>(setImmediate);

interface Removal {
  /** Last seq that the user may see. */
  readonly lastSeq: number;
  readonly revision: number;
  /** Whether an entry announces the removal. */
  readonly announced: boolean;
}

/** A log in a table that several servers write, and one server that shows it to its users. */
class World {
  readonly table: SequencedEntry[] = [];
  readonly shown: number[] = [];
  readonly violations: string[] = [];
  readonly removals = new Map<string, Removal>();
  readonly connected = new Set(users);
  revision = 1;
  /** Whether each of the next calls to the database fails. */
  failures: boolean[] = [];
  /** Whether the row of the channel is gone: members can no longer be read. */
  gone = false;
  /**
   * Seqs that this server wrote itself and reported to the sequencer, each with the revision at its
   * commit.
   */
  readonly #taken = new Set<number>();
  #told = this.revision;
  /**
   * Revision that the sequencer knew when the latest load began, if it has shown nothing since
   * then.
   */
  #toldAtLoad: number | undefined;
  #loaded = this.revision;
  #isLoading = false;
  #areMembersOld = false;
  readonly sequencer = new Sequencer(
    this,
    {
      readAfter: async (seq) => {
        await this.#work();
        return this.table.slice(seq, seq + 3);
      },
      reload: async () => {
        this.#isLoading = true;
        this.#toldAtLoad = this.#told;
        this.check();
        const [revision, removals] = [this.revision, new Map(this.removals)];
        await this.#work().finally(() => {
          this.#isLoading = false;
        });
        this.#areMembersOld = false;
        if (this.gone) return { revision: 0, partAfter: Number.POSITIVE_INFINITY };
        this.#loaded = revision;
        return { revision, partAfter: this.#part(removals) };
      },
      pause: async () => {
        this.check();
        await turn();
      },
      onDoubt: () => {},
    },
    this.revision,
  );

  get lastSeq(): number {
    return this.shown.length;
  }

  async #work(): Promise<void> {
    await turn();
    if (this.failures.shift() === true) throw new Error('The database does not respond.');
  }

  /** Shows an entry. In this test, the bytes of a frame are only its seq. */
  show({ bytes }: EncodedMessage): void {
    const seq = Number(bytes[0]);
    this.shown.push(seq);
    const told = this.#toldAtLoad ?? this.#told;
    this.#toldAtLoad = undefined;
    for (const [user, { lastSeq, revision, announced }] of this.removals) {
      const isKnown = announced || this.#taken.has(seq) || revision <= told;
      if (this.connected.has(user) && seq > lastSeq && isKnown && !this.gone) {
        this.violations.push(`${user} sees ${seq} after ${lastSeq}`);
      }
    }
    this.#areMembersOld = this.table[seq - 1]?.changesMembers === true;
  }

  /** Disconnects removed users who have seen their last entry. */
  #part(removals: ReadonlyMap<string, Removal>): number {
    let partAfter = Number.POSITIVE_INFINITY;
    for (const [user, { lastSeq }] of removals) {
      if (!this.connected.has(user)) continue;
      if (lastSeq <= this.shown.length) this.connected.delete(user);
      else partAfter = Math.min(partAfter, lastSeq);
    }
    return partAfter;
  }

  /** Checks that a stream that opens now is refused if its membership may be old. */
  check(): void {
    const newest = this.gone ? this.#told : Math.max(this.#told, this.#loaded);
    const isOpen = (revision: number) => this.sequencer.isCurrent(revision);
    if (isOpen(newest - 1)) this.violations.push(`revision ${newest - 1} counts as current at ${newest}`);
    if (this.#isLoading && isOpen(this.revision)) this.violations.push('a stream opens while members are read');
    if (this.#areMembersOld && isOpen(this.revision)) this.violations.push('a stream opens with old members');
  }

  write(changesMembers = false): SequencedEntry {
    const seq = this.table.length + 1;
    const entry = { seq, frame: { bytes: Buffer.from([seq]), plain: true }, changesMembers };
    this.table.push(entry);
    return entry;
  }

  remove(user: string, announced: boolean): void {
    if (this.removals.has(user)) return;
    this.revision += 1;
    const lastSeq = announced ? this.write(true).seq : this.table.length;
    this.removals.set(user, { lastSeq, revision: this.revision, announced });
  }

  take(entry: SequencedEntry, revision: number): void {
    this.#told = Math.max(this.#told, revision);
    this.#taken.add(entry.seq);
    this.sequencer.take(entry, revision);
    this.check();
  }

  expect({ seq, revision }: Heard): void {
    const told = revision ? this.revision : 0;
    this.#told = Math.max(this.#told, told);
    this.sequencer.expect(seq ? this.table.length : 0, told);
    this.check();
  }

  /** Users who have been shown the entry of their removal and are still connected. */
  get overdue(): string[] {
    if (this.gone) return [];
    const isOver = (user: string, { announced, lastSeq }: Removal) =>
      announced && lastSeq <= this.lastSeq && this.connected.has(user);
    return [...this.removals].flatMap(([user, removal]) => (isOver(user, removal) ? [user] : []));
  }

  /** Waits until everything is shown and loaded. Returns false if that never happens. */
  async settled(): Promise<boolean> {
    let isOver = false;
    void this.sequencer.caughtUp().then(() => {
      isOver = true;
    });
    for (let turns = 0; turns < mostTurns && !isOver; turns++) await turn();
    return isOver && (this.gone || this.#loaded >= this.#told);
  }
}

/** Facts that the sequencer learns after a step: the last seq, the revision, both or neither. */
interface Heard {
  readonly seq: boolean;
  readonly revision: boolean;
}

type Step =
  | { do: 'send'; heardAfter: number }
  | { do: 'other' | 'change'; heard: Heard }
  | { do: 'remove'; user: string; announced: boolean; heard: Heard }
  | { do: 'fail'; calls: boolean[] }
  | { do: 'delete' | 'wait' };

/**
 * Plays the steps. Outcomes of this server's commits arrive `heardAfter` steps later, so they may
 * arrive in any order.
 */
async function play(world: World, steps: readonly Step[]): Promise<void> {
  const due: { at: number; entry: SequencedEntry; revision: number }[] = [];
  const deliver = (now: number) => {
    for (const one of due.filter(({ at }) => at <= now)) world.take(one.entry, one.revision);
    due.splice(0, due.length, ...due.filter(({ at }) => at > now));
  };
  for (const [now, step] of steps.entries()) {
    if (step.do === 'send') due.push({ at: now + step.heardAfter, entry: world.write(), revision: world.revision });
    else if (step.do === 'other') world.write();
    else if (step.do === 'change') world.revision += 1;
    else if (step.do === 'remove') world.remove(step.user, step.announced);
    else if (step.do === 'fail') world.failures = [...step.calls];
    else if (step.do === 'delete') world.gone = true;
    else await turn();
    if ('heard' in step) world.expect(step.heard);
    deliver(now);
  }
  deliver(Number.POSITIVE_INFINITY);
}

const heard = fc.record({ seq: fc.boolean(), revision: fc.boolean() });
const user = fc.constantFrom(...users);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('send' as const), heardAfter: fc.nat(6) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('other' as const, 'change' as const), heard }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('remove' as const), user, announced: fc.boolean(), heard }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      calls: fc.array(fc.boolean(), { minLength: 2, maxLength: 4 }),
    }),
  },
  { weight: 8, arbitrary: fc.constant({ do: 'wait' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'delete' as const }) },
);

test('shows entries once and in order, shows removed users nothing after their last entry, and opens no stream with outdated members', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      const world = new World();
      await play(world, steps);
      expect(await world.settled()).toBe(true);
      expect(world.violations).toEqual([]);
      expect(world.overdue).toEqual([]);
      world.expect({ seq: true, revision: true });
      expect(await world.settled()).toBe(true);
      expect(world.violations).toEqual([]);
      expect(world.shown).toEqual(world.table.map(({ seq }) => seq));
      expect(world.overdue).toEqual([]);
      expect(world.sequencer.isCurrent(world.revision)).toBe(true);
    }),
    runs,
  );
});
