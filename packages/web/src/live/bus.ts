import type { SharedAction } from '../state/conversation.js';

/** What the tabs on one channel tell each other. */
export type Word =
  | { readonly type: 'action'; readonly action: SharedAction }
  /** A tab has come and knows nothing of now. */
  | { readonly type: 'hello' }
  /** To the tab that leads. */
  | { readonly type: 'typing'; readonly stopped: boolean }
  | { readonly type: 'return' }
  /** To all: the user leaves the channel. */
  | { readonly type: 'leave' };

/** The tabs of one user on one channel. */
export class Bus {
  readonly #channel: BroadcastChannel;

  constructor(userId: string, channelId: number, hear: (word: Word) => void) {
    this.#channel = new BroadcastChannel(`parley ${userId} ${channelId}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => hear(data);
  }

  tell(word: Word): void {
    this.#channel.postMessage(word);
  }

  close(): void {
    this.#channel.close();
  }
}
