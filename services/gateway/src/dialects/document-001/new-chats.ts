/**
 * Time for which the creator of a chat gets no NewChat, because the response to the creation has
 * shown the chat.
 */
const rememberedMs = 60_000;
const maxRemembered = 10_000;

/**
 * The chats that users have just created at this door of this process. Their pages show such a chat
 * because of the response, and would show it twice if they also got a NewChat.
 */
export class NewChats {
  readonly #untilMs = new Map<string, number>();
  readonly #running = new Map<number, Set<Promise<unknown>>>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Runs the creation of a chat by a user, and remembers the chat. */
  async create<C extends { readonly id: number }>(userNumber: number, make: () => Promise<C>): Promise<C> {
    const creation = make().then((chat) => {
      this.#note(`${userNumber} ${chat.id}`);
      return chat;
    });
    const running = this.#running.get(userNumber) ?? new Set();
    this.#running.set(userNumber, running.add(creation));
    try {
      return await creation;
    } finally {
      running.delete(creation);
      if (running.size === 0) this.#running.delete(userNumber);
    }
  }

  /**
   * Returns whether this user has just created this chat here. Waits for creations in progress,
   * because the event of a chat can arrive before the creation is over.
   */
  async has(userNumber: number, channelId: number): Promise<boolean> {
    await Promise.allSettled(this.#running.get(userNumber) ?? []);
    return (this.#untilMs.get(`${userNumber} ${channelId}`) ?? 0) > this.#now();
  }

  #note(chat: string): void {
    this.#untilMs.set(chat, this.#now() + rememberedMs);
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs > this.#now() && this.#untilMs.size <= maxRemembered) return;
      this.#untilMs.delete(key);
    }
  }
}
