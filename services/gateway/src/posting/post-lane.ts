import type { Ack } from '@parley/contract';

/** A post that waits for its turn. */
export interface WaitingPost {
  /** Brings the message to the owning server. Never throws. */
  readonly deliver: () => Promise<Partial<Ack>>;
  readonly settle: (ack: Partial<Ack>) => void;
}

/**
 * The posts of one user in one channel. Each is sent when the one before has its answer, so that a
 * repeated post never comes after a later one.
 */
export class PostLane {
  readonly #posts: WaitingPost[] = [];
  readonly #onEmpty: () => void;
  #isRunning = false;

  /** `onEmpty` is called when every post has its answer. */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  add(post: WaitingPost): void {
    this.#posts.push(post);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let post = this.#posts.shift(); post !== undefined; post = this.#posts.shift()) {
      post.settle(await post.deliver());
    }
    this.#isRunning = false;
    this.#onEmpty();
  }
}
