/** A piece of what somebody said, to be shown by a kind of its own. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'link'; readonly text: string; readonly href: string }
  /** A character that cannot be seen, or that would move others; `text` names it. */
  | { readonly type: 'hidden'; readonly text: string };

/** C0 but tab and newline, DEL, C1, lone surrogates, what turns the direction of text, and what has no width. */
const hidden =
  /(?![\t\n])[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Zl}\p{Zp}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;

/** Joiners belong to scripts and emoji; elsewhere they only hide. */
const loneJoiner = /(?<![\p{L}\p{M}\p{Extended_Pictographic}\ufe0f\u{1f3fb}-\u{1f3ff}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{M}\p{Extended_Pictographic}])/u;

const address = /https?:\/\/[\p{L}\p{N}[][^\s<>"'`\p{C}\p{Bidi_Control}]*/u;

const special = new RegExp(`${address.source}|${hidden.source}|${loneJoiner.source}`, 'gu');

const mostHidden = 200;

/** A full stop, a bracket that was opened before it, or the like, ends the sentence and not the address. */
function withoutEnd(text: string): string {
  let end = text.replace(/[.,;:!?…*_~]+$/u, '');
  while (end.endsWith(')') && !end.includes('(')) end = end.slice(0, -1).replace(/[.,;:!?]+$/u, '');
  return end;
}

function linkOf(text: string): Piece | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, href } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' ? { type: 'link', text, href } : undefined;
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What was said, as pieces that are safe to show: nothing hidden, nothing turned around, http and https as links. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  let at = 0;
  let count = 0;
  const push = (piece: Piece) => {
    if (plain !== '') pieces.push({ type: 'text', text: plain });
    plain = '';
    pieces.push(piece);
  };
  for (const { 0: found, index } of text.matchAll(special)) {
    plain += text.slice(at, index);
    at = index + found.length;
    if (found.startsWith('http')) {
      const link = linkOf(withoutEnd(found));
      if (link === undefined) plain += found;
      else {
        push(link);
        plain = found.slice(link.text.length);
      }
    } else if (count++ < mostHidden) push({ type: 'hidden', text: nameOf(found) });
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
