import type { Ack } from '@parley/contract';

/** A post that waits for its turn. */
export interface WaitingPost {
  /** Delivers the message to the owning server. Never throws. */
  readonly deliver: () => Promise<Partial<Ack>>;
  readonly settle: (ack: Partial<Ack>) => void;
}

/**
 * Sends the posts of one user in one channel one after the other. Each is sent when the previous
 * one has its ack, so that a repeated post never arrives after a later one.
 */
export class PostLane {
  readonly #posts: WaitingPost[] = [];
  readonly #onEmpty: () => void;
  #isRunning = false;

  /** Calls `onEmpty` when every post has its ack. */
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
