import type { FoundMessage, ParleyClient } from '@parley/client';

/** A page of the results of a search. */
export interface FoundPage {
  readonly messages: readonly FoundMessage[];
  /** Whether there is nothing after this page. */
  readonly isLast: boolean;
}

const foundAtOnce = 20;

/** Finds messages in the user's chats and rooms. */
export class MessageSearch {
  readonly #client: Pick<ParleyClient, 'search'>;

  constructor(client: Pick<ParleyClient, 'search'>) {
    this.#client = client;
  }

  /**
   * Searches one chat, or all of them without `channelId`. Returns a function that loads the next
   * page, the newest messages first. It rejects with a `Refusal`.
   */
  find(text: string, channelId: number | undefined, signal: AbortSignal): () => Promise<FoundPage> {
    const found = this.#client.search(text, { size: foundAtOnce, signal, ...(channelId && { channelId }) });
    return async () => {
      const messages: FoundMessage[] = [];
      while (messages.length < foundAtOnce) {
        const { value, done } = await found.next();
        if (done === true) return { messages, isLast: true };
        messages.push(value);
      }
      return { messages, isLast: false };
    };
  }
}
