/** A piece of what somebody said, to be shown by a kind of its own. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'link'; readonly text: string; readonly href: string }
  /** A character that cannot be seen, or that would move others; `text` names it. */
  | { readonly type: 'hidden'; readonly text: string };

/** Controls but tab and newline, lone surrogates, what turns the direction of text, and what is not drawn. */
const hidden =
  /(?![\t\n]|\u200c|\u200d|\p{Variation_Selector})[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u;

/** Joiners belong between letters and in emoji, one selector behind a character; elsewhere they only hide. */
const lone =
  /(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])(?:\u200c|\u200d)|(?:\u200c|\u200d)(?![\p{L}\p{M}\p{Extended_Pictographic}])|(?<=\p{Variation_Selector})\p{Variation_Selector}/u;

const address = /https?:\/\/[\p{L}\p{N}[][^\s<>"'`\p{C}\p{Bidi_Control}]{0,2000}/u;

const special = new RegExp(`${address.source}|${hidden.source}|${lone.source}`, 'gu');

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
  const [, written = ''] = /^https?:\/\/([^/?#\\]*?)(?::\d*)?(?:[/?#\\]|$)/.exec(text) ?? [];
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
  for (const { 0: found, index } of text.matchAll(special)) {
    plain += text.slice(at, index);
    at = index + found.length;
    met += 1;
    if (found.startsWith('http')) {
      const link = met <= mostSpecial ? linkOf(withoutEnd(found)) : undefined;
      if (link === undefined) plain += found;
      else {
        push(link);
        plain = found.slice(link.text.length);
      }
    } else if (met <= mostSpecial) push({ type: 'hidden', text: nameOf(found) });
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
