import { type Part, repeat } from '@parley/runtime';
import type { GuestStore, PublicRoom } from '../store/guest-store.js';

const checkEveryMs = 1_000;
/** Ids are not given in the order in which rooms appear, so the last ones are looked at again. */
const idsLookedAtAgain = 100;

/** Parts that a watch uses. */
export interface RoomWatchDeps {
  readonly store: Pick<GuestStore, 'roomsAfter'>;
  readonly onCreated: (room: PublicRoom) => void;
  readonly failed: (err: unknown) => void;
}

/** Finds rooms that were created at any door. */
export class RoomWatch implements Part {
  readonly #deps: RoomWatchDeps;
  readonly #timer: Part;
  #known: ReadonlySet<number> | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor(deps: RoomWatchDeps) {
    this.#deps = deps;
    this.#timer = repeat(checkEveryMs, 0.1, () => this.#checkInTurn(), deps.failed);
  }

  /** Looks for new rooms now. */
  check(): void {
    this.#checkInTurn().catch(this.#deps.failed);
  }

  async stop(): Promise<void> {
    await this.#timer.stop();
  }

  #checkInTurn(): Promise<void> {
    this.#checking = this.#checking.catch(() => {}).then(() => this.#check());
    return this.#checking;
  }

  async #check(): Promise<void> {
    const { store, onCreated } = this.#deps;
    const known = this.#known;
    const after = Math.max(0, ...(known ?? [])) - idsLookedAtAgain;
    const rooms = await store.roomsAfter(after);
    this.#known = new Set([...rooms.map(({ id }) => id), ...[...(known ?? [])].filter((id) => id > after)]);
    if (known !== undefined) for (const room of rooms) if (!known.has(room.id)) onCreated(room);
  }
}
