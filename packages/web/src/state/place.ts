const highestId = 2_147_483_647;

export interface PagePlace {
  readonly channelId: number | undefined;
  /** The address names something that is no room. */
  readonly isNone: boolean;
}

/** What the fragment of the address names; without one, or with `#rooms`, it is the list. */
export function placeOf(hash: string): PagePlace {
  const [, digits] = /^#room-([1-9]\d{0,9})$/.exec(hash) ?? [];
  const id = Number(digits);
  const channelId = id <= highestId ? id : undefined;
  return { channelId, isNone: channelId === undefined && !['', '#', '#rooms'].includes(hash) };
}
