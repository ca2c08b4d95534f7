/** A notification for the user. */
export interface SystemNotice {
  /** Replaces a notification with the same tag. */
  readonly tag: string;
  readonly title: string;
  readonly body: string;
  /** Address to open, within the page. */
  readonly href: string;
}

/** Returns the tag of the notifications of a chat. */
export const chatTag = (id: number) => `chat-${id}`;
