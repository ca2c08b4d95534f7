import type { SharedAction } from '../state/conversation-state.js';

/** A message between the tabs of one channel. */
export type TabMessage =
  | { readonly type: 'action'; readonly action: SharedAction }
  /** A new tab asks the leading tab for its state. */
  | { readonly type: 'hello' }
  /** Tells the leading tab that the user is typing, or has stopped. */
  | { readonly type: 'typing'; readonly stopped: boolean }
  | { readonly type: 'rejoin' }
  /** Tells all tabs that the user leaves the channel. */
  | { readonly type: 'leave' };

/** Connects the tabs of one user on one channel. */
export class TabChannel {
  readonly #channel: BroadcastChannel;

  constructor(userId: string, channelId: number, onMessage: (message: TabMessage) => void) {
    this.#channel = new BroadcastChannel(`parley ${userId} ${channelId}`);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => onMessage(data);
  }

  /** Sends a message to all other tabs. */
  post(message: TabMessage): void {
    this.#channel.postMessage(message);
  }

  close(): void {
    this.#channel.close();
  }
}
