/** An emoji, and the words that find it. */
export interface Emoji {
  readonly emoji: string;
  /** Names without colons, such as `tada`. */
  readonly names: readonly string[];
  /** Further words. */
  readonly tags: readonly string[];
  readonly category: string;
}

/** Returns how well an emoji fits a text in lower case: 0 is best, and undefined is not at all. */
function rankOf({ names, tags }: Emoji, text: string): number | undefined {
  if (names.includes(text)) return 0;
  if (names.some((name) => name.startsWith(text))) return 1;
  if (tags.includes(text)) return 2;
  const words = [...names.flatMap((name) => name.split('_')), ...tags];
  if (words.some((word) => word.startsWith(text))) return 3;
  return names.some((name) => name.includes(text)) ? 4 : undefined;
}

/** Returns the emoji that a text finds, the best first. An empty text finds all, in their order. */
export function matchingEmoji(all: readonly Emoji[], text: string): readonly Emoji[] {
  const sought = text.trim().toLowerCase().replaceAll(' ', '_').replace(/^:|:$/g, '');
  if (sought === '') return all;
  const ranked = all.flatMap((emoji) => {
    const rank = rankOf(emoji, sought);
    return rank === undefined ? [] : [{ emoji, rank }];
  });
  return ranked.sort((one, other) => one.rank - other.rank).map(({ emoji }) => emoji);
}

/** Returns the emoji by category, in their order. */
export function byCategory(all: readonly Emoji[]): ReadonlyMap<string, readonly Emoji[]> {
  const groups = new Map<string, Emoji[]>();
  for (const emoji of all) {
    const group = groups.get(emoji.category);
    if (group === undefined) groups.set(emoji.category, [emoji]);
    else group.push(emoji);
  }
  return groups;
}
