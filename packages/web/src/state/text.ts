/** A part of a message, to be shown according to its type. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'link'; readonly text: string; readonly href: string }
  /** A character that is invisible or reorders others. `text` is its name, such as U+202E. */
  | { readonly type: 'hidden'; readonly text: string }
  /** Marks that are not shown because too many are on one letter. */
  | { readonly type: 'marks'; readonly text: string };

/**
 * Matches control characters except tab and newline, lone surrogates, direction marks and invisible
 * characters.
 */
const hidden = /(?![\t\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u.source;

/** Pattern of letters and marks of scripts in which a joiner changes the shape of its neighbour. */
const joining = String.raw`(?!\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul})[\p{L}\p{M}]`;
const joiner = String.raw`(?<![\u200c\u200d])[\u200c\u200d]`;
/**
 * Pattern of letters of scripts without spaces between words, in which a zero-width space marks a
 * possible line break.
 */
const unspaced = String.raw`[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Javanese}\p{Script=Balinese}]`;
const breaking = String.raw`(?<!\u200b)\u200b`;

/**
 * Patterns of invisible characters that belong to a letter or an emoji. Anywhere else they could
 * only deceive.
 */
const needed = [
  String.raw`\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}`, // the flag of a region
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`,
  `(?<=${joining})${joiner}`,
  `${joiner}(?=${joining})`,
  `(?<=${unspaced})${breaking}`,
  `${breaking}(?=${unspaced})`,
  String.raw`(?<!\p{Variation_Selector})\p{Variation_Selector}`,
  String.raw`(?<=\p{Script=Mongolian})\u180e`,
  String.raw`(?<=\p{M})\u034f(?=\p{M})`,
  String.raw`\u115f(?=[\u1161-\u11a7])|(?<=[\u1100-\u115e])\u1160`, // half a syllable of Hangul
].join('|');

/** Pattern of the start of an address: its scheme, or `www.` where a word begins. */
const addressStart = /[Hh][Tt][Tt][Pp][Ss]?:\/\/|(?<![\p{L}\p{N}_@./:-])[Ww][Ww][Ww]\./u.source;
const address = String.raw`(?:${addressStart})[\p{L}\p{N}[][^\s<>"'\x60\p{C}\p{Bidi_Control}]{0,2000}`;
/** Matches an address without a scheme, such as `www.example.org/a`. */
const bareAddress = /^www\.[a-z0-9-]+\.[a-z0-9.-]+(?:[:/?#]|$)/i;

/**
 * Maximum number of marks on one letter. The scripts with the highest stacks, such as Tibetan, need
 * fewer.
 */
const mostMarks = 16;
const marks = String.raw`(?<=\p{M}{${mostMarks}})\p{M}+`;

const special = new RegExp(`(?<address>${address})|(?<marks>${marks})|(?<needed>${needed})|(?<hidden>${hidden})`, 'gu');

/**
 * Maximum number of links and hidden characters per message. Further links stay plain text, and
 * further hidden characters are dropped.
 */
const mostSpecial = 200;

/** Removes punctuation at the end that belongs to the sentence, not to the address. */
function withoutEnd(text: string): string {
  let end = text.length;
  let open = text.split('(').length - text.split(')').length;
  for (; end > 0; end--) {
    const last = text[end - 1] ?? '';
    if (last === ')' && open < 0) open += 1;
    else if (!'.,;:!?…*_~'.includes(last)) break;
  }
  return text.slice(0, end);
}

/**
 * Returns a link if a click would open the host that the user reads, or else undefined. Some
 * characters look like slashes, dots or other letters, so hosts with non-ASCII letters are never
 * linked.
 */
export function linkOf(text: string): Piece | undefined {
  const whole = bareAddress.test(text) ? `https://${text}` : text;
  if (!URL.canParse(whole)) return undefined;
  const { protocol, username, hostname, href } = new URL(whole);
  const [, written = ''] = /^https?:\/\/([^/?#\\]*?)(?::\d*)?(?:[/?#\\]|$)/i.exec(whole) ?? [];
  const isAsRead = username === '' && written.toLowerCase() === hostname;
  return /^https?:$/.test(protocol) && isAsRead ? { type: 'link', text, href } : undefined;
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * Splits a text into pieces that are safe to show. Hidden characters become their names, and
 * addresses that begin with http, https or www become links.
 * @param links whether addresses become links
 */
export function piecesOf(text: string, links = true): readonly Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  let at = 0;
  let met = 0;
  const push = (piece: Piece) => {
    if (plain !== '') pieces.push({ type: 'text', text: plain });
    plain = '';
    pieces.push(piece);
  };
  for (const { 0: found, index, groups } of text.matchAll(special)) {
    if (groups?.needed !== undefined) continue;
    plain += text.slice(at, index);
    at = index + found.length;
    met += 1;
    const link = links && groups?.address !== undefined && met <= mostSpecial ? linkOf(withoutEnd(found)) : undefined;
    if (link !== undefined) {
      push(link);
      plain = found.slice(link.text.length);
    } else if (groups?.address !== undefined) plain += found;
    else if (groups?.marks !== undefined) push({ type: 'marks', text: found });
    else if (met <= mostSpecial) push({ type: 'hidden', text: nameOf(found) });
  }
  plain += text.slice(at);
  if (plain !== '') pieces.push({ type: 'text', text: plain });
  return pieces;
}

/** Returns a text on one line without hidden characters, for names, titles and announcements. */
export function plainLine(text: string): string {
  return piecesOf(text)
    .map((piece) => (piece.type === 'hidden' || piece.type === 'marks' ? '' : piece.text))
    .join('')
    .replace(/\s+/g, ' ');
}

/** Returns the start of a text, with an ellipsis if something is left out. */
export function excerpt(text: string, most: number): string {
  return text.length <= most ? text : `${shortenedTo(text, most)}…`;
}

/**
 * Maximum number of characters of a message that are shown at first, and of lines that they may
 * take.
 */
const shownCharacters = 2_400;
const shownLines = 24;
/** Maximum number of characters shown at first if most of them are marks, which no language needs. */
const shownIfMarks = 600;

/** Returns the first characters of a text, and no half of an emoji. */
export function shortenedTo(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}

/** Returns the part of a text that is shown at first: all of it, unless the text is very long. */
export function startOf(text: string): string {
  const lines = text.split('\n', shownLines + 1);
  const start = shortenedTo(lines.length > shownLines ? lines.slice(0, shownLines).join('\n') : text, shownCharacters);
  const letters = start.replace(/\p{M}+/gu, '').length;
  const shownMarks = start.replace(new RegExp(marks, 'gu'), '').length - letters;
  return shownMarks > Math.max(shownIfMarks, 2 * letters) ? shortenedTo(start, shownIfMarks) : start;
}

/** Number of characters that a browser lays out together. Its time grows with their square. */
const sliceLength = 1_000;
/** Number of characters before the end of a slice in which a better place to end is sought. */
const sliceSlack = 100;

/** Returns where the word or the letter at a place begins, whichever is near, or else the place itself. */
function splitAt(text: string, at: number): number {
  for (const granularity of ['word', 'grapheme'] as const) {
    const { index } = new Intl.Segmenter(undefined, { granularity }).segment(text).containing(at) ?? { index: at };
    if (index > at - sliceSlack) return index;
  }
  return at;
}

/** Splits a long text into slices, between words if possible. */
export function slicesOf(text: string): readonly string[] {
  const slices: string[] = [];
  let from = 0;
  while (text.length - from > sliceLength) {
    const near = text.slice(from, from + sliceLength + sliceSlack);
    const to = from + splitAt(near, sliceLength);
    slices.push(text.slice(from, to));
    from = to;
  }
  return [...slices, text.slice(from)];
}
