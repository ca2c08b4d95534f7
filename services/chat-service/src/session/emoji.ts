/** A flag that TypeScript knows for later targets only. */
const unicodeSets = 'v';
const oneEmoji = new RegExp(String.raw`^\p{RGI_Emoji}$`, unicodeSets);
const emojiStyle = '\uFE0F';
const skinTone = /^\p{Emoji_Modifier}$/u;
const shownAsText = /^(?!\p{Emoji_Presentation})\p{Emoji}$/u;

/** With the emoji style where, and only where, Unicode wants it. */
function qualified(text: string): string {
  const points = [...text].filter((point) => point !== emojiStyle);
  return points
    .map((point, at) => {
      const next = points[at + 1] ?? '';
      return shownAsText.test(point) && !skinTone.test(next) ? point + emojiStyle : point;
    })
    .join('');
}

/** The one emoji that a text is, written as Unicode recommends; undefined where it is none, or more than one. */
export function emojiFrom(text: string): string | undefined {
  const emoji = qualified(text);
  return oneEmoji.test(emoji) ? emoji : undefined;
}
