/** A piece of what somebody said, to be shown by a kind of its own. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'link'; readonly text: string; readonly href: string }
  /** A character that cannot be seen, or that would move others; `text` names it. */
  | { readonly type: 'hidden'; readonly text: string };

/** Controls but tab and newline, lone surrogates, what turns the direction of text, and what is not drawn. */
const hidden = /(?![\t\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u.source;

/** Letters and marks of scripts in which a joiner changes the shape of what it stands beside. */
const joining = String.raw`(?!\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul})[\p{L}\p{M}]`;
const joiner = String.raw`(?<![\u200c\u200d])[\u200c\u200d]`;
/** Scripts that put no space between words, but may say where a line can be broken. */
const unspaced = String.raw`[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Javanese}\p{Script=Balinese}]`;
const breaking = String.raw`(?<!\u200b)\u200b`;

/** What is not drawn by itself, where it belongs to a letter or an emoji; anywhere else it only hides. */
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

const address = /[Hh][Tt][Tt][Pp][Ss]?:\/\/[\p{L}\p{N}[][^\s<>"'`\p{C}\p{Bidi_Control}]{0,2000}/u.source;

const special = new RegExp(`(?<address>${address})|(?<needed>${needed})|(?<hidden>${hidden})`, 'gu');

/** Of a message; what comes behind is left out where it is hidden, and plain where it is a link. */
const mostSpecial = 200;

/** A full stop, a bracket that was opened before it, or the like, ends the sentence and not the address. */
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
 * Only where the host that one reads is the host that one reaches: what looks like a slash or a dot is none, and a
 * letter may look like another. Honest hosts with letters beyond ASCII lose their links; that is the price.
 */
function linkOf(text: string): Piece | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, hostname, href } = new URL(text);
  const [, written = ''] = /^https?:\/\/([^/?#\\]*?)(?::\d*)?(?:[/?#\\]|$)/i.exec(text) ?? [];
  const isAsRead = username === '' && written.toLowerCase() === hostname;
  return /^https?:$/.test(protocol) && isAsRead ? { type: 'link', text, href } : undefined;
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What was said, as pieces that are safe to show: nothing hidden, nothing turned around, http and https as links. */
export function piecesOf(text: string): readonly Piece[] {
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
    const link = groups?.address !== undefined && met <= mostSpecial ? linkOf(withoutEnd(found)) : undefined;
    if (link !== undefined) {
      push(link);
      plain = found.slice(link.text.length);
    } else if (groups?.address !== undefined) plain += found;
    else if (met <= mostSpecial) push({ type: 'hidden', text: nameOf(found) });
  }
  plain += text.slice(at);
  if (plain !== '') pieces.push({ type: 'text', text: plain });
  return pieces;
}

/** On one line, without what is hidden: for names, titles and announcements. */
export function plainLine(text: string): string {
  return piecesOf(text)
    .map((piece) => (piece.type === 'hidden' ? '' : piece.text))
    .join('')
    .replace(/\s+/g, ' ');
}
