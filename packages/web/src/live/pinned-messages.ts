import type { MessageEvent, ParleyClient } from '@parley/client';

/** A page of the pinned messages of a channel, the newest message first. */
export interface PinnedPage {
  readonly messages: readonly MessageEvent[];
  /** Seq before which the next page ends; undefined on the last page. */
  readonly next: number | undefined;
}

const pageSize = 20;

/** Lists the pinned messages of a channel. */
export class PinnedMessages {
  readonly #client: Pick<ParleyClient, 'history'>;

  constructor(client: Pick<ParleyClient, 'history'>) {
    this.#client = client;
  }

  /** Returns a page of the pinned messages: the last ones, or those before a seq. @throws {Refusal} */
  async page(channelId: number, before: number | undefined, signal: AbortSignal): Promise<PinnedPage> {
    const range = { size: pageSize, pinned: true, signal, ...(before !== undefined && { before }) };
    const { entries, more } = await this.#client.history(channelId, range);
    const messages = entries.filter((entry) => entry.type === 'message');
    return { messages, next: more ? messages.at(-1)?.seq : undefined };
  }
}
