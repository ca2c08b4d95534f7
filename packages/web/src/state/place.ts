const highestId = 2_147_483_647;

/** The room or chat that the address of the page names. */
export interface PagePlace {
  readonly kind: 'room' | 'chat' | undefined;
  readonly channelId: number | undefined;
  /** Message of the chat to show, if the address names one. */
  readonly seq: number | undefined;
  /** Id of the invite link to show, if the address names one. */
  readonly inviteId: string | undefined;
  /** Whether the address names neither a room or chat nor the list. */
  readonly isNone: boolean;
}

/**
 * Parses the fragment of the address, such as `#room-7`, `#chat-7`, `#chat-7/120` or `#invite-ID`.
 * `#rooms`, or no fragment, means the list.
 */
export function placeOf(hash: string): PagePlace {
  const [, kind, digits, seq] = /^#(room|chat)-([1-9]\d{0,9})(?:\/([1-9]\d{0,15}))?$/.exec(hash) ?? [];
  const id = Number(digits);
  const channelId = id <= highestId ? id : undefined;
  const inviteId = inviteOf(hash);
  const isNone = channelId === undefined && inviteId === undefined && !['', '#', '#rooms'].includes(hash);
  if (channelId === undefined) return { kind: undefined, channelId, seq: undefined, inviteId, isNone };
  const target = seq === undefined ? undefined : Number(seq);
  return { kind: kind as 'room' | 'chat', channelId, seq: target, inviteId, isNone };
}

/** Returns the link to a room in this page, or to a message of it. */
export function roomHref(id: number, seq?: number): string {
  return seq === undefined ? `#room-${id}` : `#room-${id}/${seq}`;
}

/** Returns the link to a chat in this page, or to a message of it. */
export function chatHref(id: number, seq?: number): string {
  return seq === undefined ? `#chat-${id}` : `#chat-${id}/${seq}`;
}

/** Returns the link to an invitation in this page. */
export function invitePlace(id: string): string {
  return `#invite-${encodeURIComponent(id)}`;
}

/** Returns the id of the invitation that an address names, if it names one. */
export function inviteOf(hash: string): string | undefined {
  return /^#invite-([\w-]{1,128})$/.exec(hash)?.[1];
}
