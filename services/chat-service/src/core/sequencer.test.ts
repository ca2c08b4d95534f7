import type { EncodedMessage } from '@parley/fanout';
import { Sequencer } from './live-channel.js';
import type { SequencedEntry } from './sequenced-log.js';

const pause = () => new Promise<void>(setImmediate);

/** A log in a table, and the last seq that each connected user may see. */
class World {
  readonly table: SequencedEntry[] = [];
  readonly shown: number[] = [];
  readonly parted: Record<string, number> = {};
  readonly leftSeq: Record<string, number> = {};
  revision = 0;
  reloads = 0;
  broken = 0;
  brokenReloads = 0;
  readonly sequencer = new Sequencer(
    this,
    {
      readAfter: async (seq) => {
        await pause();
        if (this.broken-- > 0) throw new Error('The database does not respond.');
        return this.table.slice(seq, seq + 3);
      },
      reload: async () => {
        this.reloads += 1;
        await pause();
        if (this.brokenReloads-- > 0) throw new Error('The database does not respond.');
        return { revision: this.revision, partAfter: this.#part() };
      },
      pause: () => pause(),
      onDoubt: () => {},
    },
    0,
  );

  get lastSeq(): number {
    return this.shown.length;
  }

  /** Shows an entry. In this test, the bytes of a frame are only its seq. */
  show({ bytes }: EncodedMessage): void {
    this.shown.push(Number(bytes[0]));
  }

  #part(): number {
    const open = Object.entries(this.leftSeq).filter(([user]) => this.parted[user] === undefined);
    for (const [user, seq] of open) if (seq <= this.shown.length) this.parted[user] = this.shown.length;
    return Math.min(...open.map(([, seq]) => seq).filter((seq) => seq > this.shown.length), Number.POSITIVE_INFINITY);
  }

  /** Commits an entry. */
  write(changesMembers = false): SequencedEntry {
    const seq = this.table.length + 1;
    const entry = { seq, frame: { bytes: Buffer.from([seq]), plain: true }, changesMembers };
    this.table.push(entry);
    return entry;
  }

  /**
   * Removes a user with an entry, as a manager does. That entry is the last one that the user may
   * see.
   */
  remove(user: string): void {
    this.revision += 1;
    this.leftSeq[user] = this.write(true).seq;
  }

  async settle(): Promise<void> {
    for (let turns = 0; turns < 40; turns++) await pause();
  }
}

describe('Sequencer', () => {
  test('reports whether a revision is as new as the shown entries', async () => {
    const world = new World();
    expect(world.sequencer.isCurrent(0)).toBe(true);
    world.remove('bob');
    world.sequencer.expect(1, 1);
    expect(world.sequencer.isCurrent(0)).toBe(false);
    while (world.reloads === 0) await pause(); // Waits until the members are being loaded.
    expect([0, 1].map((revision) => world.sequencer.isCurrent(revision))).toEqual([false, false]);
    await world.settle();
    expect([0, 1].map((revision) => world.sequencer.isCurrent(revision))).toEqual([false, true]);
  });

  test('shows the next entry at once', () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.sequencer.take(world.write(), 0);
    expect(world.shown).toEqual([1, 2, 3]);
    expect(world.reloads).toBe(0);
  });

  test('reads entries of other processes before it shows later ones', async () => {
    const world = new World();
    world.sequencer.take(world.write(), 0);
    for (let n = 0; n < 7; n++) world.write();
    const mine = [world.write(), world.write()];
    for (const entry of mine) world.sequencer.take(entry, 0);
    expect(world.shown).toEqual([1]);
    await world.settle();
    expect(world.shown).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    world.sequencer.take(world.write(), 0);
    expect(world.shown.at(-1)).toBe(11);
  });

  test('loads the members before it shows the entries it has read, so that a user removed between them sees no later one', async () => {
    const world = new World();
    world.write();
    const mine = world.write();
    world.revision = 1;
    world.leftSeq.bob = 1;
    world.sequencer.take(mine, 1);
    await world.settle();
    expect(world.shown).toEqual([1, 2]);
    expect(world.parted.bob).toBe(1);
  });

  test('shows no entry twice', async () => {
    const world = new World();
    const first = world.write();
    world.sequencer.expect(1, 0);
    await world.settle();
    world.sequencer.take(first, 0);
    expect(world.shown).toEqual([1]);
  });

  test('continues after the database was unavailable', async () => {
    const world = new World();
    world.broken = 3;
    world.write();
    world.sequencer.expect(1, 0);
    await world.settle();
    expect(world.shown).toEqual([1]);
  });

  test('shows nothing after a removal until the members are loaded, though loading fails at first', async () => {
    const world = new World();
    world.brokenReloads = 2;
    world.remove('bob');
    world.write();
    world.sequencer.expect(2, 0);
    await world.settle();
    expect(world.shown).toEqual([1, 2]);
    expect(world.parted.bob).toBe(1);
  });

  test('loads a new revision before it shows later entries', async () => {
    const world = new World();
    world.sequencer.take(world.write(), 0);
    world.revision = 1;
    world.leftSeq.bob = 1;
    world.sequencer.take(world.write(), 1);
    expect(world.shown).toEqual([1]);
    await world.settle();
    expect(world.parted.bob).toBe(1);
    expect(world.shown).toEqual([1, 2]);
    expect(world.reloads).toBe(1);
  });

  test('a user who is removed by entry n sees n and nothing after it, however many changes come at once', async () => {
    const world = new World();
    world.write();
    world.remove('bob');
    world.write();
    world.remove('carol');
    const mine = [world.write(), world.write()];
    for (const entry of mine) world.sequencer.take(entry, world.revision);
    await world.settle();
    expect(world.shown).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.parted).toEqual({ bob: 2, carol: 4 });
  });

  test('ends a stream at its last seq even if no entry announces it', async () => {
    const world = new World();
    world.write();
    world.remove('bob');
    world.write();
    world.revision += 1;
    world.leftSeq.carol = 3;
    world.sequencer.take(world.write(), world.revision);
    await world.settle();
    expect(world.shown).toEqual([1, 2, 3, 4]);
    expect(world.parted).toEqual({ bob: 2, carol: 3 });
  });

  test('loads members and settings that changed without an entry', async () => {
    const world = new World();
    world.sequencer.take(world.write(), 0);
    world.revision = 4;
    world.leftSeq.bob = 1;
    world.sequencer.expect(1, 4);
    await world.settle();
    expect(world.parted.bob).toBe(1);
    world.sequencer.take(world.write(), 4);
    expect(world.shown).toEqual([1, 2]);
    expect(world.reloads).toBe(1);
  });
});
