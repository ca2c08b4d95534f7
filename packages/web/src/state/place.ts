const highestId = 2_147_483_647;

/** The room that the address of the page names. */
export interface PagePlace {
  readonly channelId: number | undefined;
  /** Whether the address names neither a room nor the list. */
  readonly isNone: boolean;
}

/** Parses the fragment of the address. `#rooms`, or no fragment, means the list of rooms. */
export function placeOf(hash: string): PagePlace {
  const [, digits] = /^#room-([1-9]\d{0,9})$/.exec(hash) ?? [];
  const id = Number(digits);
  const channelId = id <= highestId ? id : undefined;
  return { channelId, isNone: channelId === undefined && !['', '#', '#rooms'].includes(hash) };
}
