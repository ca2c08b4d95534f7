/** A regular expression flag that TypeScript accepts only for later targets. */
const unicodeSets = 'v';
const oneEmoji = new RegExp(String.raw`^\p{RGI_Emoji}$`, unicodeSets);
const emojiStyle = '\uFE0F';
const skinTone = /^\p{Emoji_Modifier}$/u;
const shownAsText = /^(?!\p{Emoji_Presentation})\p{Emoji}$/u;

/** Adds the emoji variation selector where Unicode recommends it, and removes it elsewhere. */
function qualified(text: string): string {
  const points = [...text].filter((point) => point !== emojiStyle);
  return points
    .map((point, at) => {
      const next = points[at + 1] ?? '';
      return shownAsText.test(point) && !skinTone.test(next) ? point + emojiStyle : point;
    })
    .join('');
}

/**
 * Returns the text in the form that Unicode recommends, or undefined if it is not exactly one
 * emoji.
 */
export function emojiFrom(text: string): string | undefined {
  const emoji = qualified(text);
  return oneEmoji.test(emoji) ? emoji : undefined;
}
