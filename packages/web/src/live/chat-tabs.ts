import type { ChatsAction } from '../state/chats.js';
import type { SharedAction } from '../state/conversation-state.js';

/** A message between the tabs about the chats of the user. */
export type ChatTabMessage =
  | { readonly type: 'list'; readonly action: ChatsAction }
  | { readonly type: 'chat'; readonly id: number; readonly action: SharedAction }
  /** A new tab asks the leading tab for the list. */
  | { readonly type: 'hello' }
  /** A tab that opens a chat asks the leading tab for its state. */
  | { readonly type: 'open'; readonly id: number }
  /** Tells the leading tab that the user is typing, or has stopped. */
  | { readonly type: 'typing'; readonly id: number; readonly stopped: boolean }
  | { readonly type: 'rejoin' };

/** Connects the tabs of one user on all chats. */
export class ChatTabs {
  readonly #channel: BroadcastChannel;

  constructor(userId: string, onMessage: (message: ChatTabMessage) => void) {
    this.#channel = new BroadcastChannel(`parley chats ${userId}`);
    this.#channel.onmessage = ({ data }: MessageEvent<ChatTabMessage>) => onMessage(data);
  }

  /** Sends a message to all other tabs. */
  post(message: ChatTabMessage): void {
    this.#channel.postMessage(message);
  }

  close(): void {
    this.#channel.close();
  }
}
